//! `recv!(ch)` and `recv!(ch, ok)`.

use proc_macro2::{TokenStream, TokenTree};
use syn::parse::{Parse, ParseStream};
use syn::{Error, Expr, Ident, Result, Token};

use crate::tokens::{
    self, error_at, find_arrow, misspelled_arrow, parse_all, parse_as, parse_expr, split_comma,
};

/// The input of `recv!`.
#[derive(Clone)]
#[cfg_attr(any(test, feature = "extra-traits"), derive(Debug))]
pub struct Recv {
    /// The channel.
    pub channel: Expr,
    /// The `, ok` that asks for Go's second value.
    pub ok: Option<(Token![,], Ident)>,
}

impl Parse for Recv {
    fn parse(input: ParseStream) -> Result<Self> {
        if input.is_empty() {
            return Err(Error::new(
                input.span(),
                "`recv!` needs a channel: `recv!(ch)`, or `recv!(ch, ok)` for `(value, ok)`",
            ));
        }
        let tokens = tokens::rest(input)?;
        let tokens = tokens::without_trailing_comma(&tokens);
        if let Some(at) = find_arrow(tokens) {
            let comma_ok = split_comma(&tokens[..at]).is_some();
            let message = match () {
                () if at == 0 => "`recv!` needs no arrow: `recv!(ch)`",
                () if comma_ok => "the names go before the macro: `let (value, ok) = recv!(ch, ok);`",
                () => "the name goes before the macro: `let value = recv!(ch);`",
            };
            return Err(error_at(if at == 0 { &tokens[..2] } else { &tokens[..at] }, message));
        }
        if let Some(at) = misspelled_arrow(tokens) {
            return Err(error_at(&tokens[at..at + 2], "`recv!` needs no arrow: `let value = recv!(ch);`"));
        }
        if let Some(TokenTree::Punct(comma)) = tokens.first()
            && comma.as_char() == ','
        {
            return Err(Error::new(comma.span(), "name the channel first: `recv!(ch, ok)`"));
        }
        parse_all(tokens, |input| {
            let channel = input.parse()?;
            if !input.peek(Token![,]) {
                return Ok(Recv { channel, ok: None });
            }
            let comma = input.parse()?;
            let second = tokens::rest(input)?;
            match parse_as::<Ident>(&second) {
                Ok(ok) if ok == "ok" => Ok(Recv { channel, ok: Some((comma, ok)) }),
                _ => Err(error_at(
                    &second,
                    "only the word `ok` may follow the channel: `let (value, ok) = recv!(ch, ok);`",
                )),
            }
        })
    }
}

impl Recv {
    /// The channel in an input that does not parse, if there is one: without names before or after it.
    #[must_use]
    pub fn recover(tokens: TokenStream) -> Option<Expr> {
        let tokens: Vec<TokenTree> = tokens.into_iter().collect();
        let start = find_arrow(&tokens).map_or(0, |at| at + 2);
        let tokens = &tokens[start..];
        let ends = |at: &usize| matches!(tokens::punct(tokens, *at), Some(punct) if matches!(punct.as_char(), ',' | ';'));
        let end = (0..tokens.len()).find(ends).or_else(|| misspelled_arrow(tokens));
        parse_expr(&tokens[..end.unwrap_or(tokens.len())]).ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{accept, assert_rejects};

    #[test]
    fn one_value_or_two() {
        assert!(accept::<Recv>("ch").ok.is_none());
        assert!(accept::<Recv>("ch,").ok.is_none());
        assert!(accept::<Recv>("ch, ok").ok.is_some());
        assert!(accept::<Recv>("ch, ok,").ok.is_some());
    }

    #[test]
    fn any_expression_can_be_the_channel() {
        for channel in [
            "ctx.done()",
            "&rx",
            "*rx",
            "self.ch",
            "arr[i]",
            "make::<T>()",
            "after(d)",
            "pick(a, b)",
            "make::<A, B>()",
        ] {
            accept::<Recv>(channel);
            accept::<Recv>(&format!("{channel}, ok"));
        }
    }

    #[test]
    fn mistakes() {
        assert_rejects::<Recv>("", "", "`recv!(ch)`");
        assert_rejects::<Recv>("<-ch", "<-", "needs no arrow");
        assert_rejects::<Recv>("v = <-ch", "v =", "`let value = recv!(ch);`");
        assert_rejects::<Recv>("v, ok := <-ch", "v, ok :=", "`let (value, ok) = recv!(ch, ok);`");
        assert_rejects::<Recv>("ch -> v", "->", "needs no arrow");
        assert_rejects::<Recv>("ch, more", "more", "only the word `ok`");
        assert_rejects::<Recv>("ch, ok, x", "ok, x", "only the word `ok`");
        assert_rejects::<Recv>(", ok", ",", "name the channel first");
        assert_rejects::<Recv>("ch ok", "ok", "unexpected `ok`");
    }

    #[test]
    fn the_channel_is_kept() {
        for source in ["a.b, more", "<-a.b, ok", "v, ok = <-a.b", "a.b; ok", "a.b -> v"] {
            let kept = source.parse().ok().and_then(Recv::recover);
            assert!(matches!(kept, Some(Expr::Field(_))), "{source}");
        }
    }
}
