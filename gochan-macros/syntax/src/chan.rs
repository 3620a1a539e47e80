//! `chan!(T)` and `chan!(T, capacity)`.

use proc_macro2::{Delimiter, TokenTree};
use syn::parse::{Parse, ParseStream};
use syn::{Error, Expr, Lit, Result, Token, Type};

use crate::tokens::{self, error_at, find_arrow, is_word, parse_all};

/// The input of `chan!`.
#[derive(Clone)]
#[cfg_attr(any(test, feature = "extra-traits"), derive(Debug))]
pub struct Chan {
    /// The element type.
    pub element: Type,
    /// The number of values the channel holds without a receiver; none makes it unbuffered.
    pub capacity: Option<(Token![,], Expr)>,
}

impl Parse for Chan {
    fn parse(input: ParseStream) -> Result<Self> {
        if input.is_empty() {
            return Err(Error::new(
                input.span(),
                "`chan!` needs the element type: `chan!(T)`, or `chan!(T, capacity)`",
            ));
        }
        if input.peek(Lit) || input.peek(Token![,]) {
            return Err(input.error("the element type comes first: `chan!(T, capacity)`"));
        }
        if input.peek(Token![<-]) {
            let message = "the element type comes first: `chan!(T)`; its halves are made by `split()`";
            return Err(input.error(message));
        }
        let tokens = tokens::rest(input)?;
        if let Some(error) = foreign_type(&tokens) {
            return Err(error);
        }
        if is_word(&tokens, 0, "chan") && !matches!(tokens.get(1), None | Some(TokenTree::Group(_))) {
            let named = tokens::is_punct(&tokens, 1, ',') || tokens::is_operator(&tokens, 1, ':', ':');
            if !named && (find_arrow(&tokens) == Some(1) || !tokens::is_punct(&tokens, 1, '<')) {
                let message = "the element type stands alone: `chan!(T)`, or `chan!(T, capacity)`";
                return Err(error_at(&tokens[..1], message));
            }
        }
        parse_all(&tokens, Chan::parse_parts).map_err(|error| unclosed(&tokens).unwrap_or(error))
    }
}

impl Chan {
    fn parse_parts(input: ParseStream) -> Result<Self> {
        let element = input.parse().map_err(|error: Error| {
            Error::new(error.span(), "expected the element type: `chan!(T)`, or `chan!(T, capacity)`")
        })?;
        if input.is_empty() {
            return Ok(Chan { element, capacity: None });
        }
        if !input.peek(Token![,]) {
            return Err(input.error("expected `,` and the capacity, as in `chan!(T, 16)`, or nothing"));
        }
        let comma = input.parse()?;
        let rest = tokens::rest(input)?;
        if rest.is_empty() {
            return Ok(Chan { element, capacity: None });
        }
        let capacity = tokens::parse_expr(tokens::without_trailing_comma(&rest))?;
        Ok(Chan { element, capacity: Some((comma, capacity)) })
    }
}

/// The error for a type of Go.
fn foreign_type(tokens: &[TokenTree]) -> Option<Error> {
    let group = |at: usize, delimiter: Delimiter| match tokens.get(at) {
        Some(TokenTree::Group(group)) if group.delimiter() == delimiter => Some(group.stream().is_empty()),
        _ => None,
    };
    let word = |word: &str| is_word(tokens, 0, word);
    let (length, message) = match () {
        () if word("struct") && group(1, Delimiter::Brace) == Some(true) => {
            (2, "the empty type is `()`: `chan!(())`, and `send!(ch <- ())`")
        }
        () if word("struct") || word("interface") => {
            (1, "the type is declared outside, by `struct` or `enum`, and named here: `chan!(T)`")
        }
        () if word("func") && group(1, Delimiter::Parenthesis).is_some() => {
            (1, "a function as a value is a `Box<dyn Fn() + Send>`: `chan!(Box<dyn FnOnce() + Send>)`")
        }
        () if word("map") && group(1, Delimiter::Bracket).is_some() => {
            (1, "a map is a `HashMap<K, V>`: `chan!(HashMap<String, u32>)`")
        }
        () if group(0, Delimiter::Bracket) == Some(true) && tokens.len() > 1 => {
            (1, "a slice as a value is a `Vec<T>`: `chan!(Vec<T>)`, or `chan!(Vec<T>, capacity)`")
        }
        () => return None,
    };
    Some(error_at(&tokens[..length], message))
}

/// The error for a `<` in the type that nothing closes.
fn unclosed(tokens: &[TokenTree]) -> Option<Error> {
    let mut open = Vec::new();
    for at in 0..tokens.len() {
        let arrow = at > 0 && tokens::is_operator(tokens, at - 1, '-', '>');
        if tokens::is_punct(tokens, at, '<') {
            open.push(tokens[at].span());
        } else if tokens::is_punct(tokens, at, '>') && !arrow {
            open.pop();
        }
    }
    open.first().map(|&span| Error::new(span, "the `>` for this `<` is missing"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{accept, assert_rejects};

    #[test]
    fn any_type_with_or_without_capacity() {
        for element in [
            "i32",
            "()",
            "_",
            "(u8, String)",
            "[u8; 4]",
            "&'static str",
            "Box<dyn FnOnce() + Send>",
            "std::result::Result<Vec<Job>, Error>",
            "Chan<Chan<i32>>",
            "fn(i32) -> i32",
            "<T as Iterator>::Item",
            "impl_macro!(x)",
        ] {
            assert!(accept::<Chan>(element).capacity.is_none());
            assert!(accept::<Chan>(&format!("{element},")).capacity.is_none());
            assert!(accept::<Chan>(&format!("{element}, 16")).capacity.is_some());
            assert!(accept::<Chan>(&format!("{element}, 2 * workers(),")).capacity.is_some());
        }
    }

    #[test]
    fn mistakes() {
        assert_rejects::<Chan>("", "", "`chan!(T)`");
        assert_rejects::<Chan>("16", "16", "the element type comes first");
        assert_rejects::<Chan>(", 16", ",", "the element type comes first");
        assert_rejects::<Chan>("<-i32", "<", "the element type comes first");
        assert_rejects::<Chan>("chan i32, 16", "chan", "the element type stands alone");
        assert_rejects::<Chan>("chan<- i32", "chan", "the element type stands alone");
        assert_rejects::<Chan>("struct{}", "struct{}", "`chan!(())`");
        assert_rejects::<Chan>("struct{ id int }, 3", "struct", "declared outside");
        assert_rejects::<Chan>("interface{}", "interface", "declared outside");
        assert_rejects::<Chan>("func()", "func", "`Box<dyn Fn() + Send>`");
        assert_rejects::<Chan>("map[string]int", "map", "`HashMap<K, V>`");
        assert_rejects::<Chan>("[]int, 3", "[]", "`chan!(Vec<T>)`");
        assert_rejects::<Chan>("let x", "let", "expected the element type");
        assert_rejects::<Chan>("Vec<Vec<i32>, 3", "<", "the `>` for this `<` is missing");
        assert_rejects::<Chan>("i32; 16", ";", "expected `,` and the capacity");
        assert_rejects::<Chan>("i32 16", "16", "expected `,` and the capacity");
        assert_rejects::<Chan>("i32, 16 17", "17", "unexpected `17`");
        assert_rejects::<Chan>("i32, 16, 17", ",", "unexpected `,`");
    }
}
