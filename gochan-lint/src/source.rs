//! Source text and places in it.

use std::cell::RefCell;
use std::path::PathBuf;
use std::sync::Arc;

/// A file that was read.
#[derive(Debug, Clone)]
pub struct SourceFile {
    /// Its path, relative to the workspace if it is inside.
    pub path: PathBuf,
    /// Its text.
    pub text: Arc<str>,
    /// The byte at which each line begins.
    lines: Vec<u32>,
}

/// A range of bytes in a file, which is known from the context.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Span {
    /// The first byte.
    pub start: u32,
    /// The byte after the last.
    pub end: u32,
}

impl Span {
    /// The span of a token. Must be called on the thread that parsed it, after [`begin`] for its file.
    #[must_use]
    pub fn of(span: proc_macro2::Span) -> Span {
        PARSED.with_borrow(|parsed| parsed.place(span))
    }

    /// From the start of one token to the end of another. Cheaper than joining their spans.
    #[must_use]
    pub fn between(first: proc_macro2::Span, last: proc_macro2::Span) -> Span {
        first.join(last).map_or_else(|| Span::of(first).to(Span::of(last)), Span::of)
    }

    /// The span from the start of the earlier to the end of the later.
    #[must_use]
    pub fn to(self, other: Span) -> Span {
        Span { start: self.start.min(other.start), end: self.end.max(other.end) }
    }

    /// True if `other` is inside.
    #[must_use]
    pub fn contains(self, other: Span) -> bool {
        self.start <= other.start && other.end <= self.end
    }
}

/// The text that a thread is parsing.
#[derive(Default)]
struct Parsed {
    /// The length of the start of the file that the parser skips.
    skipped: u32,
    /// The byte at which each line begins, if all characters are ASCII.
    lines: Vec<u32>,
}

thread_local! {
    static PARSED: RefCell<Parsed> = RefCell::default();
}

impl Parsed {
    fn place(&self, span: proc_macro2::Span) -> Span {
        if self.lines.is_empty() {
            let range = span.byte_range();
            return self.shifted(range.start as u32, range.end as u32);
        }
        // `byte_range` counts characters and keeps the counts in a tree; lines and columns are cheaper.
        let (start, end) = (span.start(), span.end());
        let byte = |place: proc_macro2::LineColumn| {
            self.lines.get(place.line - 1).map_or(0, |line| line + place.column as u32)
        };
        self.shifted(byte(start), byte(end))
    }

    fn shifted(&self, start: u32, end: u32) -> Span {
        // Tokens without a place in a file.
        if end == 0 {
            return Span::default();
        }
        Span { start: start + self.skipped, end: end + self.skipped }
    }
}

/// Sets the text of the places that this thread asks for. The parser skips the first `skipped` bytes of it.
pub fn begin(text: &str, skipped: usize) {
    let parsed = &text[skipped..];
    PARSED.with_borrow_mut(|known| {
        known.skipped = skipped as u32;
        known.lines.clear();
        if parsed.is_ascii() {
            known.lines.extend(line_starts(parsed));
        }
    });
}

fn line_starts(text: &str) -> impl Iterator<Item = u32> {
    let ends = text.bytes().zip(1..).filter(|&(byte, _)| byte == b'\n');
    std::iter::once(0).chain(ends.map(|(_, next)| next))
}

/// A line and a column, both counted from one; columns count characters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Position {
    /// The line.
    pub line: u32,
    /// The column.
    pub column: u32,
}

impl SourceFile {
    /// A file with `text`.
    #[must_use]
    pub fn new(path: PathBuf, text: String) -> SourceFile {
        let lines = line_starts(&text).collect();
        SourceFile { path, text: text.into(), lines }
    }

    /// The position of a byte.
    #[must_use]
    pub fn position(&self, byte: u32) -> Position {
        let line = self.lines.partition_point(|&start| start <= byte).max(1);
        let start = self.lines[line - 1] as usize;
        let end = (byte as usize).min(self.text.len());
        let column = self.text.get(start..end).map_or(0, |before| before.chars().count());
        Position { line: line as u32, column: column as u32 + 1 }
    }

    /// The text of a line, counted from one, without its end.
    #[must_use]
    pub fn line(&self, line: u32) -> &str {
        let start = self.lines[line as usize - 1] as usize;
        let end = self.lines.get(line as usize).map_or(self.text.len(), |&next| next as usize);
        self.text[start..end].trim_end_matches(['\n', '\r'])
    }

    /// The number of lines.
    #[must_use]
    pub fn line_count(&self) -> usize {
        self.lines.len()
    }

    /// The text of a span.
    #[must_use]
    pub fn snippet(&self, span: Span) -> &str {
        self.text.get(span.start as usize..span.end as usize).unwrap_or("")
    }
}
