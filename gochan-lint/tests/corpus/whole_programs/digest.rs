//! A pipeline with an error group: paths, digests, a sum; the first error stops all stages.

use gochan::context::ContextError;
use gochan::prelude::*;
use gochan::sync::errgroup::Group;
use std::collections::BTreeMap;
use std::fmt;
use std::time::Duration;

#[derive(Debug)]
enum Error {
    Unreadable(String),
    Stopped(ContextError),
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Error::Unreadable(path) => write!(f, "cannot read {path}"),
            Error::Stopped(why) => write!(f, "stopped: {why}"),
        }
    }
}

impl std::error::Error for Error {}

impl From<ContextError> for Error {
    fn from(why: ContextError) -> Self {
        Error::Stopped(why)
    }
}

struct Digest {
    path: String,
    sum: u64,
}

fn walk(ctx: &Context, root: &[&str], out: &Sender<String>) -> Result<(), Error> {
    for path in root {
        select! {
            out <- (*path).to_owned() => {}
            <-ctx.done() => {
                ctx.check()?;
            }
        }
    }
    Ok(())
}

fn digest(path: &str) -> Result<u64, Error> {
    if path.contains("missing") {
        return Err(Error::Unreadable(path.to_owned()));
    }
    Ok(path.bytes().fold(5381, |sum: u64, byte| sum.wrapping_mul(33) ^ u64::from(byte)))
}

fn digester(ctx: &Context, paths: &Receiver<String>, out: &Sender<Digest>) -> Result<(), Error> {
    while let Some(path) = paths.recv() {
        let sum = digest(&path)?;
        select! {
            out <- Digest { path, sum } => {}
            <-ctx.done() => return Err(Error::Stopped(ctx.err().unwrap_or(ContextError::Canceled))),
        }
    }
    Ok(())
}

fn sums(
    parent: &Context,
    root: &'static [&'static str],
    parallel: usize,
) -> Result<BTreeMap<String, u64>, Error> {
    let (group, ctx) = Group::<Error>::with_context(parent);
    let (path_tx, path_rx) = chan!(String).split();
    let (digest_tx, digest_rx) = chan!(Digest).split();

    let walk_ctx = ctx.clone();
    group.go(move || {
        defer!(close!(path_tx));
        walk(&walk_ctx, root, &path_tx)
    });
    for _ in 0..parallel {
        let (ctx, paths, out) = (ctx.clone(), path_rx.clone(), digest_tx.clone());
        group.go(move || digester(&ctx, &paths, &out));
    }
    // The digesters have their own; with the last of them the channel closes.
    drop(digest_tx);

    let mut found = BTreeMap::new();
    for Digest { path, sum } in &digest_rx {
        found.insert(path, sum);
    }
    group.wait()?;
    Ok(found)
}

#[gochan::main]
fn main() {
    const GOOD: &[&str] = &["a.txt", "b.txt", "c/d.txt"];
    const BAD: &[&str] = &["a.txt", "missing.txt", "c/d.txt"];
    with_context!(ctx = background().with_timeout(Duration::from_secs(2)) => {
        for root in [GOOD, BAD] {
            match sums(&ctx, root, 2) {
                Ok(found) => {
                    for (path, sum) in found {
                        println!("{sum:016x}  {path}");
                    }
                }
                Err(error) => println!("{error}"),
            }
        }
        println!("context: {:?}", ctx.err());
    });
}
