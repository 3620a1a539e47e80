//! `defer!(expression)` and `defer! { statements }`.

use syn::parse::{Parse, ParseStream};
use syn::{Error, Result};

use crate::Body;

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
        Ok(Defer { body: Body::bare(input.parse()?) })
    }
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
    }

    #[test]
    fn what_is_half_typed_stays_the_compilers_to_report() {
        assert!(accept::<Defer>("wg.").body.stmts().is_err());
    }
}
