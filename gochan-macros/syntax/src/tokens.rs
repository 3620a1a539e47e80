//! Inspection of raw tokens before `syn` parses them: the positions of the macros' own operators.

use proc_macro2::{Delimiter, Group, Punct, Spacing, Span, TokenStream, TokenTree};
use syn::parse::{Parse, ParseStream, Parser};
use syn::{Error, Expr, Result, Token};

/// The punctuation character at `index`, if there is one.
pub(crate) fn punct(tokens: &[TokenTree], index: usize) -> Option<&Punct> {
    match tokens.get(index) {
        Some(TokenTree::Punct(punct)) => Some(punct),
        _ => None,
    }
}

/// True if the token at `index` is the punctuation character `char`.
pub(crate) fn is_punct(tokens: &[TokenTree], index: usize, char: char) -> bool {
    punct(tokens, index).is_some_and(|punct| punct.as_char() == char)
}

/// True if `index` starts the two-character operator `first second`, written without a space.
pub(crate) fn is_operator(tokens: &[TokenTree], index: usize, first: char, second: char) -> bool {
    punct(tokens, index).is_some_and(|punct| punct.as_char() == first && punct.spacing() == Spacing::Joint)
        && is_punct(tokens, index + 1, second)
}

/// True if the token at `index` is the word `word`.
pub(crate) fn is_word(tokens: &[TokenTree], index: usize, word: &str) -> bool {
    matches!(tokens.get(index), Some(TokenTree::Ident(ident)) if ident == word)
}

/// The position of the first `<-` outside all brackets. `::<-1>` is a generic argument, not an arrow.
pub(crate) fn find_arrow(tokens: &[TokenTree]) -> Option<usize> {
    (0..tokens.len()).find(|&index| {
        is_operator(tokens, index, '<', '-') && !(index >= 2 && is_operator(tokens, index - 2, ':', ':'))
    })
}

/// The position of a `->`, or of a `<-` with a space in it, written in place of the missing arrow.
pub(crate) fn misspelled_arrow(tokens: &[TokenTree]) -> Option<usize> {
    let spaced = |at: usize| is_punct(tokens, at, '<') && is_punct(tokens, at + 1, '-');
    (0..tokens.len()).find(|&at| is_operator(tokens, at, '-', '>') || spaced(at))
}

/// The position of the first `=>` outside all brackets.
pub(crate) fn find_fat_arrow(tokens: &[TokenTree]) -> Option<usize> {
    (0..tokens.len()).find(|&index| is_operator(tokens, index, '=', '>'))
}

/// The position of a lone `=` outside all brackets: not part of `==`, `<=`, `+=`, `=>` or the like.
pub(crate) fn find_assign(tokens: &[TokenTree]) -> Option<usize> {
    (0..tokens.len()).find(|&index| {
        let joined_before =
            index > 0 && punct(tokens, index - 1).is_some_and(|before| before.spacing() == Spacing::Joint);
        is_punct(tokens, index, '=')
            && !joined_before
            && !is_operator(tokens, index, '=', '=')
            && !is_operator(tokens, index, '=', '>')
    })
}

/// The `<-` at `index`, as found by [`find_arrow`].
pub(crate) fn arrow_token(tokens: &[TokenTree], index: usize) -> Token![<-] {
    Token![<-](pair(tokens, index))
}

/// The `=>` at `index`, as found by [`find_fat_arrow`].
pub(crate) fn fat_arrow_token(tokens: &[TokenTree], index: usize) -> Token![=>] {
    Token![=>](pair(tokens, index))
}

fn pair(tokens: &[TokenTree], index: usize) -> [Span; 2] {
    let span = |index: usize| tokens.get(index).map_or_else(Span::call_site, TokenTree::span);
    [span(index), span(index + 1)]
}

/// The `{ … }` in `token`: as written, or in the invisible brackets in which `$body:block` of a user's own macro
/// arrives.
pub(crate) fn braces(token: &TokenTree) -> Option<Group> {
    let TokenTree::Group(group) = token else { return None };
    match group.delimiter() {
        Delimiter::Brace => Some(group.clone()),
        Delimiter::None => {
            let mut inside = group.stream().into_iter();
            inside.next().filter(|_| inside.next().is_none()).as_ref().and_then(braces)
        }
        _ => None,
    }
}

