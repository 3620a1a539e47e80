//! `with_context!(ctx = E => body)` and `with_context!((ctx, cancel) = E => body)`.

use proc_macro2::{Delimiter, TokenStream, TokenTree};
use syn::parse::{Parse, ParseStream};
use syn::{Error, Expr, Ident, Result, Token, token};

use crate::Body;
use crate::select::ArmBody;
use crate::tokens::{self, error_at, find_assign, find_fat_arrow, is_operator, parse_all, parse_expr};

/// The input of `with_context!`.
#[derive(Clone)]
#[cfg_attr(any(test, feature = "extra-traits"), derive(Debug))]
pub struct WithContext {
    /// The names in the body.
    pub binding: ContextBinding,
    /// The `=`.
    pub eq: Token![=],
    /// The expression that creates the context and its handle.
    pub source: Expr,
    /// The `=>`.
    pub fat_arrow: Token![=>],
    /// The code that runs with it.
    pub body: ArmBody,
}

/// The names before the `=`.
#[derive(Clone)]
#[cfg_attr(any(test, feature = "extra-traits"), derive(Debug))]
pub enum ContextBinding {
    /// `ctx`
    Context(Ident),
    /// `(ctx, cancel)`
    WithCancel {
        /// The parentheses.
        paren: token::Paren,
        /// The context's name.
        context: Ident,
        /// The cancel handle's name.
        cancel: Ident,
    },
}

const SHAPE: &str = "`with_context!(ctx = parent.with_timeout(d) => { … })`";

impl Parse for WithContext {
    fn parse(input: ParseStream) -> Result<Self> {
        if input.is_empty() {
            return Err(Error::new(
                input.span(),
                format!("`with_context!` needs a name, a context and a body: {SHAPE}"),
            ));
        }
        let tokens = tokens::rest(input)?;
        let Some(at) = find_fat_arrow(&tokens) else {
            return Err(missing_fat_arrow(&tokens));
        };
        let fat_arrow = tokens::fat_arrow_token(&tokens, at);
        let (header, body) = (&tokens[..at], tokens::without_trailing_comma(&tokens[at + 2..]));
        if let Some(colon) = (0..header.len()).find(|&at| is_operator(header, at, ':', '=')) {
            return Err(error_at(
                &header[colon..colon + 2],
                format!("the names are bound with `=`: {SHAPE}"),
            ));
        }
        let Some(eq) = find_assign(header) else {
            let message = format!("name the context before it: {SHAPE}");
            return Err(if header.is_empty() {
                Error::new_spanned(fat_arrow, message)
            } else {
                error_at(header, message)
            });
        };
        let (binding, source) = (&header[..eq], &header[eq + 1..]);
        if source.is_empty() {
            return Err(error_at(&header[eq..=eq], format!("the context is missing after `=`: {SHAPE}")));
        }
        if body.is_empty() {
            return Err(Error::new_spanned(fat_arrow, format!("the body is missing after `=>`: {SHAPE}")));
        }
        if let Some(semicolon) = semicolon(body) {
            let message = format!("several statements need braces around them: {SHAPE}");
            return Err(Error::new(body[semicolon].span(), message));
        }
        Ok(WithContext {
            binding: context_binding(binding, &header[eq])?,
            eq: Token![=](header[eq].span()),
            source: parse_expr(source)?,
            fat_arrow,
            body: parse_all(body, ArmBody::parse_one)?,
        })
    }
}

impl WithContext {
    /// The parts of an input that does not parse that an editor can use: the source and the body, if the names are
    /// there.
    #[must_use]
    pub fn recover(tokens: TokenStream) -> Option<WithContext> {
        let tokens: Vec<TokenTree> = tokens.into_iter().collect();
        let eq = find_assign(&tokens)?;
        let binding = context_binding(&tokens[..eq], &tokens[eq]).ok()?;
        let after = &tokens[eq + 1..];
        let (source, arrow, body) = match find_fat_arrow(after) {
            Some(at) => (&after[..at], tokens::fat_arrow_token(after, at), &after[at + 2..]),
            None => match after {
                [source @ .., TokenTree::Group(body)] if body.delimiter() == Delimiter::Brace => {
                    (source, Token![=>](body.span()), &after[source.len()..])
                }
                _ => (after, Token![=>](tokens[eq].span()), &[][..]),
            },
        };
        Some(WithContext {
            binding,
            eq: Token![=](tokens[eq].span()),
            source: parse_expr(source).ok()?,
            fat_arrow: arrow,
            body: match semicolon(body) {
                Some(_) => ArmBody::Block(Body::bare(tokens::stream(body))),
                None => parse_all(tokens::without_trailing_comma(body), ArmBody::parse_one)
                    .unwrap_or_else(|_| ArmBody::missing()),
            },
        })
    }
}

