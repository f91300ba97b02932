//! All streams at one instant, in the two orders in which they are asked for.

use super::row::Row;
use crate::engine::Engine;
use std::cmp::Reverse;
use std::time::SystemTime;

#[derive(Debug)]
pub(super) struct Listing {
    /// Those in most trouble first; of these, those whose state changed last.
    rows: Vec<Row>,
    /// The places of the rows in the order of their ids.
    by_id: Vec<u32>,
}

impl Listing {
    pub(super) fn of(engine: &Engine) -> Listing {
        let now = SystemTime::now();
        let statuses = engine.statuses(None, usize::MAX);
        let mut rows: Vec<Row> = statuses.map(|status| Row::of(&status, now)).collect();
        rows.sort_by(|a, b| {
            let order = |row: &Row| (Reverse(row.trouble), Reverse(row.state_since));
            order(a).cmp(&order(b)).then_with(|| a.stream.cmp(&b.stream))
        });
        let mut by_id: Vec<u32> = (0..rows.len() as u32).collect();
        by_id.sort_by(|a, b| rows[*a as usize].stream.cmp(&rows[*b as usize].stream));
        Listing { rows, by_id }
    }

    pub(super) fn len(&self) -> usize {
        self.rows.len()
    }

    pub(super) fn by_trouble(&self) -> impl Iterator<Item = &Row> {
        self.rows.iter()
    }

    pub(super) fn by_id(&self) -> impl Iterator<Item = &Row> {
        self.by_id.iter().map(|place| &self.rows[*place as usize])
    }
}
