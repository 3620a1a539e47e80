//! A tree of goroutines that is cancelled branch by branch.
//!
//! ```text
//! $ cargo run --bin cancel_tree
//! the report is no longer wanted
//!   report: context canceled
//! cancelling the search
//!   search/index: context canceled
//!   search/rank: context canceled
//! 2 of 5 are still at work
//! shutting down
//!   mail/in: the server goes down
//!   mail/out: the server goes down
//! goroutines left: 1
//! ```
//!
//! Every worker goes on until its context ends. A context ends with its parent: cancelling a branch
//! stops what hangs on it and nothing else, cancelling the root stops all, and a cause that is given
//! travels down with it. The handle that cancels does so also when it is dropped, and `with_context!`
//! when its block is left, so that nothing outlives by accident what it was started for.

use gochan::prelude::*;
use gochan::{JoinHandle, runtime};

/// Works until the context ends, and says why it ended.
fn work(ctx: Context, name: &str) -> String {
    // What it would work on, if somebody called.
    let calls = chan!(String);
    loop {
        select! {
            call = <-calls => println!("{name} handles {call}"),
            <-ctx.done() => {
                let cause = ctx.cause().expect("it has ended");
                return format!("{name}: {cause}");
            }
        }
    }
}

/// Waits for the workers and prints what they have to say.
fn print_ends<const N: usize>(workers: [JoinHandle<String>; N]) {
    for worker in workers {
        println!("  {}", worker.join().expect("a worker does not panic"));
    }
}

#[gochan::main]
fn main() {
    let (server, shut_down) = background().with_cancel_cause();
    let (search, cancel_search) = server.with_cancel();
    let (mail, _cancel_mail) = server.with_cancel();

    let searchers = ["search/index", "search/rank"].map(|name| go!(work(search.clone(), name)));
    let mailers = ["mail/in", "mail/out"].map(|name| go!(work(mail.clone(), name)));

    let report = with_context!(ctx = server.with_cancel() => go!(work(ctx, "report")));
    println!("the report is no longer wanted");
    print_ends([report]);

    println!("cancelling the search");
    cancel_search.cancel();
    print_ends(searchers);
    println!("{} of 5 are still at work", runtime::num_goroutine() - 1);

    println!("shutting down");
    shut_down.cancel_cause("the server goes down");
    print_ends(mailers);
    println!("goroutines left: {}", runtime::num_goroutine());
}
