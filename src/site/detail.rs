//! `/api/streams/{id}`: one stream, with what became of it.

use super::row::Row;
use super::spark::Spark;
use super::timeline::Timeline;
use crate::engine::RuntimeStatus;
use serde::Serialize;
use std::time::SystemTime;

#[derive(Serialize)]
pub(super) struct Detail<'a> {
    status: &'a RuntimeStatus,
    row: Row,
    timeline: Timeline,
    spark: Spark,
}

impl Detail<'_> {
    pub(super) fn new(
        status: &RuntimeStatus,
        timeline: Timeline,
        spark: Spark,
        now: SystemTime,
    ) -> Detail<'_> {
        Detail { status, row: Row::of(status, now), timeline, spark }
    }
}
