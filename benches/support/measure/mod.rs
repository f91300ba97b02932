//! The measurements behind the bars, and those the reports show besides.

pub mod by_id;
pub mod c;
pub mod everything_on;
pub mod growth;
pub mod handle;
pub mod idle;
pub mod lateness;
pub mod mass;
pub mod population;
#[cfg(feature = "serve")]
pub mod served;
pub mod status;
pub mod threads;
pub mod trace;
