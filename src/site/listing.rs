//! All streams at one instant, in the two orders in which they are asked for: made when somebody asks,
//! shared by all who ask soon after.

use super::row::Row;
use crate::engine::Engine;
use crate::poison::unpoisoned;
use std::cmp::Reverse;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant, SystemTime};

/// One is good for so long.
const FRESH: Duration = Duration::from_millis(500);
/// Or for so many times what it took to make: making them takes a tenth of one thread at most.
const SHARE: u32 = 10;

#[derive(Debug)]
pub(super) struct Listing {
    made: Instant,
    good_for: Duration,
    /// Those in most trouble first; of these, those whose state changed last.
    rows: Vec<Row>,
    /// The places of the rows in the order of their ids.
    by_id: Vec<u32>,
}

impl Listing {
    fn of(engine: &Engine) -> Listing {
        let (made, now) = (Instant::now(), SystemTime::now());
        let statuses = engine.statuses(None, usize::MAX);
        let mut rows: Vec<Row> = statuses.map(|status| Row::of(&status, now)).collect();
        rows.sort_by(|a, b| {
            let order = |row: &Row| (Reverse(row.trouble), Reverse(row.state_since));
            order(a).cmp(&order(b)).then_with(|| a.stream.cmp(&b.stream))
        });
        let mut by_id: Vec<u32> = (0..rows.len() as u32).collect();
        by_id.sort_by(|a, b| rows[*a as usize].stream.cmp(&rows[*b as usize].stream));
        let good_for = FRESH.max(made.elapsed() * SHARE);
        Listing { made, good_for, rows, by_id }
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

/// The newest listing.
#[derive(Debug, Default)]
pub(super) struct Listings {
    newest: Mutex<Option<Arc<Listing>>>,
}

impl Listings {
    /// One that is good, made now if there is none.
    pub(super) fn get(&self, engine: &Engine) -> Arc<Listing> {
        let mut newest = unpoisoned(self.newest.lock());
        if let Some(listing) = &*newest {
            if listing.made.elapsed() < listing.good_for {
                return listing.clone();
            }
        }
        let listing = Arc::new(Listing::of(engine));
        *newest = Some(listing.clone());
        listing
    }

    /// Something was changed that whoever changed it wants to see; or nobody looks any more.
    pub(super) fn clear(&self) {
        *unpoisoned(self.newest.lock()) = None;
    }
}
