//! Types under other names.

mod client;
mod server;
pub mod types;
