//! Fetching pages side by side, a few at a time, and giving up on all of them when one fails.
//!
//! ```text
//! $ cargo run --bin errgroup_fetch
//! 6 pages, 63 bytes, never more than 3 at a time
//! cannot fetch /gone: 404
//! the pages that hang were given up: context canceled
//! ```
//!
//! `errgroup::Group` starts the goroutines, keeps to the limit, ends the context at the first error, and returns that
//! error once all have stopped. A small table stands in for the network.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};

use gochan::prelude::*;
use gochan::runtime::gosched;
use gochan::sync::errgroup::Group;
use gochan::sync::{Map, Mutex};

const SITE: &[&str] = &["/", "/about", "/news", "/help", "/contact", "/imprint"];

/// Fetches a page, which takes a while, or as long as `ctx` lets it.
fn fetch(ctx: &Context, path: &str) -> Result<String, String> {
    match path {
        "/gone" => Err(format!("cannot fetch {path}: 404")),
        "/hangs" => {
            ctx.done().recv();
            Err(ctx.check().expect_err("it has ended").to_string())
        }
        path => {
            (0..10).for_each(|_| gosched());
            Ok(format!("page {path}"))
        }
    }
}

/// All pages, fetched at most three at a time.
fn fetch_all(paths: &[&'static str]) -> Result<(Vec<String>, usize), String> {
    let (group, ctx) = Group::<String>::with_context(&background());
    group.set_limit(3);
    let pages = Arc::new(Map::new());
    // How many are being fetched, and the most that were.
    let load = Arc::new(Mutex::new((0_usize, 0_usize)));
    for &path in paths {
        let (ctx, pages, load) = (ctx.clone(), pages.clone(), load.clone());
        group.go(move || {
            {
                let mut load = load.lock();
                load.0 += 1;
                load.1 = load.1.max(load.0);
            }
            let page = fetch(&ctx, path);
            load.lock().0 -= 1;
            pages.store(path, page?);
            Ok(())
        });
    }
    group.wait()?;
    let pages = paths.iter().filter_map(|path| pages.load(path)).collect();
    let most = load.lock().1;
    Ok((pages, most))
}

#[gochan::main]
fn main() {
    match fetch_all(SITE) {
        Ok((pages, most)) => {
            let bytes: usize = pages.iter().map(String::len).sum();
            assert!(most <= 3, "{most} at a time");
            println!("{} pages, {bytes} bytes, never more than 3 at a time", pages.len());
        }
        Err(error) => println!("{error}"),
    }

    // These wait until the third one fails.
    if let Err(error) = fetch_all(&["/hangs", "/hangs", "/gone"]) {
        println!("{error}");
    }

    let given_up = Arc::new(AtomicUsize::new(0));
    let (group, ctx) = Group::<String>::with_context(&background());
    for _ in 0..5 {
        let (ctx, given_up) = (ctx.clone(), given_up.clone());
        group.go(move || {
            let error = fetch(&ctx, "/hangs").expect_err("it hangs");
            given_up.fetch_add(1, SeqCst);
            Err(error)
        });
    }
    group.go(|| Err("the first error".to_owned()));
    let first = group.wait();
    assert_eq!((first, given_up.load(SeqCst)), (Err("the first error".to_owned()), 5));
    println!("the pages that hang were given up: {}", ctx.check().expect_err("it has ended"));
}
