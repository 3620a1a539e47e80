//! `close!`.

use gochan_syntax::Close;
use proc_macro2::TokenStream;
use quote::quote;

use crate::expand::{Root, reference};

pub(crate) fn expand(root: &Root, Close { channel }: Close) -> TokenStream {
    let (function, channel) = (root.private("close"), reference(channel));
    quote!(#function(#channel))
}
