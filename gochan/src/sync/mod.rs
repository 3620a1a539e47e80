//! Waiting for each other without channels.

mod waitgroup;

pub use waitgroup::WaitGroup;
