//! `defer!`: a guard in the enclosing block.

use gochan_syntax::Defer;
use proc_macro2::{Ident, Span, TokenStream, TokenTree};
use quote::quote;

use crate::expand::Root;

pub(crate) fn expand(root: &Root, Defer { body }: Defer) -> TokenStream {
    // Mixed-site names are the macro's alone; several guards in one block shadow each other and still
    // drop last to first.
    let (guard, function) = (Ident::new("__gochan_defer", Span::mixed_site()), root.private("defer"));
    let statements = body.tokens;
    let end = match statements.clone().into_iter().last() {
        Some(TokenTree::Punct(last)) if last.as_char() == ';' => None,
        _ => Some(quote!(;)),
    };
    quote!(let #guard = #function(|| { #statements #end });)
}

/// What is named without being called, on the way to its call. The other mistakes would be reported twice.
pub(crate) fn remains(root: &Root, input: TokenStream) -> TokenStream {
    let is_other = |token| matches!(token, TokenTree::Punct(punct) if matches!(punct.as_char(), '|' | '?'));
    if input.is_empty() || input.clone().into_iter().any(is_other) {
        return TokenStream::new();
    }
    expand(root, Defer::bare(input))
}
