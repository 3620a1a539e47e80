//! `recv!(ch)` and `recv!(ch, ok)`.

use proc_macro2::TokenTree;
use syn::parse::{Parse, ParseStream};
use syn::{Error, Expr, Ident, Result, Token};

use crate::tokens::{self, error_at, find_arrow, parse_all, parse_as};

/// The input of `recv!`.
#[derive(Clone, Debug)]
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
            let arrow = tokens::arrow_token(tokens, at);
            return Err(Error::new_spanned(arrow, "`recv!` needs no arrow: `recv!(ch)`"));
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
        assert_rejects::<Recv>("ch, more", "more", "only the word `ok`");
        assert_rejects::<Recv>("ch, ok, x", "ok, x", "only the word `ok`");
        assert_rejects::<Recv>(", ok", ",", "name the channel first");
        assert_rejects::<Recv>("ch ok", "ok", "unexpected `ok`");
    }
}
