//! A chat server: rooms, broadcasts, and clients that are too slow to listen.
//!
//! ```text
//! $ cargo run --bin chat
//! ann hears: bob has come
//! ann hears: bob: hello
//! carl, in another room, hears: dora has come
//! sleepy does not listen and is dropped, ann still hears: bob: 0
//! ann hears: bob has left
//! ```
//!
//! One goroutine has the rooms, so they need no lock. Two goroutines serve each client: one reads its lines, the other
//! writes what it is to hear, from a channel with room for some messages. Nobody waits for a client whose channel is
//! full: it is dropped. Or run `cargo run --bin chat -- 127.0.0.1:8000` and talk with `nc`: the first line is a name,
//! the second a room.

use std::collections::HashMap;
use std::io::{self, BufRead, BufReader, Lines, Write};
use std::net::SocketAddr;
use std::time::{Duration, Instant};

use gochan::net::{TcpListener, TcpStream};
use gochan::prelude::*;

/// Messages that a client may be behind.
const BEHIND: usize = 64;

enum Event {
    Enters(Member),
    Says { room: String, text: String },
    Leaves { room: String, name: String },
}

struct Member {
    name: String,
    room: String,
    hears: Sender<String>,
    /// To be closed if the member does not listen.
    client: TcpStream,
}

/// Has the rooms.
fn host(events: Receiver<Event>) {
    let mut rooms: HashMap<String, Vec<Member>> = HashMap::new();
    let tell = |members: &mut Vec<Member>, text: &str| {
        members.retain(|member| {
            let keeps_up = member.hears.try_send(text.to_owned()).is_ok();
            if !keeps_up {
                let _ = member.client.close();
            }
            keeps_up
        });
    };
    for event in &events {
        match event {
            Event::Enters(member) => {
                let members = rooms.entry(member.room.clone()).or_default();
                tell(members, &format!("{} has come", member.name));
                members.push(member);
            }
            Event::Says { room, text } => tell(rooms.entry(room).or_default(), &text),
            Event::Leaves { room, name } => {
                let members = rooms.entry(room).or_default();
                members.retain(|member| member.name != name);
                tell(members, &format!("{name} has left"));
            }
        }
    }
}

/// Serves one client: who it is, where it talks, and then what it says.
fn serve(client: TcpStream, events: Sender<Event>) -> io::Result<()> {
    client.set_read_deadline(Some(Instant::now() + Duration::from_secs(10)))?;
    let mut lines = BufReader::new(client.clone()).lines();
    let (Some(name), Some(room)) = (lines.next(), lines.next()) else { return Ok(()) };
    let (name, room) = (name?, room?);
    client.set_read_deadline(None)?;

    let (hears, heard) = chan!(String, BEHIND).split();
    let mut writer = client.clone();
    let writing = go!({
        for text in &heard {
            if writeln!(writer, "{text}").is_err() {
                break;
            }
        }
    });
    let member = Member { name: name.clone(), room: room.clone(), hears, client };
    let _ = events.send(Event::Enters(member));
    for line in lines.map_while(Result::ok) {
        let _ = events.send(Event::Says { room: room.clone(), text: format!("{name}: {line}") });
    }
    let _ = events.send(Event::Leaves { room, name });
    // It ends when the host has dropped the member.
    let _ = writing.join();
    Ok(())
}

fn run(listener: &TcpListener) {
    let (events, all) = chan!(Event).split();
    let hosting = go!(host(all));
    while let Ok((client, _)) = listener.accept() {
        let events = events.clone();
        go!(serve(client, events));
    }
    drop(events);
    let _ = hosting.join();
}

/// A client that has entered a room.
struct Guest {
    lines: Lines<BufReader<TcpStream>>,
    stream: TcpStream,
}

fn enter(server: SocketAddr, name: &str, room: &str) -> io::Result<Guest> {
    let mut stream = TcpStream::connect(server)?;
    write!(stream, "{name}\n{room}\n")?;
    Ok(Guest { lines: BufReader::new(stream.clone()).lines(), stream })
}

impl Guest {
    fn hears(&mut self) -> io::Result<String> {
        self.lines.next().unwrap_or(Err(io::ErrorKind::UnexpectedEof.into()))
    }
}

#[gochan::main]
fn main() -> io::Result<()> {
    if let Some(address) = std::env::args().nth(1) {
        run(&TcpListener::bind(address)?);
        return Ok(());
    }
    let listener = TcpListener::bind("127.0.0.1:0")?;
    let address = listener.local_addr()?;
    let server = go!([listener] { run(&listener) });

    let mut ann = enter(address, "ann", "tea")?;
    // Once she hears herself, she is there.
    writeln!(ann.stream, "first")?;
    assert_eq!(ann.hears()?, "ann: first");
    let mut bob = enter(address, "bob", "tea")?;
    println!("ann hears: {}", ann.hears()?);
    writeln!(bob.stream, "hello")?;
    println!("ann hears: {}", ann.hears()?);

    let mut carl = enter(address, "carl", "coffee")?;
    writeln!(carl.stream, "first")?;
    assert_eq!(carl.hears()?, "carl: first");
    let dora = enter(address, "dora", "coffee")?;
    println!("carl, in another room, hears: {}", carl.hears()?);

    let sleepy = enter(address, "sleepy", "tea")?;
    assert_eq!(ann.hears()?, "sleepy has come");
    let long = "x".repeat(100_000);
    for number in 0.. {
        writeln!(bob.stream, "{number} {long}")?;
        let heard = ann.hears()?;
        // Bob listens too.
        while bob.hears()? != heard {}
        if number == 0 {
            println!("sleepy does not listen and is dropped, ann still hears: {}", &heard[..6]);
        }
        if heard == "sleepy has left" {
            break;
        }
    }
    drop(sleepy);
    drop(bob);
    while ann.hears()? != "bob has left" {}
    println!("ann hears: bob has left");
    listener.close()?;
    drop((ann, carl, dora));
    server.join().unwrap();
    Ok(())
}