/// The end of the first of several statements.
fn semicolon(body: &[TokenTree]) -> Option<usize> {
    (0..body.len()).find(|&at| tokens::is_punct(body, at, ';'))
}

fn context_binding(tokens: &[TokenTree], eq: &TokenTree) -> Result<ContextBinding> {
    let names = |input: ParseStream| {
        if input.peek(token::Paren) {
            let content;
            let paren = syn::parenthesized!(content in input);
            let context = content.parse()?;
            content.parse::<Token![,]>()?;
            let cancel = content.parse()?;
            content.parse::<Option<Token![,]>>()?;
            return Ok(ContextBinding::WithCancel { paren, context, cancel });
        }
        input.parse().map(ContextBinding::Context)
    };
    let message = "write the name of the context, `ctx`, or of the context and its handle, `(ctx, cancel)`";
    if tokens.is_empty() {
        return Err(Error::new(eq.span(), message));
    }
    parse_all(tokens, names).map_err(|_| error_at(tokens, message))
}

fn missing_fat_arrow(tokens: &[TokenTree]) -> Error {
    match tokens {
        [.., body @ TokenTree::Group(group)] if group.delimiter() == Delimiter::Brace => {
            Error::new(body.span(), format!("missing `=>` before the body: {SHAPE}"))
        }
        _ => error_at(tokens, format!("missing `=>` and the body: {SHAPE}")),
    }
}

#[cfg(test)]
mod tests {
    use quote::ToTokens;

    use super::*;
    use crate::testing::{accept, assert_rejects};

    #[test]
    fn both_bindings() {
        let one: WithContext = accept("ctx = background().with_timeout(d) => { work(&ctx) }");
        assert!(matches!(one.binding, ContextBinding::Context(name) if name == "ctx"));
        let two: WithContext = accept("(ctx, cancel) = parent.with_cancel() => run(ctx, cancel),");
        assert!(matches!(two.binding, ContextBinding::WithCancel { cancel, .. } if cancel == "cancel"));
        accept::<WithContext>("ctx = if a == b { x } else { y } => match z { 1 => 2, _ => 3 }");
        accept::<WithContext>("ctx = e => { half. }");
    }

    #[test]
    fn mistakes() {
        assert_rejects::<WithContext>("", "", "needs a name, a context and a body");
        assert_rejects::<WithContext>("ctx = e { body() }", "{ body() }", "missing `=>` before the body");
        assert_rejects::<WithContext>("ctx = e", "ctx = e", "missing `=>` and the body");
        assert_rejects::<WithContext>("e => { }", "e", "name the context before it");
        assert_rejects::<WithContext>("ctx = => { }", "=", "the context is missing");
        assert_rejects::<WithContext>("ctx = e =>", "=>", "the body is missing");
        assert_rejects::<WithContext>("(ctx) = e => { }", "(ctx)", "`(ctx, cancel)`");
        assert_rejects::<WithContext>("let ctx = e => { }", "let ctx", "`(ctx, cancel)`");
        assert_rejects::<WithContext>("ctx := e => { }", ":=", "bound with `=`");
        assert_rejects::<WithContext>("ctx = e => a(); b()", ";", "need braces");
        assert_rejects::<WithContext>("= e => { }", "=", "`(ctx, cancel)`");
    }

    #[test]
    fn what_is_there_is_kept() {
        let kept = |source: &str| {
            let tokens = source.parse().unwrap_or_else(|error| panic!("`{source}` must lex: {error}"));
            let kept = WithContext::recover(tokens)?;
            Some(format!("{} => {}", kept.source.to_token_stream(), kept.body.to_token_stream()))
        };
        assert_eq!(kept("ctx = e { body }").as_deref(), Some("e => { body }"));
        assert_eq!(kept("(ctx, cancel) = e => +").as_deref(), Some("e => :: core :: unreachable ! ()"));
        assert_eq!(kept("ctx = user").as_deref(), Some("user => :: core :: unreachable ! ()"));
        assert_eq!(kept("user => {}"), None);
    }
}
