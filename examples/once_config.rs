//! Things that are done once, by whoever needs them first.
//!
//! ```text
//! $ cargo run --bin once_config
//! reading the configuration
//! 100 requests were answered by localhost:8080
//! the first connection failed: nobody listens
//! connected at the second try
//! a third try was not made
//! ```
//!
//! The configuration is a `Lazy`: a hundred goroutines ask for it at the same time, one reads it, the others wait. The
//! connection is a `OnceCell`: an attempt that fails leaves it empty for the next one.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};

use gochan::prelude::*;
use gochan::runtime::gosched;
use gochan::sync::{Lazy, Once, OnceCell};

struct Config {
    host: &'static str,
    port: u16,
}

static CONFIG: Lazy<Config> = Lazy::new(|| {
    println!("reading the configuration");
    // Whoever comes meanwhile waits.
    gosched();
    Config { host: "localhost", port: 8080 }
});

static CONNECTION: OnceCell<String> = OnceCell::new();

/// Fails the first time.
fn connect() -> Result<&'static str, &'static str> {
    static TRIES: AtomicUsize = AtomicUsize::new(0);
    let connection = CONNECTION.get_or_try_init(|| match TRIES.fetch_add(1, Relaxed) {
        0 => Err("nobody listens"),
        1 => Ok("at the second try".to_owned()),
        _ => Ok("once too often".to_owned()),
    })?;
    Ok(connection)
}

#[gochan::main]
fn main() {
    let answered = Arc::new(AtomicUsize::new(0));
    let wg = WaitGroup::new();
    for _ in 0..100 {
        let answered = answered.clone();
        wg.go(move || {
            if CONFIG.port == 8080 {
                answered.fetch_add(1, Relaxed);
            }
        });
    }
    wg.wait();
    println!("{} requests were answered by {}:{}", answered.load(Relaxed), CONFIG.host, CONFIG.port);

    if let Err(error) = connect() {
        println!("the first connection failed: {error}");
    }
    let said = Once::new();
    for _ in 0..3 {
        let connection = connect().expect("the second try succeeds");
        said.call_once(|| println!("connected {connection}"));
    }
    if CONNECTION.get().is_some_and(|connection| connection == "at the second try") {
        println!("a third try was not made");
    }
}
