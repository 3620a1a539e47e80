//! `send!(ch <- v)`.

use proc_macro2::TokenTree;
use syn::parse::{Parse, ParseStream};
use syn::{Error, Expr, Result, Token};

use crate::tokens::{self, error_at, find_arrow, misspelled_arrow, parse_expr, split_comma};

/// The input of `send!`.
#[derive(Clone)]
#[cfg_attr(any(test, feature = "extra-traits"), derive(Debug))]
pub struct Send {
    /// The channel, evaluated first.
    pub channel: Expr,
    /// The arrow between the two.
    pub arrow: Token![<-],
    /// The value to send.
    pub value: Expr,
}

impl Parse for Send {
    fn parse(input: ParseStream) -> Result<Self> {
        if input.is_empty() {
            return Err(Error::new(
                input.span(),
                "`send!` needs a channel and a value: `send!(ch <- value)`",
            ));
        }
        let tokens = tokens::rest(input)?;
        let tokens = tokens::without_trailing_comma(&tokens);
        let Some(at) = find_arrow(tokens) else { return Err(missing_arrow(tokens)) };
        let arrow = tokens::arrow_token(tokens, at);
        let (channel, value) = (&tokens[..at], &tokens[at + 2..]);
        if channel.is_empty() {
            return Err(Error::new_spanned(
                arrow,
                "name the channel before the arrow: `send!(ch <- value)`; to receive, `recv!(ch)`",
            ));
        }
        if value.is_empty() {
            return Err(Error::new_spanned(
                arrow,
                "write the value to send after the arrow: `send!(ch <- value)`, or `send!(ch <- ())` \
                 on a channel of `()`",
            ));
        }
        if let Some(second) = find_arrow(value) {
            return Err(second_arrow(value, second));
        }
        let channel = parse_expr(channel)?;
        let value = parse_expr(value).map_err(|error| second_value(value).unwrap_or(error))?;
        Ok(Send { channel, arrow, value })
    }
}

/// An arrow after the first one.
pub(crate) fn second_arrow(tokens: &[TokenTree], at: usize) -> Error {
    let message = if at == 0 {
        "what another channel yields is received first, by `recv!(other)` in place of `<-other`"
    } else {
        "only one `<-` fits here; to compare with a negative number, put a space: `a < -b`"
    };
    Error::new_spanned(tokens::arrow_token(tokens, at), message)
}

/// The error for a comma in `value`, which is not an expression.
fn second_value(value: &[TokenTree]) -> Option<Error> {
    let (first, comma, _) = split_comma(value)?;
    parse_expr(first).ok()?;
    let message = "`send!` sends one value; a tuple has parentheses of its own: `send!(ch <- (a, b))`";
    Some(Error::new(comma.span(), message))
}

fn missing_arrow(tokens: &[TokenTree]) -> Error {
    if let Some(at) = misspelled_arrow(tokens) {
        return error_at(
            &tokens[at..at + 2],
            "the arrow is `<-`, in one piece, and points at the channel: `send!(ch <- value)`",
        );
    }
    if let Some((_, comma, _)) = split_comma(tokens) {
        return Error::new(
            comma.span(),
            "write `<-` between the channel and the value, not `,`: `send!(ch <- value)`",
        );
    }
    if let Some(operator) = other_operator(tokens) {
        return error_at(operator, "the arrow is `<-`: `send!(ch <- value)`");
    }
    error_at(tokens, "the value is missing: `send!(ch <- value)`")
}

/// The token between two operands in place of the arrow, such as `=` or `:=`.
fn other_operator(tokens: &[TokenTree]) -> Option<&[TokenTree]> {
    let is_operator = |at: usize| {
        let punct = tokens::punct(tokens, at);
        punct.is_some_and(|punct| matches!(punct.as_char(), '<' | '=' | ':' | '|'))
    };
    let path = |at: usize| tokens::is_operator(tokens, at, ':', ':');
    let start = (1..tokens.len()).find(|&at| is_operator(at) && !path(at) && !path(at - 1))?;
    let length = (start..tokens.len()).take_while(|&at| is_operator(at)).count();
    (start + length < tokens.len()).then(|| &tokens[start..start + length])
}

