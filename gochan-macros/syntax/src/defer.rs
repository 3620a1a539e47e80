//! `defer!(expression)` and `defer! { statements }`.

use proc_macro2::{Delimiter, TokenStream, TokenTree};
use syn::parse::{Parse, ParseStream};
use syn::{Error, Expr, ExprReturn, Result};

use crate::Body;
use crate::go::{foreign_literal, spell};
use crate::tokens::{self, error_at, find_arrow, is_punct, is_word, parse_expr, split_comma};

/// The input of `defer!`.
#[derive(Clone)]
#[cfg_attr(any(test, feature = "extra-traits"), derive(Debug))]
pub struct Defer {
    /// The code that runs at the end of the enclosing block.
    pub body: Body,
}

impl Parse for Defer {
    fn parse(input: ParseStream) -> Result<Self> {
        if input.is_empty() {
            return Err(Error::new(
                input.span(),
                "`defer!` needs what to do at the end of the block: `defer!(wg.done())`",
            ));
        }
        let tokens = tokens::rest(input)?;
        let tokens = tokens::without_trailing_comma(&tokens);
        if let Some(error) = nothing_to_run(tokens) {
            return Err(error);
        }
        Ok(Defer::bare(tokens::stream(tokens)))
    }
}

impl Defer {
    /// `tokens` as they are, whatever they contain.
    #[must_use]
    pub fn bare(tokens: TokenStream) -> Defer {
        Defer { body: Body::bare(tokens) }
    }
}

const LITERAL: &str =
    "`defer!` needs no function literal: write what to run, as in `defer!(wg.done())` or `defer! { … }`";

/// The error for input that Go, or `go!`, would accept.
fn no_expression(tokens: &[TokenTree]) -> Option<Error> {
    if let Some(start) = foreign_literal(tokens) {
        return Some(error_at(start, LITERAL));
    }
    if let Some(at) = find_arrow(tokens) {
        let message = match at {
            0 => "to receive at the end of the block, write `defer!(recv!(ch))`",
            _ => "to send at the end of the block, write `defer!(send!(ch <- value))`",
        };
        return Some(error_at(&tokens[at..at + 2], message));
    }
    if let [list @ TokenTree::Group(group), next, ..] = tokens
        && group.delimiter() == Delimiter::Bracket
        && !matches!(next, TokenTree::Punct(_))
    {
        let message = "`defer!` borrows what it names, and takes no list of clones";
        return Some(Error::new(list.span(), message));
    }
    let (first, comma, _) = split_comma(tokens)?;
    let several = parse_expr(tokens).is_err() && parse_expr(first).is_ok();
    several.then(|| Error::new(comma.span(), "write one `defer!` for each, or `;` between the two"))
}

/// The error for an expression that has no effect at the end of the block.
fn nothing_to_run(tokens: &[TokenTree]) -> Option<Error> {
    let starts_statement = ["let", "if", "while", "match", "for", "return", "use", "const"]
        .iter()
        .any(|word| is_word(tokens, 0, word));
    let separated = (0..tokens.len()).any(|at| is_punct(tokens, at, ';'));
    if !starts_statement
        && !separated
        && let Some(error) = no_expression(tokens)
    {
        return Some(error);
    }
    let expr = parse_expr(tokens).ok()?;
    let message = match &expr {
        Expr::Path(_) | Expr::Field(_) => format!(
            "`defer!` runs a call or statements, and `{name}` is not called: add `()`, as in \
             `defer!({name}())`",
            name = spell(&expr)?
        ),
        Expr::Closure(_) => LITERAL.to_owned(),
        Expr::Try(_) => {
            "`?` has no caller to return to at the end of the block: handle the error here, as in `defer! { if let \
             Err(e) = f() { … } }`"
                .to_owned()
        }
        Expr::Await(_) => "deferred code is not async: it may block, as in `defer!(gochan::block_on(f()))`".to_owned(),
        Expr::Return(ExprReturn { expr: Some(_), .. }) | Expr::Break(_) | Expr::Continue(_) => {
            "deferred code runs when the block is left already, and cannot change where to: to change a result, assign \
             to a variable, as in `defer! { result = 1; }`"
                .to_owned()
        }
        _ => return None,
    };
    Some(Error::new_spanned(expr, message))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{accept, assert_rejects};

    #[test]
    fn an_expression_or_statements() {
        for (source, count) in
            [("wg.done()", 1), ("wg.done();", 1), ("{ a(); b() }", 1), ("a(); b(); x += 1", 3)]
        {
            assert_eq!(accept::<Defer>(source).body.stmts().map(|stmts| stmts.len()).ok(), Some(count));
        }
    }

    #[test]
    fn mistakes() {
        assert_rejects::<Defer>("", "", "`defer!(wg.done())`");
        assert_rejects::<Defer>("clean_up", "clean_up", "as in `defer!(clean_up())`");
        assert_rejects::<Defer>("self.stop", "self.stop", "as in `defer!(self.stop())`");
        assert_rejects::<Defer>("|| f()", "|| f()", "no function literal");
        assert_rejects::<Defer>("move || { f() }()", "move || { f() }()", "no function literal");
        assert_rejects::<Defer>("f()?", "f()?", "`?` has no caller");
        assert_rejects::<Defer>("f().await", "f().await", "`defer!(gochan::block_on(f()))`");
        assert_rejects::<Defer>("return 1", "return 1", "assign to a variable");
        assert_rejects::<Defer>("break", "break", "cannot change where to");
        assert_rejects::<Defer>("func() { f() }()", "func", "no function literal");
        assert_rejects::<Defer>("[wg] { wg.done() }", "[wg]", "no list of clones");
        assert_rejects::<Defer>("[wg] wg.done()", "[wg]", "no list of clones");
        assert_rejects::<Defer>("ch <- 1", "<-", "`defer!(send!(ch <- value))`");
        assert_rejects::<Defer>("<-ch", "<-", "`defer!(recv!(ch))`");
        assert_rejects::<Defer>("f(), g()", ",", "one `defer!` for each");
        accept::<Defer>("f(),");
        accept::<Defer>("let less = a <-b; f(less)");
        accept::<Defer>("if a <-b { f() }");
        accept::<Defer>("[a, b].iter().for_each(f)");
        accept::<Defer>("f::<A, B>(a, b)");
    }

    #[test]
    fn what_is_half_typed_stays_the_compilers_to_report() {
        assert!(accept::<Defer>("wg.").body.stmts().is_err());
    }
}
