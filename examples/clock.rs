//! Go's first network program: a server that tells each client the time until it leaves.
//!
//! ```text
//! $ cargo run --bin clock
//! one client has seen 3 ticks
//! another one, at the same time, has seen 3 ticks
//! ```
//!
//! A goroutine waits for each client. To watch the clock itself, run `cargo run --bin clock -- 127.0.0.1:8000`
//! and `nc localhost 8000`.

use std::io::{self, BufRead, BufReader, Write};
use std::net::SocketAddr;
use std::time::{Duration, Instant};

use gochan::net::{TcpListener, TcpStream};
use gochan::prelude::*;
use gochan::time::sleep;

/// Tells how long the server has run, every `period`, until the client leaves.
fn tell_time(mut client: TcpStream, since: Instant, period: Duration) -> io::Result<()> {
    loop {
        writeln!(client, "{:.3} s", since.elapsed().as_secs_f64())?;
        sleep(period);
    }
}

fn serve(listener: TcpListener, period: Duration) {
    let since = Instant::now();
    for client in listener.incoming() {
        match client {
            Ok(client) => drop(go!(tell_time(client, since, period))),
            // Closed.
            Err(_) => return,
        }
    }
}

fn watch(server: SocketAddr) -> io::Result<usize> {
    let lines = BufReader::new(TcpStream::connect(server)?).lines();
    Ok(lines.take(3).filter(Result::is_ok).count())
}

#[gochan::main]
fn main() -> io::Result<()> {
    if let Some(address) = std::env::args().nth(1) {
        serve(TcpListener::bind(address)?, Duration::from_secs(1));
        return Ok(());
    }
    let listener = TcpListener::bind("127.0.0.1:0")?;
    let address = listener.local_addr()?;
    let server = go!(serve(listener.clone(), Duration::from_millis(5)));
    let (one, other) = (go!(watch(address)), go!(watch(address)));
    println!("one client has seen {} ticks", one.join().unwrap()?);
    println!("another one, at the same time, has seen {} ticks", other.join().unwrap()?);
    listener.close()?;
    server.join().unwrap();
    Ok(())
}
