//! A server for HTTP/1.1 on blocking code: keep-alive, pipelining, chunked bodies, limits, a context for each request
//! that ends when the client leaves, and an end that finishes what has begun.
//!
//! ```text
//! $ cargo run --bin httpd
//! two requests on one connection: 200 200
//! three at once, answered in order: 200 404 200
//! a body in chunks is echoed: chunk by chunk
//! too long a head: 431, too long a body: 413, nonsense: 400
//! a client left, and its handler was told
//! a request in flight at the end was answered: 200
//! ```
//!
//! `cargo run --release --bin httpd -- 127.0.0.1:8000` serves until Ctrl-C: `/`, `/echo` and `/slow`.

mod request;
mod server;

use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use gochan::net::{TcpListener, TcpStream};
use gochan::prelude::*;
use gochan::signal::{Signal, notify_context};

use request::{BODY, Request};
use server::{Handler, Response, serve};

fn pages(slow: Duration, left: Sender<()>, begun: Sender<()>) -> Arc<Handler> {
    Arc::new(move |ctx: &Context, request: &Request| match (&*request.method, &*request.path) {
        ("GET", "/") => Response(200, b"hello, gopher\n".to_vec()),
        ("POST", "/echo") => Response(200, request.body.clone()),
        ("GET", "/slow") => {
            let _ = begun.try_send(());
            select! {
                <-after(slow) => Response(200, b"at last\n".to_vec()),
                <-ctx.done() => {
                    let _ = left.try_send(());
                    Response(200, Vec::new())
                }
            }
        }
        _ => Response(404, b"no such page\n".to_vec()),
    })
}

/// A connection of a client.
struct Client {
    stream: TcpStream,
    reader: BufReader<TcpStream>,
}

impl Client {
    fn connect(server: SocketAddr) -> io::Result<Client> {
        let stream = TcpStream::connect(server)?;
        Ok(Client { reader: BufReader::new(stream.clone()), stream })
    }

    fn send(&mut self, text: &str) -> io::Result<()> {
        self.stream.write_all(text.as_bytes())
    }

    /// The status and the body of the next answer.
    fn answer(&mut self) -> io::Result<(u16, String)> {
        let (mut status, mut length) = (0, 0);
        for number in 0.. {
            let mut line = String::new();
            self.reader.read_line(&mut line)?;
            let mut words = line.split_whitespace();
            match words.next() {
                None => break,
                Some(_) if number == 0 => {
                    status = words.next().and_then(|word| word.parse().ok()).unwrap_or(0);
                }
                Some("content-length:") => {
                    length = words.next().and_then(|word| word.parse().ok()).unwrap_or(0);
                }
                Some(_) => {}
            }
        }
        let mut body = vec![0; length];
        self.reader.read_exact(&mut body)?;
        Ok((status, String::from_utf8_lossy(&body).into_owned()))
    }

    fn asked(&mut self, text: &str) -> io::Result<(u16, String)> {
        self.send(text)?;
        self.answer()
    }
}

const HELLO: &str = "GET / HTTP/1.1\r\nhost: here\r\n\r\n";
const SLOW: &str = "GET /slow HTTP/1.1\r\nhost: here\r\n\r\n";

fn demonstrate(server: SocketAddr) -> io::Result<()> {
    let mut client = Client::connect(server)?;
    println!("two requests on one connection: {} {}", client.asked(HELLO)?.0, client.asked(HELLO)?.0);
    client.send(&[HELLO, "GET /none HTTP/1.1\r\n\r\n", HELLO].concat())?;
    let [one, two, three] = [client.answer()?.0, client.answer()?.0, client.answer()?.0];
    println!("three at once, answered in order: {one} {two} {three}");
    let chunks =
        "POST /echo HTTP/1.1\r\ntransfer-encoding: chunked\r\n\r\n6\r\nchunk \r\n8\r\nby chunk\r\n0\r\n\r\n";
    println!("a body in chunks is echoed: {}", client.asked(chunks)?.1);

    let long = format!("GET / HTTP/1.1\r\nlong: {}", "x".repeat(20_000));
    let head = Client::connect(server)?.asked(&long)?.0;
    let length = BODY + 1;
    let body = Client::connect(server)?
        .asked(&format!("POST /echo HTTP/1.1\r\ncontent-length: {length}\r\n\r\n"))?
        .0;
    let nonsense = Client::connect(server)?.asked("\u{1}\u{2}\u{3}\r\n\r\n")?.0;
    println!("too long a head: {head}, too long a body: {body}, nonsense: {nonsense}");
    Ok(())
}

#[gochan::main]
fn main() -> io::Result<()> {
    let (left, was_told) = chan!((), 1).split();
    let (begun, has_begun) = chan!((), 2).split();
    if let Some(address) = std::env::args().nth(1) {
        let (ctx, _stop) = notify_context(&background(), &[Signal::INTERRUPT, Signal::TERMINATE]);
        let handler = pages(Duration::from_secs(5), left, begun);
        serve(&ctx, &TcpListener::bind(address)?, &handler);
        return Ok(());
    }
    let (ctx, stop) = background().with_cancel();
    let listener = TcpListener::bind("127.0.0.1:0")?;
    let address = listener.local_addr()?;
    let handler = pages(Duration::from_millis(300), left, begun);
    let serving = go!([ctx] { serve(&ctx, &listener, &handler) });

    demonstrate(address)?;
    let mut leaving = Client::connect(address)?;
    leaving.send(SLOW)?;
    has_begun.recv();
    drop(leaving);
    was_told.recv();
    println!("a client left, and its handler was told");

    let mut last = Client::connect(address)?;
    last.send(SLOW)?;
    has_begun.recv();
    stop.cancel();
    println!("a request in flight at the end was answered: {}", last.answer()?.0);
    serving.join().unwrap();
    Ok(())
}
