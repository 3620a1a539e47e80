//! `defer!`: a guard in the enclosing block.

use gochan_syntax::Defer;
use proc_macro2::{Ident, Span, TokenStream, TokenTree};
use quote::{quote, quote_spanned};
use syn::Expr;

use crate::expand::{Root, at};

pub(crate) fn expand(root: &Root, Defer { body }: Defer) -> TokenStream {
    // Mixed-site names are visible to the macro only; several guards in one block shadow each other and still drop last
    // to first.
    let (guard, function) = (Ident::new("__gochan_defer", Span::mixed_site()), root.private("defer"));
    let statements = body.tokens;
    let end = match statements.clone().into_iter().last() {
        Some(TokenTree::Punct(last)) if last.as_char() == ';' => None,
        // If a statement breaks off, this is the token that the compiler did not expect.
        Some(last) => Some(quote_spanned!(at(last.span())=> ;)),
        None => None,
    };
    quote!(let #guard = #function(|| { #statements #end });)
}

/// An expression that is named without being called, because its call is still being typed. The other mistakes would be
/// reported twice.
pub(crate) fn remains(root: &Root, input: TokenStream) -> TokenStream {
    match syn::parse2(input.clone()) {
        Ok(Expr::Path(_) | Expr::Field(_)) => expand(root, Defer::bare(input)),
        _ => TokenStream::new(),
    }
}
