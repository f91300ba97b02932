//! What the fuzz targets do with the bytes that they are given: each has a module with a function `run`, which
//! panics when something is not as it is promised. `tests/fuzz/` has every file of the corpora go through them.
//!
//! | file | what is tried | what is compared |
//! |---|---|---|
//! | `c_calls.rs`, `world.rs` | calls of the C ABI in any order, with hostile arguments | codes, outputs, commands, the ends of `user_data` |
//! | `http.rs` | any bytes to the server | answers are whole; nothing changes without the token; no secret comes out |
//! | `rtp.rs`, `ts.rs` | lost packets | a model that remembers everything; C; one by one and together |
//! | `settings.rs` | settings by name, and as JSON | what was set is what is there, and survives JSON |
//! | `site.rs`, `shown.rs` | any request to the site | as with `http.rs`; a model of who may do what |
//! | `structs.rs` | structs of any size and content | those of other versions do as this one does |
//! | `trace.rs` | traces: any bytes, cut, damaged, with wrong contents | what is read before the damage; the replay |
//! | `urls.rs` | URLs and texts that are printed | no secret, no line break; buffers of any size |

pub mod c_calls;
pub mod http;
pub mod rtp;
pub mod settings;
mod shown;
pub mod site;
pub mod structs;
pub mod trace;
pub mod ts;
pub mod urls;
mod world;
