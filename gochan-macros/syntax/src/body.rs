//! A block that the macros pass on without parsing.

use proc_macro2::{Delimiter, Group, Span, TokenStream, TokenTree};
use quote::ToTokens;
use syn::{Block, Result, Stmt};

/// Statements for the compiler: the inside of a `{ … }`, or of the macro's own braces.
///
/// Prints as a block with its braces.
#[derive(Clone)]
#[cfg_attr(any(test, feature = "extra-traits"), derive(Debug))]
pub struct Body {
    /// The tokens between the braces, for [`stmts`](Body::stmts) to parse.
    pub tokens: TokenStream,
    /// The span of the braces, or of the whole text if the macro's delimiters take their place.
    pub span: Span,
    /// The block as it is written, if it is. New braces would lose the position of each brace, and a statement that
    /// breaks off would be reported as the whole block.
    braces: Option<Group>,
}

impl Body {
    /// The block in `group`.
    pub(crate) fn of(group: &Group) -> Body {
        Body { tokens: group.stream(), span: group.span(), braces: Some(group.clone()) }
    }

    /// Bare statements, as in `go! { a(); b() }`.
    pub(crate) fn bare(tokens: TokenStream) -> Body {
        let mut ends = tokens.clone().into_iter();
        let first = ends.next().map(|token| token.span());
        let last = ends.last().map(|token| token.span());
        let span = first.and_then(|first| first.join(last.unwrap_or(first)));
        Body::within(tokens, span.or(first).unwrap_or_else(Span::call_site))
    }

    /// Statements whose braces were at `span`.
    pub(crate) fn within(tokens: TokenStream, span: Span) -> Body {
        Body { tokens, span, braces: None }
    }

    /// The statements, read with `syn`.
    ///
    /// # Errors
    ///
    /// If the block contains a syntax error, or syntax that `syn` does not know.
    pub fn stmts(&self) -> Result<Vec<Stmt>> {
        syn::parse2::<Block>(self.in_braces().into()).map(|block| block.stmts)
    }

    /// True if it visibly ends in the middle of a statement, such as `job.`.
    #[must_use]
    pub fn breaks_off(&self) -> bool {
        match self.tokens.clone().into_iter().last() {
            Some(TokenTree::Punct(last)) => !matches!(last.as_char(), ';' | '?' | '>'),
            _ => false,
        }
    }

    fn in_braces(&self) -> TokenTree {
        let mut group = Group::new(Delimiter::Brace, self.tokens.clone());
        group.set_span(self.span);
        TokenTree::Group(group)
    }
}

impl ToTokens for Body {
    fn to_tokens(&self, tokens: &mut TokenStream) {
        let written = self.braces.clone().map(TokenTree::Group);
        tokens.extend([written.unwrap_or_else(|| self.in_braces())]);
    }
}
