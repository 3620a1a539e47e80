//! A chat server on std's sockets: what blocks a thread runs in `blocking`, the rest is channels.

use gochan::prelude::*;
use gochan::{Builder, blocking};
use std::collections::HashMap;
use std::io::{self, BufRead, BufReader, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};

enum Event {
    Joined(SocketAddr, Sender<String>),
    Said(SocketAddr, String),
    Left(SocketAddr),
}

/// Owns the list of clients; the only one who sends to them.
fn room(events: Receiver<Event>) {
    let mut clients: HashMap<SocketAddr, Sender<String>> = HashMap::new();
    for event in &events {
        match event {
            Event::Joined(who, out) => {
                tell(&clients, &format!("{who} has joined"));
                clients.insert(who, out);
            }
            Event::Said(who, text) => tell(&clients, &format!("{who}: {text}")),
            Event::Left(who) => {
                // Its writer ends with the last sender.
                clients.remove(&who);
                tell(&clients, &format!("{who} has left"));
            }
        }
    }
}

fn tell(clients: &HashMap<SocketAddr, Sender<String>>, text: &str) {
    for out in clients.values() {
        // Whoever is too slow misses it.
        let _ = out.try_send(text.to_owned());
    }
}

fn writer(mut stream: TcpStream, lines: Receiver<String>) {
    for line in &lines {
        let sent = blocking(|| writeln!(stream, "{line}"));
        if sent.is_err() {
            return;
        }
    }
}

fn reader(stream: TcpStream, who: SocketAddr, events: &Sender<Event>) -> io::Result<()> {
    let mut input = BufReader::new(stream);
    loop {
        let mut line = String::new();
        let read = blocking(|| input.read_line(&mut line))?;
        if read == 0 {
            return Ok(());
        }
        let text = line.trim_end();
        if text == "/quit" {
            return Ok(());
        }
        if events.send(Event::Said(who, text.to_owned())).is_err() {
            return Ok(());
        }
    }
}

fn client(stream: TcpStream, who: SocketAddr, events: Sender<Event>) -> io::Result<()> {
    const BACKLOG: usize = 32;
    let (out, lines) = Chan::with_capacity(BACKLOG).split();
    let other = stream.try_clone()?;
    let written = go!(writer(other, lines));
    if events.send(Event::Joined(who, out)).is_err() {
        return Ok(());
    }
    let result = reader(stream, who, &events);
    let _ = events.send(Event::Left(who));
    drop(events);
    if written.join().is_err() {
        eprintln!("the writer for {who} panicked");
    }
    result
}

fn accept(listener: TcpListener, events: Sender<Event>, clients: usize) -> io::Result<()> {
    let wg = WaitGroup::new();
    for _ in 0..clients {
        let (stream, who) = blocking(|| listener.accept())?;
        wg.add(1);
        go!([wg, events] {
            defer!(wg.done());
            if let Err(error) = client(stream, who, events) {
                eprintln!("{who}: {error}");
            }
        });
    }
    wg.wait();
    Ok(())
}

fn talk(address: SocketAddr, words: &[&str]) -> io::Result<usize> {
    let mut stream = TcpStream::connect(address)?;
    for word in words {
        writeln!(stream, "{word}")?;
    }
    writeln!(stream, "/quit")?;
    stream.flush()?;
    let mut lines = 0;
    for line in BufReader::new(stream).lines() {
        println!("< {}", line?);
        lines += 1;
    }
    Ok(lines)
}

#[gochan::main]
fn main() -> io::Result<()> {
    let listener = TcpListener::bind(("127.0.0.1", 0))?;
    let address = listener.local_addr()?;
    let (events, inbox) = chan!(Event, 64).split();
    let room = Builder::new().name("room").spawn(move || room(inbox));
    let server = go!(accept(listener, events, 2));
    let guests = ["hello", "good bye"].map(|word| go!({ blocking(move || talk(address, &[word])) }));
    for guest in guests {
        match guest.join() {
            Ok(Ok(lines)) => println!("read {lines} lines"),
            Ok(Err(error)) => eprintln!("{error}"),
            Err(_) => eprintln!("a guest panicked"),
        }
    }
    server.join().expect("the server runs to its end")?;
    room.join().expect("the room runs to its end");
    Ok(())
}
