//! `recv!`, with one value or with two.

use gochan_syntax::Recv;
use proc_macro2::TokenStream;
use quote::quote;

use crate::expand::{Root, readable, reference};

pub(crate) fn expand(root: &Root, Recv { channel, ok }: Recv) -> TokenStream {
    let function = root.private(if ok.is_some() { "recv_ok" } else { "recv" });
    let channel = reference(channel);
    quote!(#function(#channel))
}

/// The channel, if it can be found in the rest.
pub(crate) fn remains(_: &Root, input: TokenStream) -> TokenStream {
    let channel = Recv::recover(input).into_iter().flat_map(readable);
    quote!(#(#channel;)*)
}
