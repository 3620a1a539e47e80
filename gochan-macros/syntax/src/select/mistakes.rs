//! What was meant by an arm that is none: the errors for what is missing or misspelled.

use proc_macro2::{Delimiter, TokenTree};
use syn::Error;

use super::ARMS;
use crate::tokens::{
    self, error_at, find_assign, is_operator, is_word, misspelled_arrow, parse_expr, split_comma,
};

/// The end of the operand at the start of `tokens`, although no `=>` follows.
pub(super) fn operand_end(tokens: &[TokenTree]) -> Option<usize> {
    let starts_body = |at: usize| match &tokens[at] {
        TokenTree::Group(group) => group.delimiter() == Delimiter::Brace,
        TokenTree::Ident(_) => true,
        _ => false,
    };
    (1..tokens.len()).find(|&at| starts_body(at) && parse_expr(&tokens[..at]).is_ok())
}

/// The `:` or `->` written in place of `=>` behind a complete operation.
pub(super) fn misspelled_fat_arrow(
    tokens: &[TokenTree],
    is_complete: fn(&[TokenTree]) -> bool,
) -> Option<Error> {
    let path = |at: usize| is_operator(tokens, at, ':', ':') || is_operator(tokens, at - 1, ':', ':');
    (1..tokens.len()).find_map(|at| {
        let (length, written) = match () {
            () if is_operator(tokens, at, '-', '>') => (2, "->"),
            () if tokens::is_punct(tokens, at, ':') && !path(at) => (1, ":"),
            () => return None,
        };
        let message = format!("an arm's body follows `=>`, not `{written}`");
        is_complete(&tokens[..at]).then(|| error_at(&tokens[at..at + length], message))
    })
}

/// The error for an arm's body in `tokens` without a `=>` before it.
pub(super) fn missing_fat_arrow(tokens: &[TokenTree]) -> Option<Error> {
    if let Some(error) = misspelled_fat_arrow(tokens, |operand| parse_expr(operand).is_ok()) {
        return Some(error);
    }
    if let Some((_, comma, rest)) = split_comma(tokens)
        && rest.len() == 1
        && is_word(rest, 0, "ok")
    {
        return Some(error_at(&[comma.clone(), rest[0].clone()], "`ok` goes to the names: `v, ok = <-rx`"));
    }
    let at = operand_end(tokens)?;
    let span = tokens[at].span();
    if is_word(tokens, at, "if") {
        return Some(Error::new(span, "a guard follows a comma: `, if condition =>`"));
    }
    Some(Error::new(span, "missing `=>` before the arm's body"))
}

pub(super) fn no_arrow(operation: &[TokenTree]) -> Error {
    let word = operation[0].span();
    if is_word(operation, 0, "case") {
        let message = "arms have no `case`: `v = <-rx => …`, `tx <- value => …`, `default => …`";
        return Error::new(word, message);
    }
    if is_word(operation, 0, "let") {
        return Error::new(word, "an arm needs no `let`: `v = <-rx => …`");
    }
    if let Some(at) = misspelled_arrow(operation) {
        let (arrow, spaced) = (&operation[at..at + 2], tokens::is_punct(operation, at, '<'));
        let in_one_piece = if spaced { ", in one piece" } else { "" };
        return error_at(arrow, format!("the arrow is `<-`{in_one_piece}: {ARMS}"));
    }
    let called = operation.iter().rev().find_map(|token| match token {
        TokenTree::Ident(word) => Some(word.to_string()),
        _ => None,
    });
    let is_call = matches!(operation.last(), Some(TokenTree::Group(_)));
    if is_call && called.as_deref() == Some("sleep") {
        return error_at(
            operation,
            "an arm that waits for a time receives from its channel: `<-after(d) => …`",
        );
    }
    match find_assign(operation) {
        Some(eq) if eq + 1 < operation.len() => {
            error_at(&operation[eq + 1..], "`<-` is missing: to receive, write `v = <-rx`")
        }
        _ => error_at(operation, format!("`<-` is missing: {ARMS}")),
    }
}
