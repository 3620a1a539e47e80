//! The goroutine that reads lines.

use super::ready::Ending;
use crate::Context;
use crate::chan::{Chan, Receiver, Sender};
use crate::context::background;
use crate::spawn::blocking::blocking;
use crate::spawn::start::go_from;
use std::collections::VecDeque;
use std::io::{self, ErrorKind, Read};
use std::os::fd::AsFd;
use std::panic::Location;

/// The lines of `reader`, without their ends (`\n` or `\r\n`), until the end of the input or an error. Bytes that are not
/// UTF-8 are replaced by U+FFFD.
///
/// Starts a goroutine, which ends when the receiver has been dropped and the read in flight has returned; see the
/// [module](crate::io).
///
/// ```
/// let lines = gochan::io::lines(&b"one\ntwo\r\n\nfour"[..]);
/// assert_eq!(lines.iter().collect::<Vec<_>>(), ["one", "two", "", "four"]);
/// ```
#[doc(alias = "bufio.Scanner")]
#[track_caller]
pub fn lines<R: Read + Send + 'static>(reader: R) -> Receiver<String> {
    start(background(), reader, |_| Ok(()))
}

/// Like [`lines`], until the context ends. The goroutine then leaves a wait for input at once, and what is not read stays in
/// the input; see the [module](crate::io).
///
/// ```
/// use gochan::prelude::*;
/// use std::io::Write;
///
/// let (input, mut output) = std::io::pipe().unwrap();
/// let (ctx, cancel) = background().with_cancel();
/// let lines = gochan::io::lines_ctx(&ctx, input);
/// output.write_all(b"one\ntw").unwrap();
/// assert_eq!(lines.recv().unwrap(), "one");
/// cancel.cancel();
/// assert_eq!(lines.recv(), None);
/// ```
#[track_caller]
pub fn lines_ctx<R: Read + AsFd + Send + 'static>(ctx: &Context, reader: R) -> Receiver<String> {
    let mut ending = None;
    let watched = ctx.clone();
    start(ctx.clone(), reader, move |reader: &R| {
        let ending = match &mut ending {
            Some(ending) => ending,
            none => none.insert(Ending::of(&watched)?),
        };
        ending.wait_for([Some(reader.as_fd())]).map(|_| ())
    })
}

/// Starts the goroutine. It calls `ready` before each read.
#[track_caller]
fn start<R: Read + Send + 'static>(
    ctx: Context,
    reader: R,
    ready: impl FnMut(&R) -> io::Result<()> + Send + 'static,
) -> Receiver<String> {
    let (output, lines) = Chan::new().split();
    go_from(Location::caller(), move || {
        Lines { reader, ready, read: VecDeque::new() }.send_all(&ctx, &output);
    });
    lines
}

struct Lines<R, F> {
    reader: R,
    ready: F,
    read: VecDeque<u8>,
}

impl<R: Read + Send, F: FnMut(&R) -> io::Result<()>> Lines<R, F> {
    fn send_all(&mut self, ctx: &Context, output: &Sender<String>) {
        while let Some(line) = self.next() {
            crate::select! {
                biased;
                <-ctx.done() => return,
                sent = output <- line => if sent.is_err() { return },
            }
        }
    }

    /// The next line. None at the end.
    fn next(&mut self) -> Option<String> {
        let mut searched = 0;
        loop {
            if let Some(end) = self.read.range(searched..).position(|&byte| byte == b'\n') {
                return Some(self.take(searched + end + 1));
            }
            searched = self.read.len();
            match self.read_more() {
                Ok(1..) => {}
                Ok(0) if searched > 0 => return Some(self.take(searched)),
                _ => return None,
            }
        }
    }

    fn read_more(&mut self) -> io::Result<usize> {
        const AT_ONCE: usize = 8192;
        loop {
            (self.ready)(&self.reader)?;
            let (reader, read) = (&mut self.reader, &mut self.read);
            let result: io::Result<usize> = blocking(|| {
                let mut bytes = [0; AT_ONCE];
                let length = reader.read(&mut bytes)?;
                read.extend(&bytes[..length]);
                Ok(length)
            });
            match result {
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                result => return result,
            }
        }
    }

    fn take(&mut self, length: usize) -> String {
        let mut line: Vec<u8> = self.read.drain(..length).collect();
        if line.pop_if(|&mut byte| byte == b'\n').is_some() {
            line.pop_if(|&mut byte| byte == b'\r');
        }
        String::from_utf8(line).unwrap_or_else(|error| String::from_utf8_lossy(error.as_bytes()).into_owned())
    }
}
