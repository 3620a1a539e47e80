//! The parts of an input that does not parse that an editor can use.

use proc_macro2::{Span, TokenStream, TokenTree};
use quote::quote;
use syn::parse::{ParseStream, Parser};
use syn::{Error, Expr, Result, Token};

use super::mistakes::operand_end;
use super::pattern::receive_binding;
use super::{Arm, ArmBody, ArmKind, Receive, ReceiveBinding, Select, SelectSend};
use crate::Body;
use crate::repair::fragments;
use crate::tokens::{
    arrow_token, braces, find_arrow, find_assign, find_fat_arrow, is_operator, is_punct, is_word,
    misspelled_arrow, parse_expr, punct, stream,
};

impl Select {
    /// The arms that can be kept, and the expressions whose arm is unknown.
    ///
    /// A missing body is replaced by one that panics: its type fits those of the other arms.
    #[must_use]
    pub fn recover(tokens: TokenStream) -> (Select, Vec<Expr>) {
        let tokens: Vec<TokenTree> = tokens.into_iter().collect();
        let mut rest = &tokens[..];
        let (mut arms, mut lost) = (Vec::new(), Vec::new());
        while !rest.is_empty() {
            if is_word(rest, 0, "biased")
                && punct(rest, 1).is_some_and(|next| matches!(next.as_char(), ';' | ','))
            {
                rest = &rest[2..];
                continue;
            }
            let length = match whole_arm(rest) {
                Ok((arm, length)) => {
                    arms.push(arm);
                    length
                }
                Err(_) => broken_arm(rest, &mut arms, &mut lost),
            };
            rest = &rest[length.max(1)..];
            if is_comma(rest, 0) {
                rest = &rest[1..];
            }
        }
        let mut fallbacks = 0;
        arms.retain(|arm| {
            let fallback = matches!(arm.kind, ArmKind::Default(_) | ArmKind::Else(_));
            fallbacks += usize::from(fallback);
            !fallback || fallbacks == 1
        });
        (Select { biased: None, arms }, lost)
    }
}

impl ArmBody {
    /// A placeholder for a body that is not there yet.
    pub(crate) fn missing() -> ArmBody {
        ArmBody::Expr(Expr::Verbatim(quote!(::core::unreachable!())))
    }
}

fn is_comma(tokens: &[TokenTree], index: usize) -> bool {
    is_punct(tokens, index, ',')
}

/// The arm at the start of `tokens`, and its length.
fn whole_arm(tokens: &[TokenTree]) -> Result<(Arm, usize)> {
    let parse = |input: ParseStream| {
        let arm = input.parse::<Arm>()?;
        let rest: TokenStream = input.parse()?;
        Ok((arm, tokens.len() - rest.into_iter().count()))
    };
    parse.parse2(stream(tokens))
}

/// Keeps the usable parts of the arm at the start of `tokens`, and returns its length.
fn broken_arm(tokens: &[TokenTree], arms: &mut Vec<Arm>, lost: &mut Vec<Expr>) -> usize {
    let fat_arrow = find_fat_arrow(tokens);
    let header = &tokens[..fat_arrow.unwrap_or(tokens.len())];
    // A comma behind the arrow that does not start a guard ends the arm: this `=>` belongs to another one.
    let arrow = find_arrow(header).unwrap_or(header.len());
    let comma = (arrow..header.len()).find(|&at| is_comma(header, at) && !is_word(header, at + 1, "if"));
    let (header, fat_arrow) = comma.map_or((header, fat_arrow), |comma| (&header[..comma], None));
    let words = header
        .iter()
        .take_while(|word| matches!(word, TokenTree::Ident(word) if word == "case" || word == "let"));
    let start = words.count();
    let (kind, end) = match operation(&header[start..]) {
        Ok((kind, length)) => (Some(kind), start + length),
        Err(_) => {
            // The tokens before a `=` will be a new name, and so is a lone `ok`, which came too late. A lone `complete`
            // is another library's `else`.
            let named = ["ok", "complete"].iter().any(|word| is_word(header, 0, word));
            let names = if named && header.len() == 1 { 1 } else { 0 };
            let operands = find_assign(header).map_or(names, |eq| eq + 1);
            lost.extend(fragments(stream(&header[operands..])));
            (None, header.len())
        }
    };
    // Next comes the `=>`, a guard, a second arrow, or the body, or the arm ends here.
    let guard = is_comma(header, end) && is_word(header, end + 1, "if");
    let complete = end == header.len() || guard || find_arrow(&header[end..]) == Some(0);
    let body_start = if complete { fat_arrow.map_or(end, |at| at + 2) } else { end };
    let (body, length) = body(&tokens[body_start..], body_start == end).unzip();
    // A body without its operation is not kept: the names that it expects would be reported as well.
    if let Some(kind) = kind {
        let fat_arrow = Token![=>](tokens[end - 1].span());
        let body = body.unwrap_or_else(ArmBody::missing);
        arms.push(Arm { kind, guard: None, fat_arrow, body });
    }
    match length {
        Some(length) => body_start + length,
        None if comma.is_some() => header.len(),
        None => body_start,
    }
}

