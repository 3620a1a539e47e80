//! The server: a goroutine for each connection, a context for each request, and an orderly end.

use std::io::{self, Write};
use std::net::Shutdown;
use std::sync::Arc;
use std::time::{Duration, Instant};

use gochan::JoinHandle;
use gochan::context::CancelHandle;
use gochan::net::{TcpListener, TcpStream};
use gochan::prelude::*;

use crate::request::{Refused, Request, Requests};

/// A client that says nothing for so long is disconnected.
const IDLE: Duration = Duration::from_secs(30);
/// A request is to arrive within this time, and its answer is to be taken.
const SLOW: Duration = Duration::from_secs(10);

/// An answer: the status and the body.
pub(crate) struct Response(pub(crate) u16, pub(crate) Vec<u8>);

pub(crate) type Handler = dyn Fn(&Context, &Request) -> Response + Send + Sync;

/// Serves until `ctx` ends, then lets the requests that have begun come to their end.
pub(crate) fn serve(ctx: &Context, listener: &TcpListener, handler: &Arc<Handler>) {
    let connections = WaitGroup::new();
    while let Ok((stream, _)) = listener.accept_ctx(ctx) {
        let (ctx, handler) = (ctx.clone(), handler.clone());
        connections.go(move || drop(connection(&ctx, &stream, &*handler)));
    }
    let _ = listener.close();
    connections.wait();
}

fn connection(ctx: &Context, stream: &TcpStream, handler: &Handler) -> io::Result<()> {
    stream.set_nodelay(true)?;
    let mut requests = Requests::new(stream);
    loop {
        if !requests.has_begun() {
            stream.set_deadline(Some(Instant::now() + IDLE))?;
            // Between two requests the end of the server ends the connection.
            let _until = stream.until(ctx);
            if !requests.begin()? {
                return Ok(());
            }
        }
        stream.set_deadline(Some(Instant::now() + SLOW))?;
        let request = match requests.next() {
            Ok(request) => request,
            Err(Refused::Gone) => return Ok(()),
            Err(Refused::With(status)) => {
                answer(stream, &Response(status, Vec::new()), false)?;
                return linger(stream);
            }
        };
        stream.set_deadline(None)?;
        let response = {
            // A request that has begun is answered even if the server is about to end.
            let (of_request, cancel) = ctx.without_cancel().with_cancel();
            let _watch = (!requests.has_begun()).then(|| Watch::begin(stream, cancel));
            handler(&of_request, &request)
        };
        stream.set_deadline(Some(Instant::now() + SLOW))?;
        let keep_alive = request.keep_alive && ctx.err().is_none();
        answer(stream, &response, keep_alive)?;
        if !keep_alive {
            return Ok(());
        }
    }
}

fn answer(mut stream: &TcpStream, Response(status, body): &Response, keep_alive: bool) -> io::Result<()> {
    let reason = match status {
        200 => "OK",
        400 => "Bad Request",
        404 => "Not Found",
        413 => "Content Too Large",
        431 => "Request Header Fields Too Large",
        501 => "Not Implemented",
        _ => "",
    };
    let connection = if keep_alive { "keep-alive" } else { "close" };
    let length = body.len();
    let mut answer =
        format!("HTTP/1.1 {status} {reason}\r\ncontent-length: {length}\r\nconnection: {connection}\r\n\r\n")
            .into_bytes();
    answer.extend_from_slice(body);
    stream.write_all(&answer)
}

/// Reads what the client still sends: closing a connection with unread data resets it, and the answer might be lost.
fn linger(mut stream: &TcpStream) -> io::Result<()> {
    stream.shutdown(Shutdown::Write)?;
    stream.set_read_deadline(Some(Instant::now() + Duration::from_millis(500)))?;
    io::copy(&mut stream, &mut io::sink()).map(drop)
}

/// Ends the context of a request if its client leaves before the answer.
struct Watch<'a> {
    stream: &'a TcpStream,
    watching: Option<JoinHandle<()>>,
    /// The last handle to be dropped cancels as well: not before the answer is ready.
    _cancel: CancelHandle,
}

impl<'a> Watch<'a> {
    fn begin(stream: &'a TcpStream, cancel: CancelHandle) -> Watch<'a> {
        let watched = stream.clone();
        let watching = go!([cancel] {
            // Either the end, or a next request, or the deadline that `drop` sets.
            if let Ok(0) = watched.peek(&mut [0]) {
                cancel.cancel();
            }
        });
        Watch { stream, watching: Some(watching), _cancel: cancel }
    }
}

impl Drop for Watch<'_> {
    fn drop(&mut self) {
        let _ = self.stream.set_read_deadline(Some(Instant::now()));
        let _ = self.watching.take().map(JoinHandle::join);
    }
}
