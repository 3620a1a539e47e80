//! A block the macros pass on unread.

use proc_macro2::{Delimiter, Group, Span, TokenStream, TokenTree};
use quote::ToTokens;
use syn::{Block, Result, Stmt};

/// Statements for the compiler: the inside of a `{ … }`, or of the macro's own braces.
///
/// Prints as a block with its braces.
#[derive(Clone, Debug)]
pub struct Body {
    /// What stands between the braces.
    pub tokens: TokenStream,
    /// Where the braces stand, or the whole text where the macro's delimiters take their place.
    pub span: Span,
}

impl Body {
    /// The block that `group` holds.
    pub(crate) fn of(group: &Group) -> Body {
        Body { tokens: group.stream(), span: group.span() }
    }

    /// Bare statements, as in `go! { a(); b() }`.
    pub(crate) fn bare(tokens: TokenStream) -> Body {
        let mut ends = tokens.clone().into_iter();
        let first = ends.next().map(|token| token.span());
        let last = ends.last().map(|token| token.span());
        let span = first.and_then(|first| first.join(last.unwrap_or(first)));
        Body { tokens, span: span.or(first).unwrap_or_else(Span::call_site) }
    }

    /// The statements, read with `syn`.
    ///
    /// # Errors
    ///
    /// When the block holds a syntax error, or syntax that `syn` does not know.
    pub fn stmts(&self) -> Result<Vec<Stmt>> {
        syn::parse2::<Block>(self.to_token_stream()).map(|block| block.stmts)
    }
}

impl ToTokens for Body {
    fn to_tokens(&self, tokens: &mut TokenStream) {
        let mut group = Group::new(Delimiter::Brace, self.tokens.clone());
        group.set_span(self.span);
        tokens.extend([TokenTree::Group(group)]);
    }
}
