//! `send!`: the channel by reference, then the value.

use gochan_syntax::Send;
use proc_macro2::TokenStream;
use quote::quote;

use crate::expand::{Root, reference};

pub(crate) fn expand(root: &Root, Send { channel, value, .. }: Send) -> TokenStream {
    let (function, channel) = (root.private("send"), reference(channel));
    quote!(#function(#channel, #value))
}
