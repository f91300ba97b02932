//! `/api/streams`: the list, in pages.

use super::listing::Listing;
use super::refusal::Refusal;
use super::row::Row;
use crate::print::json::{rfc3339, to_json};
use serde::Serialize;
use std::time::SystemTime;

/// Streams in a page of the list, unless the request says.
const LIMIT: usize = 100;
/// At most.
const LIMIT_MAX: usize = 1000;

/// What is asked for.
#[derive(Debug)]
pub(super) struct Query {
    by_id: bool,
    /// In small letters.
    search: String,
    offset: usize,
    limit: usize,
}

impl Query {
    pub(super) fn parse(query: &str) -> Result<Query, Refusal> {
        let mut parsed = Query { by_id: false, search: String::new(), offset: 0, limit: LIMIT };
        let number = |value: &str| {
            let wrong = |_| Refusal::new(400, "query", "offset and limit are numbers");
            value.parse::<usize>().map_err(wrong)
        };
        for (name, value) in form_urlencoded::parse(query.as_bytes()) {
            match &*name {
                "sort" if value == "trouble" => parsed.by_id = false,
                "sort" if value == "id" => parsed.by_id = true,
                "sort" => return Err(Refusal::new(400, "query", "sort is by trouble or id")),
                "search" => parsed.search = value.to_lowercase(),
                "offset" => parsed.offset = number(&value)?,
                "limit" => parsed.limit = number(&value)?.min(LIMIT_MAX),
                _ => return Err(unknown_parameter()),
            }
        }
        Ok(parsed)
    }
}

/// Of what stands in a URL and is not asked for there.
pub(super) fn unknown_parameter() -> Refusal {
    let message =
        "a parameter that is not known here; a token never goes into a URL, which is kept in logs";
    Refusal::new(400, "query", message)
}

/// What is said of the engine with each list.
#[derive(Debug, Serialize)]
pub(super) struct About {
    pub(super) version: &'static str,
    #[serde(serialize_with = "rfc3339")]
    pub(super) now: SystemTime,
    #[serde(serialize_with = "rfc3339")]
    pub(super) started_at: SystemTime,
    pub(super) streams: usize,
    /// Decisions are made.
    pub(super) alive: bool,
    pub(super) late_ms: u64,
    pub(super) writable: bool,
}

#[derive(Serialize)]
struct List<'a> {
    engine: About,
    total: usize,
    /// How many of them are in each trouble.
    troubles: [usize; 5],
    offset: usize,
    streams: Vec<&'a Row>,
}

/// The page of the list that is asked for.
pub(super) fn list(listing: &Listing, query: &Query, engine: About) -> String {
    let found =
        |row: &&Row| query.search.is_empty() || row.stream.to_lowercase().contains(&query.search);
    let rows: Vec<&Row> = if query.by_id {
        listing.by_id().filter(found).collect()
    } else {
        listing.by_trouble().filter(found).collect()
    };
    let mut troubles = [0; 5];
    rows.iter().for_each(|row| troubles[usize::from(row.trouble)] += 1);
    let page = rows.iter().skip(query.offset).take(query.limit).copied().collect();
    to_json(&List { engine, total: rows.len(), troubles, offset: query.offset, streams: page })
}
