//! What a `select!` consists of.

use super::lexed::{Lexed, around, place, place_of};
use super::part::Part;
use gochan_syntax::{Arm, ArmBody, ArmKind, Receive, ReceiveBinding, Select};
use proc_macro2::{Group, TokenTree};
use std::ops::Range;

/// A `select!`.
pub(super) struct Arms {
    /// The text between the braces, with the braces.
    pub(super) range: Range<usize>,
    /// `biased;`
    pub(super) biased: Option<Range<usize>>,
    /// The arms, in order.
    pub(super) arms: Vec<Header>,
    /// Where the last arm ends, if it ends without a comma.
    pub(super) open_end: Option<usize>,
}

/// What comes before the `=>` of an arm.
pub(super) struct Header {
    /// Its place.
    pub(super) range: Range<usize>,
    /// Its parts, unless it stays as it is because there are comments in it.
    pub(super) parts: Option<Vec<Part>>,
}

/// Takes a `select!` in braces apart.
pub(super) fn plan(select: &Select, group: &Group, lexed: &Lexed<'_>) -> Option<Arms> {
    let tokens: Vec<TokenTree> = group.stream().into_iter().collect();
    let mut at = 0;
    let biased = select.biased.as_ref().and_then(|_| {
        at = 2;
        Some(place(tokens.first()?).start..place(tokens.get(1)?).end)
    });
    let mut arms = Vec::with_capacity(select.arms.len());
    for arm in &select.arms {
        while matches!(&tokens.get(at)?, TokenTree::Punct(comma) if comma.as_char() == ',') {
            at += 1;
        }
        let arrow = place_of(arm.fat_arrow.spans[0]).start;
        let length = tokens[at..].iter().position(|token| place(token).start == arrow)?;
        let header = &tokens[at..at + length];
        let start = place(header.first()?).start;
        let (range, parts) = if lexed.has_comment(&(start..arrow)) {
            (start..start + lexed.text[start..arrow].trim_end().len(), None)
        } else {
            (start..place(header.last()?).end, Some(parts(arm, header)?))
        };
        arms.push(Header { range, parts });
        let end = around(&arm.body).end;
        at += length + tokens[at + length..].iter().take_while(|token| place(token).start < end).count();
    }
    let range = place_of(group.span_open()).start..place_of(group.span_close()).end;
    let last = select.arms.last().filter(|_| at == tokens.len());
    Some(Arms { range, biased, arms, open_end: last.map(|arm| around(&arm.body).end) })
}

fn text(text: &str) -> Part {
    Part::Text(text.to_owned())
}

fn parts(arm: &Arm, header: &[TokenTree]) -> Option<Vec<Part>> {
    let mut parts = match &arm.kind {
        ArmKind::Default(_) => vec![text("default")],
        ArmKind::Else(_) => vec![text("else")],
        ArmKind::Send(send) => {
            let mut parts = Vec::new();
            if let Some(result) = &send.result {
                parts.extend([Part::Pattern(around(result)), text(" = ")]);
            }
            parts.extend([Part::Expr(around(&send.channel)), text(" <- "), Part::Expr(around(&send.value))]);
            parts
        }
        ArmKind::Receive(receive) => receive_parts(receive, header)?,
    };
    if let Some(guard) = &arm.guard {
        parts.extend([text(", if "), Part::Expr(around(&guard.condition))]);
    }
    Some(parts)
}

fn receive_parts(receive: &Receive, header: &[TokenTree]) -> Option<Vec<Part>> {
    let mut parts = match &receive.binding {
        ReceiveBinding::Discard => Vec::new(),
        ReceiveBinding::CommaOk(names) => {
            vec![Part::Pattern(around(&names.0)), text(", "), Part::Pattern(around(&names.1)), text(" = ")]
        }
        ReceiveBinding::Value(_) | ReceiveBinding::Some(_) => {
            // Everything before the `=`.
            let arrow = place_of(receive.arrow.spans[0]).start;
            let equals = header.iter().position(|token| place(token).start == arrow)?.checked_sub(1)?;
            let last = place(header.get(equals.checked_sub(1)?)?).end;
            vec![Part::Pattern(place(header.first()?).start..last), text(" = ")]
        }
    };
    parts.extend([text("<-"), Part::Expr(around(&receive.channel))]);
    match &receive.otherwise {
        None => {}
        Some((_, ArmBody::Block(block))) => parts.extend([text(" else "), Part::Block(around(block))]),
        Some((_, ArmBody::Expr(expr))) => parts.extend([text(" else "), Part::Expr(around(expr))]),
    }
    Some(parts)
}
