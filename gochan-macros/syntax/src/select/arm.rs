//! The part of an arm before its `=>`: the operation and the guard.

use proc_macro2::TokenTree;
use syn::{Error, Expr, Result, Token};

use super::mistakes::{missing_fat_arrow, misspelled_fat_arrow, no_arrow};
use super::pattern::{irrefutable, receive_binding};
use super::{ARMS, ArmBody, ArmKind, Guard, Receive, ReceiveBinding, SelectSend};
use crate::Body;
use crate::send::second_arrow;
use crate::tokens::{self, error_at, find_arrow, find_assign, is_operator, is_word, parse_expr, split_comma};

/// Splits `operation, if condition`.
pub(super) fn split_guard(header: &[TokenTree]) -> Result<(&[TokenTree], Option<Guard>)> {
    let comma = (0..header.len()).rev().find(|&at| {
        tokens::punct(header, at).is_some_and(|punct| punct.as_char() == ',') && is_word(header, at + 1, "if")
    });
    let Some(comma) = comma else { return Ok((header, None)) };
    let (if_span, condition) = (header[comma + 1].span(), &header[comma + 2..]);
    if condition.is_empty() {
        return Err(Error::new(if_span, "the condition is missing after `if`"));
    }
    let condition = parse_expr(condition).map_err(|error| missing_fat_arrow(condition).unwrap_or(error))?;
    if let Some(binding) = binding(&condition) {
        return Err(Error::new_spanned(
            binding,
            "a guard is a `bool`, known before the arm waits, and binds nothing: `, if matches!(…)`",
        ));
    }
    let guard = Guard { comma: Token![,](header[comma].span()), if_token: Token![if](if_span), condition };
    Ok((&header[..comma], Some(guard)))
}

/// The `let` in `let Some(x) = y && z`.
fn binding(condition: &Expr) -> Option<&Expr> {
    match condition {
        Expr::Let(_) => Some(condition),
        Expr::Binary(binary) => binding(&binary.left).or_else(|| binding(&binary.right)),
        _ => None,
    }
}

pub(super) fn arm_kind(operation: &[TokenTree]) -> Result<ArmKind> {
    let Some(first) = operation.first() else {
        return Err(Error::new(
            proc_macro2::Span::call_site(),
            format!("the arm needs an operation: {ARMS}"),
        ));
    };
    if let Some(fallback) = fallback(operation) {
        return fallback;
    }
    if is_word(operation, 0, "if") && split_comma(operation).is_some() {
        return Err(Error::new(first.span(), "a guard follows the operation: `<-rx, if condition => …`"));
    }
    let at =
        find_arrow(operation).filter(|_| !is_word(operation, 0, "case") && !is_word(operation, 0, "let"));
    let Some(at) = at else { return Err(no_arrow(operation)) };
    let arrow = tokens::arrow_token(operation, at);
    let (before, after) = (&operation[..at], &operation[at + 2..]);
    if let Some(colon) = (0..before.len()).find(|&at| is_operator(before, at, ':', '=')) {
        return Err(error_at(&before[colon..colon + 2], "an arm binds with `=`: `v = <-rx`"));
    }
    if after.is_empty() {
        return Err(Error::new_spanned(arrow, format!("an operand is missing after `<-`: {ARMS}")));
    }
    match find_assign(before) {
        Some(0) => Err(Error::new(first.span(), "name what is received before `=`, or drop the `=`: `<-rx`")),
        Some(eq) if eq + 1 == before.len() => receive(receive_binding(&before[..eq])?, arrow, after),
        None if before.is_empty() => receive(ReceiveBinding::Discard, arrow, after),
        eq => {
            let result = eq.map(|eq| irrefutable(&before[..eq])).transpose()?;
            let channel = parse_expr(&before[eq.map_or(0, |eq| eq + 1)..])?;
            let value = operand(after)?;
            Ok(ArmKind::Send(Box::new(SelectSend { result, channel, arrow, value })))
        }
    }
}

