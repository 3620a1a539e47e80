//! How deep the brackets of a file are nested. The parser is recursive, and so is the code that reads its result.

use crate::source::Span;
use proc_macro2::{TokenStream, TokenTree};

/// The deepest nesting that is read.
pub(super) const DEEPEST: usize = 256;

/// The bracket at which nesting is too deep.
pub(super) fn too_deep(text: &str) -> Option<Span> {
    // Few files have such a place, even if brackets in strings and comments count.
    if deepest(text) <= DEEPEST {
        return None;
    }
    let mut open = vec![text.parse::<TokenStream>().ok()?.into_iter()];
    while let Some(innermost) = open.last_mut() {
        match innermost.next() {
            Some(TokenTree::Group(group)) if open.len() > DEEPEST => {
                return Some(Span::of(group.span_open()));
            }
            Some(TokenTree::Group(group)) => open.push(group.stream().into_iter()),
            Some(_) => {}
            None => {
                open.pop();
            }
        }
    }
    None
}

fn deepest(text: &str) -> usize {
    let mut depth = 0usize;
    let depths = text.bytes().map(|byte| {
        match byte {
            b'(' | b'[' | b'{' => depth += 1,
            b')' | b']' | b'}' => depth = depth.saturating_sub(1),
            _ => {}
        }
        depth
    });
    depths.max().unwrap_or(0)
}
