//! `with_context!`: the body, in a block that owns the value that cancels the context.

use gochan_syntax::{ContextBinding, WithContext};
use proc_macro2::{Ident, Span, TokenStream};
use quote::{quote, quote_spanned};
use syn::spanned::Spanned;

use crate::expand::{Root, at, bare, in_scope};

pub(crate) fn expand(root: &Root, WithContext { binding, source, body, .. }: WithContext) -> TokenStream {
    let release = Ident::new("__gochan_release", Span::mixed_site());
    let (path, source) = (root.private("with_context"), bare(source));
    // Imported, so that an error about the source underlines it: a path that starts with `$crate` belongs to the whole
    // macro call.
    let enter = Ident::new("__gochan_with_context", at(source.span()));
    let import = quote!(use #path as #enter;);
    let enter = quote_spanned!(enter.span()=> #enter(#source));
    let names = match binding {
        ContextBinding::Context(context) => quote!(let (#context, #release) = #enter;),
        ContextBinding::WithCancel { context, cancel, .. } => {
            quote!(let (#context, #release) = #enter; let #cancel = #release.handle();)
        }
    };
    in_scope(&quote!(#import #names), &body)
}

/// The usable parts of an input with mistakes.
pub(crate) fn remains(root: &Root, input: TokenStream) -> TokenStream {
    match WithContext::recover(input) {
        Some(kept) => {
            let expanded = expand(root, kept);
            quote!(#expanded;)
        }
        None => TokenStream::new(),
    }
}
