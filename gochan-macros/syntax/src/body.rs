//! A block the macros pass on unread.

use proc_macro2::{Delimiter, Group, Span, TokenStream, TokenTree};
use quote::ToTokens;
use syn::{Block, Result, Stmt};

/// Statements for the compiler: the inside of a `{ … }`, or of the macro's own braces.
///
/// Prints as a block with its braces.
#[derive(Clone, Debug)]
pub struct Body {
    /// What stands between the braces, for [`stmts`](Body::stmts) to read.
    pub tokens: TokenStream,
    /// Where the braces stand, or the whole text where the macro's delimiters take their place.
    pub span: Span,
    /// The block as it is written, if it is. Braces that are made again forget where each of them stands, and a
    /// statement that breaks off would be reported as the whole block.
    braces: Option<Group>,
}

impl Body {
    /// The block that `group` holds.
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

    /// Statements whose braces stood at `span`.
    pub(crate) fn within(tokens: TokenStream, span: Span) -> Body {
        Body { tokens, span, braces: None }
    }

    /// The statements, read with `syn`.
    ///
    /// # Errors
    ///
    /// When the block holds a syntax error, or syntax that `syn` does not know.
    pub fn stmts(&self) -> Result<Vec<Stmt>> {
        syn::parse2::<Block>(self.in_braces().into()).map(|block| block.stmts)
    }

    /// Whether it is seen to end in the middle of a statement, such as `job.`.
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
