//! gochan reached through a crate that re-exports it under another name.

use renamed::corridor::{self as channels, go};

#[channels::main(crate = renamed::corridor)]
fn main() -> std::process::ExitCode {
    let ch = channels::chan!(i32);
    go!([ch] { channels::send!(ch <- 1) });
    assert_eq!(channels::recv!(ch), 1);
    assert_eq!(renamed::sum(4), 10);
    assert_eq!(channels::select! { n = <-ch => n, default => 2 }, 2);
    channels::with_context!(ctx = channels::prelude::background().with_cancel() => assert!(ctx.err().is_none()));
    std::process::ExitCode::SUCCESS
}
