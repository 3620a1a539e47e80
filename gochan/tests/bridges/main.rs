//! Waiting for what is not a goroutine: futures, blocking calls, files, processes.

#[path = "../common/mod.rs"]
mod common;

mod block_on;
mod files;
mod futures;
mod lines;
mod processes;
#[cfg(feature = "tokio")]
mod tokio;

/// Returns once the goroutine is in a call of `blocking`. On threads it makes the call itself, which does not show.
fn until_in_call<T>(goroutine: &gochan::JoinHandle<T>) {
    if !common::on_threads() {
        common::until_waiting(goroutine);
    }
}
