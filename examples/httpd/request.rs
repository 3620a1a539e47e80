//! Reading requests: heads by `httparse`, bodies of known length or in chunks, and limits for both.

use std::io::{self, BufRead, Read};

/// The longest head, and the most header fields.
const HEAD: usize = 8 * 1024;
const FIELDS: usize = 64;
/// The longest body.
pub(crate) const BODY: usize = 64 * 1024;

/// A request that has been read to its end.
pub(crate) struct Request {
    pub(crate) method: String,
    pub(crate) path: String,
    pub(crate) body: Vec<u8>,
    /// The client wants to go on with this connection.
    pub(crate) keep_alive: bool,
}

/// What comes instead of a request.
pub(crate) enum Refused {
    /// The client has left, or the system says so.
    Gone,
    /// The status to answer with, before the connection is closed.
    With(u16),
}

impl From<io::Error> for Refused {
    fn from(_: io::Error) -> Refused {
        Refused::Gone
    }
}

/// Bytes of a connection: what has been read and not used belongs to the next request.
pub(crate) struct Requests<S> {
    stream: S,
    read: Vec<u8>,
}

impl<S: Read> Requests<S> {
    pub(crate) fn new(stream: S) -> Requests<S> {
        Requests { stream, read: Vec::new() }
    }

    /// True if the next request, or a part of it, is there already.
    pub(crate) fn has_begun(&self) -> bool {
        !self.read.is_empty()
    }

    /// Waits for the first bytes of a request. False: there are no more.
    pub(crate) fn begin(&mut self) -> io::Result<bool> {
        Ok(self.has_begun() || self.more()? > 0)
    }

    fn more(&mut self) -> io::Result<usize> {
        let mut buf = [0; 4096];
        let read = self.stream.read(&mut buf)?;
        self.read.extend_from_slice(&buf[..read]);
        Ok(read)
    }

    pub(crate) fn next(&mut self) -> Result<Request, Refused> {
        let (mut request, framing, used) = loop {
            if let Some(head) = parse(&self.read)? {
                break head;
            }
            if self.read.len() >= HEAD {
                return Err(Refused::With(431));
            }
            if self.more()? == 0 {
                return Err(Refused::Gone);
            }
        };
        self.read.drain(..used);
        request.body = match framing {
            Framing::Length(length) if length > BODY => return Err(Refused::With(413)),
            Framing::Length(length) => self.take(length)?,
            Framing::Chunked => self.chunks()?,
        };
        Ok(request)
    }

    fn take(&mut self, length: usize) -> Result<Vec<u8>, Refused> {
        while self.read.len() < length {
            if self.more()? == 0 {
                return Err(Refused::Gone);
            }
        }
        Ok(self.read.drain(..length).collect())
    }

    fn line(&mut self) -> Result<String, Refused> {
        loop {
            if let Some(end) = self.read.iter().position(|&byte| byte == b'\n') {
                let line = (&self.read[..end]).lines().next().transpose()?.unwrap_or_default();
                self.read.drain(..=end);
                return Ok(line.trim_end_matches('\r').to_owned());
            }
            if self.read.len() >= HEAD {
                return Err(Refused::With(400));
            }
            if self.more()? == 0 {
                return Err(Refused::Gone);
            }
        }
    }

    fn chunks(&mut self) -> Result<Vec<u8>, Refused> {
        let mut body = Vec::new();
        loop {
            let line = self.line()?;
            let length = line.split(';').next().unwrap_or_default().trim();
            let length = usize::from_str_radix(length, 16).map_err(|_| Refused::With(400))?;
            if length == 0 {
                // Trailing fields.
                while !self.line()?.is_empty() {}
                return Ok(body);
            }
            if length > BODY - body.len() {
                return Err(Refused::With(413));
            }
            body.append(&mut self.take(length)?);
            if !self.line()?.is_empty() {
                return Err(Refused::With(400));
            }
        }
    }
}

/// How the end of a body is found.
enum Framing {
    Length(usize),
    Chunked,
}

/// The head with the number of its bytes. None: it is not complete.
fn parse(bytes: &[u8]) -> Result<Option<(Request, Framing, usize)>, Refused> {
    let mut fields = [httparse::EMPTY_HEADER; FIELDS];
    let mut head = httparse::Request::new(&mut fields);
    let used = match head.parse(bytes) {
        Ok(httparse::Status::Complete(used)) => used,
        Ok(httparse::Status::Partial) => return Ok(None),
        Err(httparse::Error::TooManyHeaders) => return Err(Refused::With(431)),
        Err(_) => return Err(Refused::With(400)),
    };
    let mut request = Request {
        method: head.method.unwrap_or_default().to_owned(),
        path: head.path.unwrap_or_default().to_owned(),
        body: Vec::new(),
        keep_alive: head.version == Some(1),
    };
    let (mut length, mut chunked) = (None, false);
    for field in head.headers.iter() {
        let value = std::str::from_utf8(field.value).map_err(|_| Refused::With(400))?.trim();
        if field.name.eq_ignore_ascii_case("content-length") {
            let digits = !value.is_empty() && value.bytes().all(|byte| byte.is_ascii_digit());
            let parsed = value.parse().ok().filter(|_| digits).ok_or(Refused::With(400))?;
            // Two different lengths are how requests are smuggled past a proxy.
            if length.is_some_and(|length| length != parsed) {
                return Err(Refused::With(400));
            }
            length = Some(parsed);
        } else if field.name.eq_ignore_ascii_case("transfer-encoding") {
            if !value.eq_ignore_ascii_case("chunked") {
                return Err(Refused::With(501));
            }
            chunked = true;
        } else if field.name.eq_ignore_ascii_case("connection") {
            request.keep_alive = !value.eq_ignore_ascii_case("close")
                && (request.keep_alive || value.eq_ignore_ascii_case("keep-alive"));
        }
    }
    let framing = match (chunked, length) {
        (true, Some(_)) => return Err(Refused::With(400)),
        (true, None) => Framing::Chunked,
        (false, length) => Framing::Length(length.unwrap_or(0)),
    };
    Ok(Some((request, framing, used)))
}
