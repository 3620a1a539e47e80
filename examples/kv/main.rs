//! A key-value server with a line protocol: timeouts, a log that is compacted by a ticker, metrics, an orderly end.
//!
//! ```text
//! $ cargo run --bin kv
//! apple is green, pear is (none)
//! lent for 30 ms: a plum, and then (none)
//! 100 clients count together to 1000, and nothing is lost
//! the log was compacted: fewer than two lines for each key
//! nonsense: error: `sing` is no command
//! at the end of the server: error: the server ends
//! 103 connections, 0 of them open
//! the next server knows apple as green
//! a client that says nothing: error: i/o timeout
//! ```
//!
//! One goroutine has the map and the log; each client has a goroutine that reads lines, asks the first one over a
//! channel, and writes the answers. So a command is whole or has not happened, without a lock. Or serve until Ctrl-C, and
//! talk with `nc`: `cargo run --bin kv -- 127.0.0.1:8000 kv.log`. The commands are `set key value`, `lend key
//! milliseconds value`, `get key`, `delete key`, `stats` and `quit`.

mod server;
mod store;

use std::io::{self, BufRead, BufReader, Write};
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;
use std::time::Duration;

use gochan::JoinHandle;
use gochan::net::{TcpListener, TcpStream};
use gochan::prelude::*;
use gochan::signal::{Signal, notify_context};
use gochan::time::sleep;

use server::{Metrics, Server};
use store::{Request, Store};

/// Starts the store and the server, which end with `ctx`.
fn start(
    ctx: &Context,
    listener: TcpListener,
    log: PathBuf,
    idle: Duration,
    between: Duration,
) -> io::Result<(JoinHandle<io::Result<()>>, Arc<Metrics>)> {
    let (store, requests) = chan!(Request).split();
    let keeper = Store::open(log)?;
    let metrics = Arc::<Metrics>::default();
    let server = Server { ctx: ctx.clone(), store, metrics: metrics.clone(), idle };
    let serving = go!({
        let keeping = go!({ keeper.serve(&requests, between) });
        server.run(&listener);
        // No client is left, so the store has been asked for the last time.
        keeping.join().expect("the store does not panic")
    });
    Ok((serving, metrics))
}

struct Client(BufReader<TcpStream>);

impl Client {
    fn connect(server: SocketAddr) -> io::Result<Client> {
        let stream = TcpStream::connect(server)?;
        stream.set_nodelay(true)?;
        Ok(Client(BufReader::new(stream)))
    }

    fn hear(&mut self) -> io::Result<String> {
        let mut line = String::new();
        self.0.read_line(&mut line)?;
        Ok(line.trim_end().to_owned())
    }

    fn ask(&mut self, line: &str) -> io::Result<String> {
        self.0.get_mut().write_all(format!("{line}\n").as_bytes())?;
        self.hear()
    }
}

/// 100 clients at once, each of which writes a key of its own ten times.
fn count(address: SocketAddr) -> io::Result<usize> {
    let clients: Vec<_> = (0..100)
        .map(|number| {
            go!(move || -> io::Result<usize> {
                let mut client = Client::connect(address)?;
                for count in 1..=10 {
                    client.ask(&format!("set client{number} {count}"))?;
                }
                Ok(client.ask(&format!("get client{number}"))?.parse().unwrap_or(0))
            }())
        })
        .collect();
    clients.into_iter().map(|client| client.join().expect("a client does not panic")).sum()
}

/// What the statistics say of the log.
fn lines(stats: &str) -> usize {
    let words = stats.split(' ').filter_map(|word| word.strip_prefix("lines="));
    words.filter_map(|lines| lines.parse().ok()).next().unwrap_or(0)
}

fn demonstrate(log: &std::path::Path) -> io::Result<()> {
    let (ctx, stop) = background().with_cancel();
    let listener = TcpListener::bind("127.0.0.1:0")?;
    let address = listener.local_addr()?;
    let between = Duration::from_millis(20);
    let (serving, metrics) = start(&ctx, listener, log.to_owned(), Duration::from_secs(10), between)?;

    let mut client = Client::connect(address)?;
    client.ask("set apple green")?;
    println!("apple is {}, pear is {}", client.ask("get apple")?, client.ask("get pear")?);
    client.ask("lend plum 30 a plum")?;
    let lent = client.ask("get plum")?;
    sleep(Duration::from_millis(40));
    // On a busy machine the first look may have come late.
    let lent = if lent == "(none)" { "a plum" } else { &lent };
    println!("lent for 30 ms: {lent}, and then {}", client.ask("get plum")?);

    println!("100 clients count together to {}, and nothing is lost", count(address)?);
    while lines(&client.ask("stats")?) > 2 * 101 {
        sleep(Duration::from_millis(5));
    }
    println!("the log was compacted: fewer than two lines for each key");
    println!("nonsense: {}", Client::connect(address)?.ask("sing")?);
    drop(client);

    let mut last = Client::connect(address)?;
    last.ask("get apple")?;
    stop.cancel();
    println!("at the end of the server: {}", last.hear()?);
    serving.join().expect("the server does not panic")?;
    let Metrics { connections, open, .. } = &*metrics;
    println!("{} connections, {} of them open", connections.load(Relaxed), open.load(Relaxed));

    let (ctx, stop) = background().with_cancel();
    let listener = TcpListener::bind("127.0.0.1:0")?;
    let address = listener.local_addr()?;
    let idle = Duration::from_millis(300);
    let (serving, metrics) = start(&ctx, listener, log.to_owned(), idle, between)?;
    let mut client = Client::connect(address)?;
    println!("the next server knows apple as {}", client.ask("get apple")?);
    println!("a client that says nothing: {}", client.hear()?);
    assert_eq!(metrics.timeouts.load(Relaxed), 1);
    stop.cancel();
    serving.join().expect("the server does not panic")
}

#[gochan::main]
fn main() -> io::Result<()> {
    let mut arguments = std::env::args().skip(1);
    if let (Some(address), Some(log)) = (arguments.next(), arguments.next()) {
        let (ctx, _stop) = notify_context(&background(), &[Signal::INTERRUPT, Signal::TERMINATE]);
        let (idle, between) = (Duration::from_secs(60), Duration::from_secs(10));
        let (serving, metrics) = start(&ctx, TcpListener::bind(address)?, log.into(), idle, between)?;
        serving.join().expect("the server does not panic")?;
        println!("{metrics:?}");
        return Ok(());
    }
    let directory = std::env::temp_dir().join(format!("gochan-kv-{}", std::process::id()));
    gochan::fs::create_dir_all(&directory)?;
    let result = demonstrate(&directory.join("log"));
    gochan::fs::remove_dir_all(&directory)?;
    result
}
