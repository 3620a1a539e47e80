//! `#[gochan::main]`: the user's function inside one that hands it to the runtime.

use gochan_syntax::{EntryArgs, EntryFn};
use proc_macro_crate::{Error as ManifestError, FoundCrate, crate_name};
use proc_macro2::{Ident, Span, TokenStream};
use quote::{ToTokens, quote, quote_spanned};
use syn::Error;

use crate::expand::{Root, at};

pub(crate) fn expand_main(args: TokenStream, item: TokenStream) -> TokenStream {
    let function = match syn::parse2::<EntryFn>(item.clone()) {
        Ok(function) => function,
        Err(error) => {
            let error = error.into_compile_error();
            return quote!(#error #item);
        }
    };
    let expanded = syn::parse2::<EntryArgs>(args).and_then(|args| {
        function.check("`#[gochan::main]`")?;
        let root = root(&args)?;
        Ok(main(&root, &args, &function))
    });
    expanded.unwrap_or_else(|error| refused(error, &function))
}

fn main(root: &Root, args: &EntryArgs, function: &EntryFn) -> TokenStream {
    let EntryFn { attrs, vis, sig, body } = function;
    let (name, output) = (&sig.ident, &sig.output);
    let start = root.private("main");
    let stack_size = args.stack_size.as_ref().map_or_else(|| quote!(0), ToTokens::to_token_stream);
    let inner = Ident::new("__gochan_main", at(name.span()));
    quote_spanned! {at(name.span())=>
        #(#attrs)* #vis fn #name() -> ::std::process::ExitCode {
            fn #inner() #output #body
            #start(#stack_size, #inner)
        }
    }
}

/// The error, and the function all the same, one level down where it may be as it is: an editor goes on
/// working in its body, and the compiler does not miss `main`.
fn refused(error: Error, function: &EntryFn) -> TokenStream {
    let (error, vis, name) = (error.into_compile_error(), &function.vis, &function.sig.ident);
    quote_spanned!(at(name.span())=> #error #[allow(dead_code)] #vis fn #name() { #function })
}

/// The path of gochan: what the attribute says, else what `Cargo.toml` calls it.
fn root(args: &EntryArgs) -> Result<Root, Error> {
    if let Some(path) = &args.krate {
        return Ok(Root(path.to_token_stream()));
    }
    let name = match crate_name("gochan") {
        Ok(FoundCrate::Name(name)) => name,
        Err(ManifestError::CrateNotFound { .. }) => {
            return Err(Error::new(
                Span::call_site(),
                "gochan is no direct dependency here: say where it is, as in \
                 `#[gochan::main(crate = facade::gochan)]`",
            ));
        }
        // gochan's own tests and examples name it like anyone; and without cargo nobody has renamed it.
        Ok(FoundCrate::Itself) | Err(_) => "gochan".to_owned(),
    };
    let name = Ident::new(&name, Span::call_site());
    Ok(Root(quote!(::#name)))
}