/// `default` and `else`, unless the word is only the name of a channel.
fn fallback(operation: &[TokenTree]) -> Option<Result<ArmKind>> {
    let span = operation[0].span();
    let arm = match &operation[0] {
        TokenTree::Ident(word) if word == "default" => ArmKind::Default(Token![default](span)),
        TokenTree::Ident(word) if word == "else" => ArmKind::Else(Token![else](span)),
        TokenTree::Ident(word) if word == "_" && operation.len() == 1 => {
            return Some(Err(Error::new(
                span,
                "the arm that is taken when nothing is ready is `default => …`",
            )));
        }
        TokenTree::Ident(word) if word == "complete" && operation.len() == 1 => {
            return Some(Err(Error::new(
                span,
                "the arm that is taken when all others are off is `else => …`",
            )));
        }
        _ => return None,
    };
    if let Some(error) = misspelled_fat_arrow(operation, |before| before.len() == 1) {
        return Some(Err(error));
    }
    match operation.get(1) {
        None => Some(Ok(arm)),
        Some(TokenTree::Punct(_)) if matches!(arm, ArmKind::Default(_)) => None,
        Some(next) => Some(Err(Error::new(next.span(), "missing `=>` before the arm's body"))),
    }
}

fn receive(binding: ReceiveBinding, arrow: Token![<-], after: &[TokenTree]) -> Result<ArmKind> {
    let closes = matches!(binding, ReceiveBinding::Some(_));
    let arm = |channel, otherwise| ArmKind::Receive(Box::new(Receive { binding, arrow, channel, otherwise }));
    if let Ok(channel) = parse_expr(after)
        && find_arrow(after).is_none()
    {
        if let Expr::Await(awaited) = &channel
            && let Expr::MethodCall(call) = &*awaited.base
            && call.method == "recv"
        {
            return Err(Error::new_spanned(channel, "the arm itself waits and receives: `v = <-rx`"));
        }
        return Ok(arm(channel, None));
    }
    // `if a { b } else { c }` may itself be the channel: the last `else` with a whole expression before it.
    let split = (0..after.len())
        .rev()
        .filter(|&at| is_word(after, at, "else"))
        .find_map(|at| parse_expr(&after[..at]).ok().map(|channel| (at, channel)));
    let Some((at, channel)) = split else { return operand(after).map(|channel| arm(channel, None)) };
    let (word, otherwise) = (after[at].span(), &after[at + 1..]);
    if !closes {
        return Err(Error::new(word, "`else` belongs to a `Some(v)` arm: `Some(v) = <-rx else { … } => …`"));
    }
    if otherwise.is_empty() {
        return Err(Error::new(word, "what to do once the channel is closed is missing after `else`"));
    }
    let block = if let [token] = otherwise { tokens::braces(token) } else { None };
    let otherwise = match block {
        Some(block) => ArmBody::Block(Body::of(&block)),
        None => ArmBody::Expr(operand(otherwise)?),
    };
    Ok(arm(channel, Some((Token![else](word), otherwise))))
}

/// An expression that ends where `=>` or the guard began; further tokens in it show that the `=>` is missing.
fn operand(tokens: &[TokenTree]) -> Result<Expr> {
    let error = match (parse_expr(tokens), find_arrow(tokens)) {
        (Ok(expr), None) => return Ok(expr),
        (Err(error), None) => match split_comma(tokens) {
            Some((operand, _, rest)) if !rest.is_empty() && parse_expr(operand).is_ok() => {
                error_at(rest, "after the comma comes a guard: `, if condition => …`")
            }
            _ => error,
        },
        (_, Some(second)) => match split_comma(&tokens[..second]) {
            Some((_, _, next)) if !is_word(next, 0, "if") => error_at(
                &tokens[second..second + 2],
                "an arm is one operation: write another arm for this one",
            ),
            _ => second_arrow(tokens, second),
        },
    };
    Err(missing_fat_arrow(tokens).unwrap_or(error))
}
