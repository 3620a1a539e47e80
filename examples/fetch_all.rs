//! Fetching many pages at once, from a server that is slow, fails now and then, and does not want to be asked too often:
//! timeouts, retries that back off, a rate limit, a limit of requests at once.
//!
//! ```text
//! $ cargo run --bin fetch_all
//! /steady/0 to /steady/19: 20 pages
//! /flaky: there at the third attempt
//! /hangs: gave up after 3 attempts: i/o timeout
//! /missing: 404 at the first attempt, which is final
//! never more than 4 at once, and none before its turn
//! a fetch that was called off: context canceled
//! ```
//!
//! A context ends each wait: for a turn, for the connection, for the answer, between two attempts. The server is part of
//! the program; with addresses such as `example.com/` as arguments, those are fetched.

use std::collections::HashMap;
use std::fmt;
use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use std::time::{Duration, Instant};

use gochan::context::ContextError;
use gochan::net::{TcpListener, TcpStream};
use gochan::patterns::{generate, worker_pool};
use gochan::prelude::*;
use gochan::sync::Mutex;
use gochan::time::{sleep, tick};

/// Requests at once.
const AT_ONCE: usize = 4;
/// One request begins in each such time.
const PERIOD: Duration = Duration::from_millis(2);
const ATTEMPTS: usize = 3;
/// The pause before the second attempt. Each further one takes twice as long.
const PAUSE: Duration = Duration::from_millis(4);

/// Why there is no page.
#[derive(Debug)]
enum Failure {
    /// The answer of the server. From 500 on it may be another one next time.
    Status(u16),
    Io(io::Error),
}

impl Failure {
    fn is_final(&self) -> bool {
        match self {
            Failure::Status(status) => *status < 500,
            Failure::Io(error) => {
                let inner = error.get_ref().and_then(|inner| inner.downcast_ref());
                matches!(inner, Some(ContextError::Canceled | ContextError::DeadlineExceeded))
            }
        }
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Failure::Status(status) => write!(f, "{status}"),
            Failure::Io(error) => write!(f, "{error}"),
        }
    }
}

impl From<io::Error> for Failure {
    fn from(error: io::Error) -> Failure {
        Failure::Io(error)
    }
}

impl From<ContextError> for Failure {
    fn from(error: ContextError) -> Failure {
        Failure::Io(io::Error::other(error))
    }
}

/// What all fetches share.
struct Client {
    /// A value for each request that may begin.
    turns: Receiver<Instant>,
    timeout: Duration,
}

impl Client {
    /// The page and the number of attempts that it took.
    fn fetch(&self, ctx: &Context, host: &str, path: &str) -> (usize, Result<String, Failure>) {
        let mut pause = PAUSE;
        for attempt in 1.. {
            match self.attempt(ctx, host, path) {
                Err(failure) if !failure.is_final() && attempt < ATTEMPTS => {}
                outcome => return (attempt, outcome),
            }
            select! {
                // A little more or less, so that those that failed together do not come together.
                <-after(pause + pause.mul_f64(random())) => pause *= 2,
                <-ctx.done() => return (attempt, Err(ctx.err().expect("it has ended").into())),
            }
        }
        unreachable!("the last attempt returns")
    }

    fn attempt(&self, ctx: &Context, host: &str, path: &str) -> Result<String, Failure> {
        select! {
            <-self.turns => {}
            <-ctx.done() => return Err(ctx.err().expect("it has ended").into()),
        }
        let address = if host.contains(':') { host.to_owned() } else { format!("{host}:80") };
        let mut stream = TcpStream::connect_ctx(ctx, &*address)?;
        stream.set_deadline(Some(Instant::now() + self.timeout))?;
        let _until = stream.until(ctx);
        stream.write_all(
            format!("GET {path} HTTP/1.1\r\nhost: {host}\r\nconnection: close\r\n\r\n").as_bytes(),
        )?;
        let mut reader = BufReader::new(stream);
        let mut head = String::new();
        while reader.read_line(&mut head)? > 2 {}
        let status = head.split(' ').nth(1).and_then(|status| status.parse().ok()).unwrap_or(0);
        let mut body = Vec::new();
        reader.read_to_end(&mut body)?;
        if status == 200 {
            Ok(String::from_utf8_lossy(&body).into_owned())
        } else {
            Err(Failure::Status(status))
        }
    }
}

/// At least 0 and less than 1.
fn random() -> f64 {
    use std::hash::{BuildHasher, RandomState};
    (RandomState::new().hash_one(0) >> 11) as f64 / (1_u64 << 53) as f64
}

/// Fetches `paths` of `host`, some at once.
fn fetch_all(
    ctx: &Context,
    client: &Arc<Client>,
    host: &str,
    paths: Vec<String>,
) -> HashMap<String, (usize, Result<String, Failure>)> {
    let (client, host, of_jobs) = (client.clone(), host.to_owned(), ctx.clone());
    let pages = worker_pool(ctx, AT_ONCE, generate(ctx, paths), move |path: String| {
        let outcome = client.fetch(&of_jobs, &host, &path);
        (path, outcome)
    });
    pages.iter().collect()
}

