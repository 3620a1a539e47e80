//! A text as tokens that know their places, and the comments between them.

use proc_macro2::{TokenStream, TokenTree};
use std::ops::Range;

/// A text without `#!` line and byte order mark.
pub(super) struct Lexed<'t> {
    /// The text.
    pub(super) text: &'t str,
    /// The bytes of each token, brackets one by one, in order. A doc comment is one token.
    pub(super) leaves: Vec<Range<usize>>,
    /// The bytes of each comment that is not a doc comment.
    pub(super) comments: Vec<Range<usize>>,
}

/// The deepest nesting of brackets that is read: tokens are walked recursively.
const DEEPEST: usize = 400;

impl<'t> Lexed<'t> {
    /// The text with its tokens, which know their places on this thread until it reads the next text. `None` if a bracket
    /// or the like is missing.
    pub(super) fn of(text: &'t str) -> Option<(Lexed<'t>, TokenStream)> {
        let mut depth = 0_usize;
        for byte in text.bytes() {
            match byte {
                b'(' | b'[' | b'{' => depth += 1,
                b')' | b']' | b'}' => depth = depth.saturating_sub(1),
                _ => {}
            }
            if depth > DEEPEST {
                return None;
            }
        }
        crate::source::begin(text, 0);
        let tokens: TokenStream = text.parse().ok()?;
        let mut leaves = Vec::new();
        flatten(&tokens, &mut leaves);
        let mut comments = Vec::new();
        let mut end = 0;
        for leaf in &leaves {
            gap(text, end..leaf.start, &mut comments);
            end = leaf.end;
        }
        gap(text, end..text.len(), &mut comments);
        Some((Lexed { text, leaves, comments }, tokens))
    }

    /// True if a comment is in `range`.
    pub(super) fn has_comment(&self, range: &Range<usize>) -> bool {
        let next = self.comments.partition_point(|comment| comment.start < range.start);
        self.comments.get(next).is_some_and(|comment| comment.start < range.end)
    }

    /// The start of the line on which the code around `at` begins: that of a string of several lines, not its last.
    pub(super) fn line_start(&self, at: usize) -> usize {
        let mut start = at;
        loop {
            start = self.text[..start].rfind('\n').map_or(0, |newline| newline + 1);
            let around = |ranges: &[Range<usize>]| {
                let before = ranges.partition_point(|range| range.start < start);
                before.checked_sub(1).map(|at| ranges[at].clone()).filter(|range| range.end > start)
            };
            match around(&self.leaves).or_else(|| around(&self.comments)) {
                Some(around) => start = around.start,
                None => return start,
            }
        }
    }

    /// The text from `at` to the end of the last token that begins on the same line.
    pub(super) fn rest_of_line(&self, at: usize) -> &'t str {
        let line_end = self.text[at..].find('\n').map_or(self.text.len(), |newline| at + newline);
        let next = self.leaves.partition_point(|leaf| leaf.start < at);
        let last = self.leaves[next..].iter().take_while(|leaf| leaf.start < line_end).last();
        &self.text[at..last.map_or(at, |leaf| leaf.end.min(line_end))]
    }
}

/// The place of a token, with its brackets, in the text that this thread has read last.
pub(super) fn place(token: &TokenTree) -> Range<usize> {
    place_of(token.span())
}

/// The place of a span, in the text that this thread has read last.
pub(super) fn place_of(span: proc_macro2::Span) -> Range<usize> {
    let span = crate::source::Span::of(span);
    span.start as usize..span.end as usize
}

/// The place of `tokens`, from the first to the last.
pub(super) fn around(tokens: impl quote::ToTokens) -> Range<usize> {
    let mut tokens = tokens.into_token_stream().into_iter();
    let first = tokens.next().map_or(0..0, |token| place(&token));
    let end = tokens.last().map_or(first.end, |token| place(&token).end);
    first.start..end
}

fn flatten(tokens: &TokenStream, leaves: &mut Vec<Range<usize>>) {
    for token in tokens.clone() {
        // A doc comment stands for `#`, `[`, `doc` and so on, each of them as long as the comment.
        let range = place(&token);
        if leaves.last().is_some_and(|last| range.start < last.end) {
            continue;
        }
        match token {
            TokenTree::Group(group) => {
                leaves.push(place_of(group.span_open()));
                flatten(&group.stream(), leaves);
                leaves.push(place_of(group.span_close()));
            }
            _ => leaves.push(range),
        }
    }
}

/// Collects the comments in what is between two tokens.
fn gap(text: &str, range: Range<usize>, comments: &mut Vec<Range<usize>>) {
    let mut at = range.start;
    while at < range.end {
        let rest = &text[at..range.end];
        let length = if rest.starts_with("//") {
            rest.find('\n').unwrap_or(rest.len())
        } else if rest.starts_with("/*") {
            block_comment(rest)
        } else {
            at += rest.chars().next().map_or(1, char::len_utf8);
            continue;
        };
        comments.push(at..at + length);
        at += length;
    }
}

fn block_comment(rest: &str) -> usize {
    let bytes = rest.as_bytes();
    let (mut depth, mut at) = (0_usize, 0);
    while at < bytes.len() {
        match &bytes[at..] {
            [b'/', b'*', ..] => (depth, at) = (depth + 1, at + 2),
            [b'*', b'/', ..] => {
                (depth, at) = (depth - 1, at + 2);
                if depth == 0 {
                    return at;
                }
            }
            _ => at += 1,
        }
    }
    bytes.len()
}
