//! WebSockets by `tungstenite`, which knows nothing of goroutines: it reads from a stream and writes to one.
//!
//! ```text
//! $ cargo run -p gochan-example-libraries --bin websocket
//! 20 clients heard 200 messages
//! closed by the client: Normal, and answered
//! a client that says nothing is dropped: i/o timeout
//! ```

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};
use std::time::Duration;

use gochan::net::{TcpListener, TcpStream};
use gochan::prelude::*;
use tungstenite::protocol::CloseFrame;
use tungstenite::protocol::frame::coding::CloseCode;
use tungstenite::{Error, HandshakeError, Message, WebSocket};

const CLIENTS: usize = 20;
const ROUNDS: usize = 10;

/// A handshake that does not wait is of no use here: the stream waits.
fn whole<R: tungstenite::handshake::HandshakeRole>(error: HandshakeError<R>) -> Error {
    match error {
        HandshakeError::Failure(error) => error,
        HandshakeError::Interrupted(_) => Error::Io(io::ErrorKind::WouldBlock.into()),
    }
}

/// Sends each message back, until the client closes, or is silent for too long.
fn serve(stream: TcpStream, patience: Duration) -> Result<(), Error> {
    stream.set_read_timeout(Some(patience))?;
    let mut socket = tungstenite::accept(stream).map_err(whole)?;
    loop {
        // The library answers pings and the close.
        if let message @ (Message::Text(_) | Message::Binary(_)) = socket.read()? {
            socket.send(message)?;
        }
    }
}

fn connect(server: SocketAddr) -> Result<WebSocket<TcpStream>, Error> {
    let stream = TcpStream::connect(server)?;
    stream.set_nodelay(true)?;
    let (socket, _response) = tungstenite::client(format!("ws://{server}/echo"), stream).map_err(whole)?;
    Ok(socket)
}

fn talk(server: SocketAddr, number: usize, heard: &AtomicUsize) -> Result<(), Error> {
    let mut socket = connect(server)?;
    for round in 0..ROUNDS {
        let said = Message::text(format!("client {number} in round {round}").repeat(1 + 100 * round));
        socket.send(said.clone())?;
        assert_eq!(socket.read()?, said);
        heard.fetch_add(1, Relaxed);
    }
    socket.close(None)?;
    // Until the server has answered.
    while socket.read().is_ok() {}
    Ok(())
}

fn demonstrate(address: SocketAddr) -> Result<(), Error> {
    let heard = Arc::new(AtomicUsize::new(0));
    let clients: Vec<_> = (0..CLIENTS).map(|number| go!([heard] { talk(address, number, &heard) })).collect();
    for client in clients {
        client.join().expect("a client does not panic")?;
    }
    println!("{CLIENTS} clients heard {} messages", heard.load(Relaxed));

    let mut socket = connect(address)?;
    socket.close(Some(CloseFrame { code: CloseCode::Normal, reason: "enough".into() }))?;
    if let Message::Close(Some(CloseFrame { code, .. })) = socket.read()? {
        println!("closed by the client: {code:?}, and answered");
    }
    Ok(())
}

#[gochan::main]
fn main() -> Result<(), Box<dyn std::error::Error>> {
    let listener = TcpListener::bind("127.0.0.1:0")?;
    let address = listener.local_addr()?;
    let (patient, impatient) = (Duration::from_secs(60), Duration::from_millis(50));
    let serving = go!([listener] {
        let connections = WaitGroup::new();
        while let Ok((stream, _)) = listener.accept() {
            connections.go(move || drop(serve(stream, patient)));
        }
        connections.wait();
    });
    demonstrate(address)?;
    listener.close()?;
    serving.join().expect("the server does not panic");

    let listener = TcpListener::bind("127.0.0.1:0")?;
    let address = listener.local_addr()?;
    let serving =
        go!({ listener.accept().map_err(Error::Io).and_then(|(stream, _)| serve(stream, impatient)) });
    let silent = connect(address);
    if let Err(Error::Io(error)) = serving.join().expect("the server does not panic") {
        println!("a client that says nothing is dropped: {error}");
    }
    drop(silent);
    Ok(())
}