#[cfg(test)]
mod tests {
    use quote::{ToTokens, quote};

    use super::*;
    use crate::testing::{accept, assert_rejects};

    #[track_caller]
    fn splits(source: &str, channel: &str, value: &str) {
        let send: Send = accept(source);
        let same = |found: &Expr, expected: &str| {
            let expected: Expr = accept(expected);
            assert_eq!(found.to_token_stream().to_string(), quote!(#expected).to_string());
        };
        same(&send.channel, channel);
        same(&send.value, value);
    }

    #[test]
    fn habits() {
        assert_rejects::<Send>("ch <- <-other", "<-", "`recv!(other)`");
        assert_rejects::<Send>("ch <- a, b", ",", "`send!(ch <- (a, b))`");
        assert_rejects::<Send>("ch < a", "<", "the arrow is `<-`");
        assert_rejects::<Send>("ch << a", "<<", "the arrow is `<-`");
        assert_rejects::<Send>("ch := a", ":=", "the arrow is `<-`");
        assert_rejects::<Send>("a::ch = b::a", "=", "the arrow is `<-`");
        assert_rejects::<Send>("a::ch", "a::ch", "the value is missing");
        assert_rejects::<Send>("ch.send(1)", "ch.send(1)", "the value is missing");
    }

    #[test]
    fn the_arrow_is_not_a_comparison() {
        splits("ch <- v", "ch", "v");
        splits("ch<-v", "ch", "v");
        splits("ch <- -1", "ch", "-1");
        splits("ch <- a < -b", "ch", "a < -b");
        splits("ch <- !done", "ch", "!done");
    }

    #[test]
    fn any_expression_can_be_the_channel() {
        for channel in [
            "&ch",
            "*ch",
            "&mut ch",
            "self.ch",
            "self.0.ch",
            "arr[i]",
            "make::<T>()",
            "make::<-1>()",
            "Self::CHANNEL",
            "<T as Has>::channel()",
            "ctx.done()",
            "if a { b } else { c }",
            "match side { Left => &l, Right => &r }",
            "{ let c = pick(); c }",
            "(a, b).0",
            "find()?",
        ] {
            splits(&format!("{channel} <- 1"), channel, "1");
        }
    }

    #[test]
    fn any_expression_can_be_the_value() {
        for value in [
            "()",
            "Job { id: 1, ..Job::default() }",
            "|x| x + 1",
            "move || work()",
            "a..b",
            "(1, \"two\")",
            "if a { b } else { c }",
            "make::<Vec<_>>()",
            "x as u64",
            "Box::new(|s| s.len())",
            "recv!(other)",
            "match x { 1 => 2, _ => 3 }",
        ] {
            splits(&format!("ch <- {value}"), "ch", value);
            splits(&format!("ch <- {value},"), "ch", value);
        }
    }

    #[test]
    fn an_arrow_in_brackets_belongs_to_them() {
        let send: Send = accept("ch <- select! { v = <-rx => v }");
        assert!(matches!(send.value, Expr::Macro(_)));
    }

    #[test]
    fn mistakes() {
        assert_rejects::<Send>("", "", "`send!(ch <- value)`");
        assert_rejects::<Send>("ch, v", ",", "write `<-` between the channel and the value");
        assert_rejects::<Send>("ch", "ch", "the value is missing");
        assert_rejects::<Send>("self.ch", "self.ch", "the value is missing");
        assert_rejects::<Send>("ch <-", "<-", "write the value to send after the arrow");
        assert_rejects::<Send>("<- v", "<-", "name the channel before the arrow");
        assert_rejects::<Send>("ch -> v", "->", "points at the channel");
        assert_rejects::<Send>("ch < - v", "< -", "in one piece");
        assert_rejects::<Send>("a <- b <- c", "<-", "only one `<-`");
        assert_rejects::<Send>("ch <- v w", "w", "unexpected `w`");
        assert_rejects::<Send>("ch <- 1 +", "+", "expected an expression");
        assert_rejects::<Send>("ch <- job.", ".", "");
    }
}
