//! `recv!`, with one value or with two.

use gochan_syntax::Recv;
use proc_macro2::{Ident, Span, TokenStream};
use quote::quote;

use crate::expand::{Root, last_word, readable, reference, zero};

pub(crate) fn expand(root: &Root, Recv { channel, ok }: Recv) -> TokenStream {
    let method = Ident::new(if ok.is_some() { "value_ok" } else { "value" }, Span::mixed_site());
    let (receive, receiving) = (root.private("receive"), Ident::new("__gochan_receive", Span::mixed_site()));
    let value = zero(root, &receiving, &method, last_word(&channel));
    let channel = reference(channel);
    quote!(match #receive(#channel) { #receiving => #value })
}

/// The channel, if it can be found in the rest.
pub(crate) fn remains(_: &Root, input: TokenStream) -> TokenStream {
    let channel = Recv::recover(input).into_iter().flat_map(readable);
    quote!(#(#channel;)*)
}
