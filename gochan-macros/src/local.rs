//! The errors of `runtime::local!`.

use gochan_syntax::Local;
use proc_macro2::{Span, TokenStream};
use syn::Error;

/// The error for declarations, the first of which does not have the right form.
pub(crate) fn refuse(input: TokenStream) -> TokenStream {
    let error = match syn::parse2::<Local>(input) {
        Err(error) => error,
        Ok(_) => Error::new(
            Span::call_site(),
            "expected `static NAME: Type = initial value;`, as in `thread_local!`",
        ),
    };
    error.into_compile_error()
}
