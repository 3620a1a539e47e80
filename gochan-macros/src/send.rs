//! `send!`: the channel by reference, then the value.

use gochan_syntax::Send;
use proc_macro2::{Ident, TokenStream};
use quote::{quote, quote_spanned};

use crate::expand::{Root, at, last_word, reference, text};

pub(crate) fn expand(root: &Root, Send { channel, value, .. }: Send) -> TokenStream {
    let span = at(last_word(&channel));
    let (function, channel) = (root.private("send"), reference(channel));
    let to = Ident::new("__gochan_channel", span);
    match text(root, &to, &value) {
        Some(text) => {
            // Imported, so that an error about the channel underlines it.
            let send = Ident::new("__gochan_send", span);
            let call = quote_spanned!(span=> #send(#to, #text));
            quote!({ use #function as #send; match #channel { #to => #call } })
        }
        None => quote!(#function(#channel, #value)),
    }
}