/// All remaining tokens, taken from `input`.
pub(crate) fn rest(input: ParseStream) -> Result<Vec<TokenTree>> {
    Ok(input.parse::<TokenStream>()?.into_iter().collect())
}

/// `tokens` as a stream.
pub(crate) fn stream(tokens: &[TokenTree]) -> TokenStream {
    tokens.iter().cloned().collect()
}

/// An error that underlines `tokens` from the first to the last.
pub(crate) fn error_at(tokens: &[TokenTree], message: impl std::fmt::Display) -> Error {
    Error::new_spanned(stream(tokens), message)
}

/// Parses all of `tokens` with `parser`. An unexpected end is reported at the last token, where the user stopped
/// typing, instead of at the whole macro call.
pub(crate) fn parse_all<T>(tokens: &[TokenTree], parser: fn(ParseStream) -> Result<T>) -> Result<T> {
    let end = tokens.last().map_or_else(Span::call_site, last_span);
    let mut group = Group::new(Delimiter::Brace, stream(tokens));
    group.set_span(end);
    let parse = |input: ParseStream| {
        let content;
        syn::braced!(content in input);
        let parsed = parser(&content)?;
        if content.is_empty() {
            return Ok(parsed);
        }
        let unexpected: TokenStream = content.parse()?;
        let unexpected = unexpected.into_iter().next();
        let shown = unexpected.as_ref().map_or_else(String::new, describe);
        Err(Error::new_spanned(unexpected, format!("unexpected {shown} here")))
    };
    parse.parse2(TokenTree::Group(group).into())
}

/// Parses all of `tokens` as one `T`.
pub(crate) fn parse_as<T: Parse>(tokens: &[TokenTree]) -> Result<T> {
    parse_all(tokens, T::parse)
}

/// Parses all of `tokens` as one expression, after the caller has ruled out `<-` and the like.
pub(crate) fn parse_expr(tokens: &[TokenTree]) -> Result<Expr> {
    parse_as(tokens)
}

/// Drops one trailing `,`, which formatters add.
pub(crate) fn without_trailing_comma(tokens: &[TokenTree]) -> &[TokenTree] {
    match tokens {
        [before @ .., TokenTree::Punct(comma)] if comma.as_char() == ',' && !before.is_empty() => before,
        _ => tokens,
    }
}

/// Splits `tokens` at the first comma outside all brackets; the comma itself is the second part.
pub(crate) fn split_comma(tokens: &[TokenTree]) -> Option<(&[TokenTree], &TokenTree, &[TokenTree])> {
    let index = (0..tokens.len()).find(|&index| is_punct(tokens, index, ','))?;
    Some((&tokens[..index], &tokens[index], &tokens[index + 1..]))
}

fn last_span(token: &TokenTree) -> Span {
    match token {
        TokenTree::Group(group) => group.span_close(),
        other => other.span(),
    }
}

fn describe(token: &TokenTree) -> String {
    match token {
        TokenTree::Group(group) => match group.delimiter() {
            Delimiter::Parenthesis => "`(`".to_owned(),
            Delimiter::Brace => "`{`".to_owned(),
            Delimiter::Bracket => "`[`".to_owned(),
            Delimiter::None => "expression".to_owned(),
        },
        other => format!("`{other}`"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use quote::quote;

    fn group(delimiter: Delimiter, tokens: TokenStream) -> TokenTree {
        TokenTree::Group(Group::new(delimiter, tokens))
    }

    #[test]
    fn braces_in_invisible_brackets() {
        let block = group(Delimiter::Brace, quote!(a(); b));
        let passed_on = group(Delimiter::None, block.clone().into());
        let twice = group(Delimiter::None, passed_on.clone().into());
        for token in [&block, &passed_on, &twice] {
            assert_eq!(braces(token).map(|group| group.to_string()), Some(block.to_string()));
        }
        for other in [
            group(Delimiter::None, quote!({} + 1)),
            group(Delimiter::None, TokenStream::new()),
            group(Delimiter::Parenthesis, block.into()),
        ] {
            assert!(braces(&other).is_none());
        }
    }
}
