//! The store: a map in the hands of one goroutine, and a log of what has changed it, from which it is made again.

use std::collections::HashMap;
use std::fmt::Write as _;
use std::io::{self, Write};
use std::path::PathBuf;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use gochan::fs::{self, File};
use gochan::prelude::*;
use gochan::time::Ticker;

/// What a client asks, and where the answer goes: a channel with room for it.
pub(crate) struct Request {
    pub(crate) command: Command,
    pub(crate) answer: Sender<String>,
}

pub(crate) enum Command {
    Get(String),
    /// For good, or for a while.
    Set(String, String, Option<Duration>),
    Delete(String),
    Stats,
}

struct Entry {
    value: String,
    /// In milliseconds since 1970; zero: never.
    expires: u128,
}

impl Entry {
    fn is_alive(&self, now: u128) -> bool {
        self.expires == 0 || now < self.expires
    }
}

fn now() -> u128 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_millis())
}

pub(crate) struct Store {
    entries: HashMap<String, Entry>,
    path: PathBuf,
    log: File,
    /// Lines of the log, some of which are about what has been changed since.
    lines: usize,
    compactions: usize,
}

impl Store {
    /// Reads the log, if there is one.
    pub(crate) fn open(path: PathBuf) -> io::Result<Store> {
        let text = match fs::read_to_string(&path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => String::new(),
            text => text?,
        };
        let log = File::options().append(true).create(true).open(&path)?;
        let mut store = Store { entries: HashMap::new(), path, log, lines: 0, compactions: 0 };
        // What was being written at a crash has no end of the line.
        let whole = text.rfind('\n').map_or("", |end| &text[..end]);
        whole.lines().for_each(|line| store.replay(line));
        Ok(store)
    }

    fn replay(&mut self, line: &str) {
        self.lines += 1;
        let mut words = line.splitn(4, ' ');
        match (words.next(), words.next(), words.next(), words.next()) {
            (Some("set"), Some(key), Some(expires), Some(value)) => {
                let entry = Entry { value: value.to_owned(), expires: expires.parse().unwrap_or(0) };
                self.entries.insert(key.to_owned(), entry);
            }
            (Some("delete"), Some(key), None, None) => drop(self.entries.remove(key)),
            _ => {}
        }
    }

    /// Serves until nobody can ask any more. Now and then, writes the log anew if most of it is out of date.
    pub(crate) fn serve(mut self, requests: &Receiver<Request>, between: Duration) -> io::Result<()> {
        let ticker = Ticker::new(between);
        loop {
            select! {
                Some(Request { command, answer }) = <-requests else break => {
                    let text = self.execute(command)?;
                    // A client that has left needs no answer.
                    let _ = answer.try_send(text);
                }
                _ = <-ticker.channel() => self.compact()?,
            }
        }
        self.log.sync_all()
    }

    fn execute(&mut self, command: Command) -> io::Result<String> {
        let now = now();
        Ok(match command {
            Command::Get(key) => match self.entries.get(&key).filter(|entry| entry.is_alive(now)) {
                Some(entry) => entry.value.clone(),
                None => "(none)".to_owned(),
            },
            Command::Set(key, value, time) => {
                let expires = time.map_or(0, |time| now + time.as_millis());
                self.write(&format!("set {key} {expires} {value}\n"))?;
                self.entries.insert(key, Entry { value, expires });
                "ok".to_owned()
            }
            Command::Delete(key) => {
                self.write(&format!("delete {key}\n"))?;
                if self.entries.remove(&key).is_some() { "ok" } else { "(none)" }.to_owned()
            }
            Command::Stats => {
                let alive = self.entries.values().filter(|entry| entry.is_alive(now)).count();
                format!("keys={alive} lines={} compactions={}", self.lines, self.compactions)
            }
        })
    }

    fn write(&mut self, line: &str) -> io::Result<()> {
        self.log.write_all(line.as_bytes())?;
        self.lines += 1;
        Ok(())
    }

    fn compact(&mut self) -> io::Result<()> {
        let now = now();
        self.entries.retain(|_, entry| entry.is_alive(now));
        if self.lines <= 2 * self.entries.len() {
            return Ok(());
        }
        let mut text = String::new();
        for (key, entry) in &self.entries {
            let _ = writeln!(text, "set {key} {} {}", entry.expires, entry.value);
        }
        // One of the two files is whole at any time.
        let new = self.path.with_extension("new");
        let mut log = File::create(&new)?;
        log.write_all(text.as_bytes())?;
        log.sync_all()?;
        fs::rename(&new, &self.path)?;
        (self.log, self.lines) = (log, self.entries.len());
        self.compactions += 1;
        Ok(())
    }
}
