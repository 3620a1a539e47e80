//! What a receive arm binds, and which patterns it may bind by.

use proc_macro2::{Delimiter, TokenTree};
use syn::{Error, Pat, PatParen, Result, token};

use super::ReceiveBinding;
use crate::tokens::{self, error_at, is_operator, parse_all, split_comma};

/// The binding before the `=` of a receive.
pub(super) fn receive_binding(tokens: &[TokenTree]) -> Result<ReceiveBinding> {
    if let Some((value, comma, ok)) = split_comma(tokens) {
        let third = split_comma(ok).map(|(_, comma, _)| comma);
        if value.is_empty() || ok.is_empty() || third.is_some() {
            let span = third.unwrap_or(comma).span();
            return Err(Error::new(span, "two names go here: `v, ok = <-rx`"));
        }
        let (value, ok) = (whole_pattern(value)?, irrefutable(ok)?);
        if some_pattern(&value).is_some() {
            return Err(Error::new_spanned(
                ok,
                "a `Some(v)` arm is off once the channel is closed: drop `ok`",
            ));
        }
        check_irrefutable(&value)?;
        return Ok(ReceiveBinding::CommaOk(Box::new((value, ok))));
    }
    if let [TokenTree::Ident(_), rest @ ..] = tokens
        && tokens::is_punct(rest, 0, ':')
        && !is_operator(rest, 0, ':', ':')
    {
        return Err(error_at(rest, "the type is the channel's: `v = <-rx`"));
    }
    let pattern = whole_pattern(tokens)?;
    if let Some(inner) = some_pattern(&pattern) {
        check_irrefutable(inner)?;
        return Ok(ReceiveBinding::Some(inner.clone()));
    }
    if matches!(&pattern, Pat::Ident(name) if name.ident == "None") {
        return Err(Error::new_spanned(
            pattern,
            "to act on a closed channel, write `Some(v) = <-rx else { … } => …` or `v, ok = <-rx => …`",
        ));
    }
    check_irrefutable(&pattern)?;
    Ok(ReceiveBinding::Value(pattern))
}

/// All of `tokens` as one pattern. Alternatives need parentheses, unless they come from `$p:pat`.
fn whole_pattern(tokens: &[TokenTree]) -> Result<Pat> {
    if let [TokenTree::Group(group)] = tokens
        && group.delimiter() == Delimiter::None
    {
        let inside: Vec<TokenTree> = group.stream().into_iter().collect();
        return Ok(match parse_all(&inside, Pat::parse_multi_with_leading_vert)? {
            pattern @ Pat::Or(_) => Pat::Paren(PatParen {
                attrs: Vec::new(),
                paren_token: token::Paren(group.span()),
                pat: Box::new(pattern),
            }),
            pattern => pattern,
        });
    }
    parse_all(tokens, Pat::parse_single)
}

pub(super) fn irrefutable(tokens: &[TokenTree]) -> Result<Pat> {
    let pattern = whole_pattern(tokens)?;
    check_irrefutable(&pattern)?;
    Ok(pattern)
}

/// Rejects parts of `pattern` that visibly fail to match some value, with a clearer message than the compiler's for a
/// `let` that the user did not write.
fn check_irrefutable(pattern: &Pat) -> Result<()> {
    match pattern {
        Pat::Lit(_) | Pat::Range(_) => Err(refutable(pattern)),
        Pat::Ident(name) if name.ident == "None" => Err(refutable(pattern)),
        Pat::TupleStruct(tuple) if ["Some", "Ok", "Err"].iter().any(|name| tuple.path.is_ident(name)) => {
            Err(refutable(pattern))
        }
        Pat::TupleStruct(tuple) => tuple.elems.iter().try_for_each(check_irrefutable),
        Pat::Tuple(tuple) => tuple.elems.iter().try_for_each(check_irrefutable),
        Pat::Struct(fields) => fields.fields.iter().try_for_each(|field| check_irrefutable(&field.pat)),
        Pat::Ident(name) => name.subpat.iter().try_for_each(|(_, pattern)| check_irrefutable(pattern)),
        Pat::Paren(paren) => check_alternatives(&paren.pat),
        Pat::Reference(reference) => check_irrefutable(&reference.pat),
        Pat::Type(typed) => check_irrefutable(&typed.pat),
        _ => Ok(()),
    }
}

/// In `(Ok(()) | Err(_))` the alternatives together may match every value; the compiler checks that.
fn check_alternatives(pattern: &Pat) -> Result<()> {
    if matches!(pattern, Pat::Or(_)) { Ok(()) } else { check_irrefutable(pattern) }
}

fn refutable(pattern: &Pat) -> Error {
    Error::new_spanned(
        pattern,
        "this does not match every value, and an arm cannot leave values unreceived: bind a name, and \
         `match` on it in the body",
    )
}

fn some_pattern(pattern: &Pat) -> Option<&Pat> {
    match pattern {
        Pat::TupleStruct(tuple) if tuple.path.is_ident("Some") && tuple.elems.len() == 1 => {
            tuple.elems.first()
        }
        _ => None,
    }
}
