//! Go's reverberating echo: what a client shouts comes back three times, ever more quietly, and shouts overlap.
//!
//! ```text
//! $ cargo run --bin reverb
//! HELLO
//! hello
//! hello...
//! GOODBYE
//! goodbye
//! goodbye...
//! the echo of both has died away
//! ```
//!
//! The client ends its own direction and still hears every echo: the server closes the connection only after the last
//! one.

use std::io::{self, BufRead, BufReader, Write};
use std::net::Shutdown;
use std::time::Duration;

use gochan::net::{TcpListener, TcpStream};
use gochan::prelude::*;
use gochan::time::sleep;

const PAUSE: Duration = Duration::from_millis(2);

/// The clones of a stream write one after the other.
fn echo(mut client: TcpStream, shout: String) -> io::Result<()> {
    writeln!(client, "{}", shout.to_uppercase())?;
    sleep(PAUSE);
    writeln!(client, "{shout}")?;
    sleep(PAUSE);
    writeln!(client, "{}...", shout.to_lowercase())
}

fn serve(client: TcpStream) -> io::Result<()> {
    let echoes = WaitGroup::new();
    for shout in BufReader::new(client.clone()).lines() {
        let (shout, client) = (shout?, client.clone());
        echoes.go(move || drop(echo(client, shout)));
    }
    echoes.wait();
    Ok(())
}

#[gochan::main]
fn main() -> io::Result<()> {
    let listener = TcpListener::bind("127.0.0.1:0")?;
    let address = listener.local_addr()?;
    let server = go!([listener] {
        while let Ok((client, _)) = listener.accept() {
            go!(serve(client));
        }
    });

    let mut shouting = TcpStream::connect(address)?;
    let mut echoes = BufReader::new(shouting.clone()).lines();
    for shout in ["hello", "goodbye"] {
        writeln!(shouting, "{shout}")?;
        for _ in 0..3 {
            println!("{}", echoes.next().expect("an echo")?);
        }
    }
    shouting.shutdown(Shutdown::Write)?;
    assert!(echoes.next().is_none());
    println!("the echo of both has died away");
    listener.close()?;
    server.join().unwrap();
    Ok(())
}
