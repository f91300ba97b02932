//! The measurements behind the bars, and those the reports show besides.

pub mod by_id;
pub mod handle;
