//! The connections: a goroutine for each, which reads lines, asks the store, and writes answers.

use std::io::{self, BufRead, BufReader, Read, Write};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::time::{Duration, Instant};

use gochan::net::{TcpListener, TcpStream};
use gochan::prelude::*;

use crate::store::{Command, Request};

/// The longest line that is read.
const LONGEST: u64 = 64 << 10;

/// What is measured.
#[derive(Debug, Default)]
pub(crate) struct Metrics {
    pub(crate) connections: AtomicU64,
    pub(crate) open: AtomicU64,
    pub(crate) commands: AtomicU64,
    pub(crate) refused: AtomicU64,
    pub(crate) timeouts: AtomicU64,
}

#[derive(Clone)]
pub(crate) struct Server {
    /// Its end ends the server.
    pub(crate) ctx: Context,
    pub(crate) store: Sender<Request>,
    pub(crate) metrics: Arc<Metrics>,
    /// A client that says nothing for so long is disconnected.
    pub(crate) idle: Duration,
}

impl Server {
    /// Serves until the context ends, then lets the commands that have begun come to their end.
    pub(crate) fn run(self, listener: &TcpListener) {
        let clients = WaitGroup::new();
        while let Ok((stream, _)) = listener.accept_ctx(&self.ctx) {
            let server = self.clone();
            clients.go(move || {
                server.metrics.connections.fetch_add(1, Relaxed);
                server.metrics.open.fetch_add(1, Relaxed);
                let _ = server.client(&stream);
                server.metrics.open.fetch_sub(1, Relaxed);
            });
        }
        let _ = listener.close();
        clients.wait();
    }

    fn client(&self, stream: &TcpStream) -> io::Result<()> {
        let mut reader = BufReader::new(stream);
        let (answer, answers) = chan!(String, 1).split();
        loop {
            let text = match self.read_line(stream, &mut reader) {
                Ok(Some(line)) => match self.parse(&line) {
                    Ok(command) => {
                        self.metrics.commands.fetch_add(1, Relaxed);
                        send!(self.store <- Request { command, answer: answer.clone() });
                        recv!(answers)
                    }
                    Err(_) if line == "quit" => return Ok(()),
                    Err(why) => {
                        self.metrics.refused.fetch_add(1, Relaxed);
                        format!("error: {why}")
                    }
                },
                Ok(None) => return Ok(()),
                Err(error) => {
                    let why = match self.ctx.err() {
                        Some(_) => "the server ends".to_owned(),
                        None => error.to_string(),
                    };
                    self.metrics
                        .timeouts
                        .fetch_add(u64::from(error.kind() == io::ErrorKind::TimedOut), Relaxed);
                    return self.say(stream, &format!("error: {why}"));
                }
            };
            self.say(stream, &text)?;
        }
    }

    fn say(&self, mut stream: &TcpStream, text: &str) -> io::Result<()> {
        stream.set_write_deadline(Some(Instant::now() + self.idle))?;
        stream.write_all(format!("{text}\n").as_bytes())
    }

    /// The next line, without its end; `None` at the end of the stream.
    fn read_line(&self, stream: &TcpStream, reader: &mut impl BufRead) -> io::Result<Option<String>> {
        // All of it within the time: a byte now and then does not keep the connection.
        stream.set_read_deadline(Some(Instant::now() + self.idle))?;
        let _until = stream.until(&self.ctx);
        let mut line = String::new();
        reader.by_ref().take(LONGEST).read_line(&mut line)?;
        match line.strip_suffix('\n') {
            Some(whole) => Ok(Some(whole.trim_end_matches('\r').to_owned())),
            None if line.is_empty() => Ok(None),
            None => Err(io::Error::new(io::ErrorKind::InvalidData, "too long a line, or half of one")),
        }
    }

    fn parse(&self, line: &str) -> Result<Command, String> {
        let (word, rest) = line.split_once(' ').unwrap_or((line, ""));
        let key = |text: &str| match text.is_empty() || text.contains(' ') {
            true => Err(format!("`{word}` needs a key")),
            false => Ok(text.to_owned()),
        };
        match word {
            "get" => Ok(Command::Get(key(rest)?)),
            "delete" => Ok(Command::Delete(key(rest)?)),
            "set" | "lend" => {
                let (name, mut value) = rest.split_once(' ').ok_or("a key and a value are missing")?;
                let mut time = None;
                if word == "lend" {
                    let (millis, rest) =
                        value.split_once(' ').ok_or("milliseconds and a value are missing")?;
                    let millis = millis.parse().map_err(|_| format!("`{millis}` is no number"))?;
                    (time, value) = (Some(Duration::from_millis(millis)), rest);
                }
                Ok(Command::Set(key(name)?, value.to_owned(), time))
            }
            "stats" => Ok(Command::Stats),
            _ => Err(format!("`{word}` is no command")),
        }
    }
}