/// The body at the start of `tokens`, and its length. Without a `=>` before it only a block counts.
fn body(tokens: &[TokenTree], only_block: bool) -> Option<(ArmBody, usize)> {
    if let Some(group) = tokens.first().and_then(braces) {
        return Some((ArmBody::Block(Body::of(&group)), 1));
    }
    if only_block {
        return None;
    }
    let parse = |input: ParseStream| {
        let body = input.parse::<ArmBody>()?;
        let rest: TokenStream = input.parse()?;
        Ok((body, tokens.len() - rest.into_iter().count()))
    };
    // In `f() <-b => …` the arrow belongs to the next arm.
    let before_arrow = || {
        let end = find_arrow(tokens)?;
        Some((ArmBody::Expr(parse_expr(&tokens[..end]).ok()?), end))
    };
    parse.parse2(stream(tokens)).ok().or_else(before_arrow)
}

/// The operation of the arm at the start of `header`, and its length.
fn operation(header: &[TokenTree]) -> Result<(ArmKind, usize)> {
    match header.first() {
        Some(TokenTree::Ident(word)) if word == "default" && find_arrow(header).is_none() => {
            return Ok((ArmKind::Default(Token![default](word.span())), 1));
        }
        Some(TokenTree::Ident(word)) if word == "else" => {
            return Ok((ArmKind::Else(Token![else](word.span())), 1));
        }
        _ => {}
    }
    let nothing = || Error::new(Span::call_site(), "nothing to keep");
    let spaced = || misspelled_arrow(header).filter(|&at| is_punct(header, at, '<'));
    let at = find_arrow(header).or_else(spaced).ok_or_else(nothing)?;
    let arrow = arrow_token(header, at);
    let (before, after) = (&header[..at], &header[at + 2..]);
    let end =
        operand_end(after).or_else(|| (1..=after.len()).rev().find(|&end| parse_expr(&after[..end]).is_ok()));
    let end = end.ok_or_else(nothing)?;
    let operand = parse_expr(&after[..end])?;
    let receive = |names: &[TokenTree]| -> Result<ArmKind> {
        let binding = if names.is_empty() { ReceiveBinding::Discard } else { receive_binding(names)? };
        Ok(ArmKind::Receive(Box::new(Receive { binding, arrow, channel: operand.clone(), otherwise: None })))
    };
    let kind = match (before, find_assign(before)) {
        ([], _) => receive(&[])?,
        ([names @ .., _, _], _) if is_operator(before, names.len(), ':', '=') => receive(names)?,
        (_, Some(eq)) if eq + 1 == before.len() => receive(&before[..eq])?,
        (_, eq) => {
            let channel = parse_expr(&before[eq.map_or(0, |eq| eq + 1)..])?;
            ArmKind::Send(Box::new(SelectSend { result: None, channel, arrow, value: operand }))
        }
    };
    Ok((kind, at + 2 + end))
}
