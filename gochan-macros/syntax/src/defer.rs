//! `defer!(expression)` and `defer! { statements }`.

use proc_macro2::{TokenStream, TokenTree};
use syn::parse::{Parse, ParseStream};
use syn::{Error, Expr, Result};

use crate::Body;
use crate::go::spell;
use crate::tokens::{self, parse_expr};

/// The input of `defer!`.
#[derive(Clone, Debug)]
pub struct Defer {
    /// What runs at the end of the enclosing block.
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
        if let Some(error) = nothing_to_run(&tokens) {
            return Err(error);
        }
        Ok(Defer::bare(tokens::stream(&tokens)))
    }
}

impl Defer {
    /// `tokens` as they are, whatever they do.
    #[must_use]
    pub fn bare(tokens: TokenStream) -> Defer {
        Defer { body: Body::bare(tokens) }
    }
}

/// The complaint about an expression that the end of the block can do nothing with.
fn nothing_to_run(tokens: &[TokenTree]) -> Option<Error> {
    let expr = parse_expr(tokens).ok()?;
    let message = match &expr {
        Expr::Path(_) | Expr::Field(_) => format!(
            "`defer!` runs a call or statements, and `{name}` is not called: add `()`, as in \
             `defer!({name}())`",
            name = spell(&expr)?
        ),
        Expr::Closure(_) => "`defer!` needs no function literal: write what to run, as in \
                             `defer!(wg.done())` or `defer! { … }`"
            .to_owned(),
        Expr::Try(_) => {
            "`?` has no caller to return to at the end of the block: handle the error here".to_owned()
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
    }

    #[test]
    fn what_is_half_typed_stays_the_compilers_to_report() {
        assert!(accept::<Defer>("wg.").body.stmts().is_err());
    }
}
