//! The HTTP client `ureq`, with the sockets of gochan below it: 20 requests at once, on one worker, while a ticker ticks.
//!
//! ```text
//! $ cargo run -p gochan-example-libraries --bin http_client
//! 20 answers of 12 bytes
//! together faster than 5 in a row: true
//! the ticker ticked: true
//! too slow an answer: timeout: global
//! ```
//!
//! The library is blocking code; a hook of it takes a connector and a resolver, which are 60 lines here. Without them it
//! would wait in std's sockets, and hold its worker: then `gochan::blocking(|| …)` around the call is the way.

use std::fmt;
use std::io::{self, BufRead, BufReader, ErrorKind, Read, Write};
use std::net::{self, SocketAddr};
use std::thread;
use std::time::{Duration, Instant};

use gochan::net::{TcpStream, lookup};
use gochan::prelude::*;
use gochan::time::Ticker;
use ureq::config::Config;
use ureq::http::Uri;
use ureq::unversioned::resolver::{ResolvedSocketAddrs, Resolver};
use ureq::unversioned::transport::{
    Buffers, ConnectionDetails, Connector, Either, LazyBuffers, NextTimeout, Transport,
};
use ureq::{Agent, Error};

const REQUESTS: usize = 20;
const SLOW: Duration = Duration::from_millis(100);

/// Opens connections that park goroutines.
#[derive(Debug)]
struct Connections;

/// Such a connection.
struct Connection {
    stream: TcpStream,
    buffers: LazyBuffers,
}

/// An operation that has not been done in time is an error of the client's.
fn in_time<T>(result: io::Result<T>, timeout: NextTimeout) -> Result<T, Error> {
    result.map_err(|error| match error.kind() {
        ErrorKind::TimedOut => Error::Timeout(timeout.reason),
        _ => Error::Io(error),
    })
}

impl<In: Transport> Connector<In> for Connections {
    type Out = Either<In, Connection>;

    fn connect(&self, details: &ConnectionDetails, chained: Option<In>) -> Result<Option<Self::Out>, Error> {
        if let Some(chained) = chained {
            return Ok(Some(Either::A(chained)));
        }
        let timeout = details.timeout;
        let mut outcome = Err(Error::HostNotFound);
        for address in &details.addrs {
            let connected = match timeout.not_zero() {
                Some(time) => TcpStream::connect_timeout(address, *time),
                None => TcpStream::connect(address),
            };
            outcome = in_time(connected, timeout);
            if outcome.is_ok() {
                break;
            }
        }
        let stream = outcome?;
        stream.set_nodelay(details.config.no_delay())?;
        let buffers =
            LazyBuffers::new(details.config.input_buffer_size(), details.config.output_buffer_size());
        Ok(Some(Either::B(Connection { stream, buffers })))
    }
}

impl Transport for Connection {
    fn buffers(&mut self) -> &mut dyn Buffers {
        &mut self.buffers
    }

    fn transmit_output(&mut self, amount: usize, timeout: NextTimeout) -> Result<(), Error> {
        self.stream.set_write_deadline(timeout.not_zero().map(|time| Instant::now() + *time))?;
        in_time(self.stream.write_all(&self.buffers.output()[..amount]), timeout)
    }

    fn await_input(&mut self, timeout: NextTimeout) -> Result<bool, Error> {
        self.stream.set_read_deadline(timeout.not_zero().map(|time| Instant::now() + *time))?;
        let read = in_time(self.stream.read(self.buffers.input_append_buf()), timeout)?;
        self.buffers.input_appended(read);
        Ok(read > 0)
    }

    /// Nothing to read, and not at its end.
    fn is_open(&mut self) -> bool {
        let looked = self.stream.set_nonblocking(true).and_then(|()| self.stream.peek(&mut [0]));
        looked.is_err_and(|error| error.kind() == ErrorKind::WouldBlock)
            && self.stream.set_nonblocking(false).is_ok()
    }
}

impl fmt::Debug for Connection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.stream.fmt(f)
    }
}

/// Looks names up on threads that are for that.
#[derive(Debug)]
struct Names;

impl Resolver for Names {
    fn resolve(&self, uri: &Uri, _: &Config, _: NextTimeout) -> Result<ResolvedSocketAddrs, Error> {
        let host = uri.host().ok_or(Error::HostNotFound)?.trim_matches(['[', ']']);
        let port = uri.port_u16().unwrap_or(80);
        let mut addresses = self.empty();
        for ip in lookup(host)?.into_iter().take(16) {
            addresses.push(SocketAddr::new(ip, port));
        }
        if addresses.is_empty() { Err(Error::HostNotFound) } else { Ok(addresses) }
    }
}

/// Answers each request on a connection late.
fn serve(stream: &net::TcpStream) -> io::Result<()> {
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
fn start_server() -> io::Result<SocketAddr> {
    let listener = net::TcpListener::bind("127.0.0.1:0")?;
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
    let port = start_server()?.port();
    let agent = Agent::with_parts(Config::default(), Connections, Names);

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
            go!([agent] {
                // gochan-lint: allow(blocking_io_in_goroutine) its sockets park the goroutine
                let mut response = agent.get(format!("http://localhost:{port}/{number}")).call()?;
                // gochan-lint: allow(blocking_io_in_goroutine) likewise
                response.body_mut().read_to_string()
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

    let impatient =
        agent.get(format!("http://localhost:{port}/")).config().timeout_global(Some(SLOW / 4)).build();
    // gochan-lint: allow(blocking_io_in_goroutine) likewise
    println!("too slow an answer: {}", impatient.call().expect_err("it takes longer"));
    Ok(())
}
