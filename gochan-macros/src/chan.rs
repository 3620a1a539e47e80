//! `chan!`: one of the two constructors.

use gochan_syntax::Chan;
use proc_macro2::TokenStream;
use quote::quote;

use crate::expand::Root;

pub(crate) fn expand(root: &Root, Chan { element, capacity }: Chan) -> TokenStream {
    match capacity {
        None => quote!(#root::Chan::<#element>::new()),
        Some((_, capacity)) => quote!(#root::Chan::<#element>::with_capacity(#capacity)),
    }
}
