//! An asynchronous HTTP client in goroutines: 20 requests at once, on one worker, while a ticker ticks.
//!
//! ```text
//! $ cargo run -p gochan-example-reqwest
//! 20 answers of 12 bytes
//! together faster than 5 in a row: true
//! the ticker ticked: true
//! ```
//!
//! Each answer takes a tenth of a second. `gochan::tokio::block_on` polls the client's futures in the context of a tokio
//! runtime and parks the goroutine meanwhile, so the worker is free for the others and for the ticker.

use std::io::{BufRead, BufReader, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::thread;
use std::time::{Duration, Instant};

use gochan::prelude::*;
use gochan::time::Ticker;

const REQUESTS: usize = 20;
const SLOW: Duration = Duration::from_millis(100);

/// Answers each request on a connection late.
fn serve(stream: &TcpStream) -> std::io::Result<()> {
    let mut lines = BufReader::new(stream).lines();
    loop {
        // The head of a request ends with an empty line.
        loop {
            match lines.next() {
                Some(line) if line.as_ref().is_ok_and(String::is_empty) => break,
                Some(line) => drop(line?),
                None => return Ok(()),
            }
        }
        thread::sleep(SLOW);
        (&*stream).write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 12\r\n\r\nhello, world")?;
    }
}

/// A server that is not part of the example: on threads.
fn start_server() -> std::io::Result<SocketAddr> {
    let listener = TcpListener::bind("127.0.0.1:0")?;
    let address = listener.local_addr()?;
    thread::spawn(move || {
        for stream in listener.incoming() {
            thread::spawn(|| serve(&stream?));
        }
    });
    Ok(address)
}

#[gochan::main]
fn main() -> Result<(), Box<dyn std::error::Error>> {
    let address = start_server()?;
    let client = reqwest::Client::builder().no_proxy().build()?;

    let (ctx, cancel) = background().with_cancel();
    let ticks = go!([ctx] {
        let (ticker, mut ticks) = (Ticker::new(Duration::from_millis(5)), 0);
        loop {
            select! {
                _ = <-ticker.channel() => ticks += 1,
                <-ctx.done() => break ticks,
            }
        }
    });

    let start = Instant::now();
    let requests: Vec<_> = (0..REQUESTS)
        .map(|number| {
            let client = client.clone();
            go!({
                gochan::tokio::block_on(async {
                    let url = format!("http://{address}/{number}");
                    client.get(url).send().await?.error_for_status()?.bytes().await
                })
            })
        })
        .collect();
    let mut answers = Vec::new();
    for request in requests {
        answers.push(request.join().expect("no request panics")?);
    }
    let took = start.elapsed();
    cancel.cancel();
    let ticks: u32 = ticks.join().expect("the ticker does not panic");

    assert!(answers.iter().all(|answer| answer == "hello, world"));
    println!("{} answers of {} bytes", answers.len(), answers[0].len());
    println!("together faster than 5 in a row: {}", took < 5 * SLOW);
    println!("the ticker ticked: {}", ticks >= 8);
    eprintln!("{REQUESTS} requests of {SLOW:?} took {took:.0?}, with {ticks} ticks of 5 ms");
    Ok(())
}
