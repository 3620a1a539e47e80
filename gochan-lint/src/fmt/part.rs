//! What a line consists of.

use std::ops::Range;

/// A part of a line.
pub(super) enum Part {
    /// As it is.
    Text(String),
    /// An expression.
    Expr(Range<usize>),
    /// A pattern.
    Pattern(Range<usize>),
    /// The block after an `else`.
    Block(Range<usize>),
    /// A list in brackets. Each entry has what comes before its expression, and the expression.
    List(Vec<(String, Option<Range<usize>>)>),
}