/// What the server has seen.
#[derive(Default)]
struct Seen {
    now: AtomicUsize,
    most: AtomicUsize,
    begins: Mutex<Vec<Instant>>,
    flaky: AtomicUsize,
}

fn answer(mut stream: TcpStream, seen: &Seen) -> io::Result<()> {
    let mut head = String::new();
    let mut reader = BufReader::new(&stream);
    while reader.read_line(&mut head)? > 2 {}
    seen.begins.lock().push(Instant::now());
    let now = seen.now.fetch_add(1, SeqCst) + 1;
    seen.most.fetch_max(now, SeqCst);
    defer! {
        seen.now.fetch_sub(1, SeqCst);
    }
    let path = head.split(' ').nth(1).unwrap_or("/");
    let status = match path {
        "/missing" => "404 Not Found",
        "/flaky" if seen.flaky.fetch_add(1, SeqCst) < 2 => "503 Service Unavailable",
        "/hangs" => {
            // Until the client leaves.
            return io::copy(&mut stream, &mut io::sink()).map(drop);
        }
        _ => "200 OK",
    };
    sleep(Duration::from_millis(3));
    write!(stream, "HTTP/1.1 {status}\r\nconnection: close\r\n\r\npage {path}")
}

fn start_server(seen: &Arc<Seen>) -> io::Result<(TcpListener, SocketAddr)> {
    let listener = TcpListener::bind("127.0.0.1:0")?;
    let address = listener.local_addr()?;
    go!([listener, seen] {
        while let Ok((stream, _)) = listener.accept() {
            let seen = seen.clone();
            go!({ answer(stream, &seen) });
        }
    });
    Ok((listener, address))
}

fn demonstrate() -> io::Result<()> {
    let seen = Arc::<Seen>::default();
    let (server, address) = start_server(&seen)?;
    let host = address.to_string();
    let client = Arc::new(Client { turns: tick(PERIOD), timeout: Duration::from_secs(2) });

    let ctx = background();
    let steady = (0..20).map(|number| format!("/steady/{number}")).collect();
    let pages = fetch_all(&ctx, &client, &host, steady);
    let good = pages
        .iter()
        .filter(|(path, (_, page))| page.as_ref().is_ok_and(|page| *page == format!("page {path}")));
    println!("/steady/0 to /steady/19: {} pages", good.count());

    let impatient = Arc::new(Client { turns: client.turns.clone(), timeout: Duration::from_millis(100) });
    let mut odd = fetch_all(&ctx, &client, &host, vec!["/flaky".to_owned(), "/missing".to_owned()]);
    odd.extend(fetch_all(&ctx, &impatient, &host, vec!["/hangs".to_owned()]));
    let mut outcome = |path: &str| odd.remove(path).expect("each path has an outcome");
    if let (3, Ok(_)) = outcome("/flaky") {
        println!("/flaky: there at the third attempt");
    }
    if let (attempts, Err(failure)) = outcome("/hangs") {
        println!("/hangs: gave up after {attempts} attempts: {failure}");
    }
    if let (1, Err(failure)) = outcome("/missing") {
        println!("/missing: {failure} at the first attempt, which is final");
    }

    let begins = seen.begins.lock().clone();
    let (first, last) = (begins[0], begins[begins.len() - 1]);
    let in_turn = last - first >= PERIOD * (begins.len() as u32 - AT_ONCE as u32);
    if seen.most.load(SeqCst) <= AT_ONCE && in_turn {
        println!("never more than {AT_ONCE} at once, and none before its turn");
    }

    let (ctx, call_off) = background().with_cancel();
    let fetching = go!([ctx, client, host] { client.fetch(&ctx, &host, "/hangs").1 });
    while seen.now.load(SeqCst) == 0 {
        sleep(Duration::from_millis(1));
    }
    call_off.cancel();
    if let Err(failure) = fetching.join().expect("a fetch does not panic") {
        println!("a fetch that was called off: {failure}");
    }
    server.close()
}

#[gochan::main]
fn main() -> io::Result<()> {
    let addresses: Vec<String> = std::env::args().skip(1).collect();
    if addresses.is_empty() {
        return demonstrate();
    }
    let (ctx, _cancel) = background().with_timeout(Duration::from_secs(30));
    let client = Arc::new(Client { turns: tick(PERIOD), timeout: Duration::from_secs(10) });
    let of_jobs = ctx.clone();
    let pages = worker_pool(&ctx, AT_ONCE, generate(&ctx, addresses), move |address: String| {
        let (host, path) = address.split_once('/').unwrap_or((&address, ""));
        let page = client.fetch(&of_jobs, host, &format!("/{path}")).1;
        (address, page)
    });
    for (address, page) in &pages {
        match page {
            Ok(page) => println!("{address}: {} bytes", page.len()),
            Err(failure) => println!("{address}: {failure}"),
        }
    }
    Ok(())
}
