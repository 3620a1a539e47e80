//! `#[gochan::main]` and `#[gochan::test]`: the user's function inside one that hands it to the runtime.

use gochan_syntax::{EntryArgs, EntryFn, Explore, TestArgs};
use proc_macro_crate::{Error as ManifestError, FoundCrate, crate_name};
use proc_macro2::{Ident, Span, TokenStream};
use quote::{ToTokens, quote, quote_spanned};
use syn::{Attribute, Error, Path};

use crate::expand::{Root, at};

pub(crate) fn expand_main(args: TokenStream, item: TokenStream) -> TokenStream {
    expand(item, |function| {
        let args = syn::parse2::<EntryArgs>(args)?;
        function.check("`#[gochan::main]`")?;
        Ok(main(&root(args.krate.as_ref(), "main")?, &args, function))
    })
}

pub(crate) fn expand_test(args: TokenStream, item: TokenStream) -> TokenStream {
    expand(item, |function| {
        let args = syn::parse2::<TestArgs>(args)?;
        function.check("`#[gochan::test]`")?;
        if let Some(attr) = function.attrs.iter().find(|attr| is_test(attr)) {
            let message = "`#[gochan::test]` makes the function a test by itself: remove this attribute";
            return Err(Error::new_spanned(attr, message));
        }
        Ok(test(&root(args.krate.as_ref(), "test")?, &args, function))
    })
}

fn expand(item: TokenStream, expand: impl FnOnce(&EntryFn) -> Result<TokenStream, Error>) -> TokenStream {
    match syn::parse2::<EntryFn>(item.clone()) {
        Ok(function) => expand(&function).unwrap_or_else(|error| refused(error, &function)),
        Err(error) => {
            let error = error.into_compile_error();
            quote!(#error #item)
        }
    }
}

fn is_test(attr: &Attribute) -> bool {
    attr.path().is_ident("test")
}

fn test(root: &Root, args: &TestArgs, function: &EntryFn) -> TokenStream {
    let EntryFn { attrs, vis, sig, body } = function;
    let (name, output) = (&sig.ident, &sig.output);
    let start = root.private("Test");
    let virtual_time = args.virtual_time.iter().map(|word| quote_spanned!(word.span()=> .virtual_time()));
    let explore = args.explore.iter().map(|explore| match explore {
        Explore::Runs(runs) => quote!(.explore(#runs)),
        Explore::All => quote!(.explore_all()),
    });
    let limit = args.limit.iter().map(|(_, count)| quote!(.limit(#count)));
    let jumps = args.jumps.iter().map(|(_, count)| quote!(.jumps(#count)));
    let timeout = args.timeout.iter().map(|nanoseconds| quote!(.timeout(#nanoseconds)));
    let allow = args.allow.iter().map(|entries| quote!(.allow(&#entries)));
    let stack_size = args.stack_size.iter().map(|bytes| quote!(.stack_size(#bytes)));
    let inner = Ident::new("__gochan_test", at(name.span()));
    quote_spanned! {at(name.span())=>
        #(#attrs)* #[::core::prelude::v1::test] #vis fn #name() {
            fn #inner() #output #body
            #start::new() #(#virtual_time)* #(#explore)* #(#limit)* #(#jumps)* #(#timeout)* #(#allow)* #(#stack_size)* .run(#inner)
        }
    }
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
fn root(path: Option<&Path>, attribute: &str) -> Result<Root, Error> {
    if let Some(path) = path {
        return Ok(Root(path.to_token_stream()));
    }
    let name = match crate_name("gochan") {
        Ok(FoundCrate::Name(name)) => name,
        Err(ManifestError::CrateNotFound { .. }) => {
            return Err(Error::new(
                Span::call_site(),
                format!(
                    "gochan is no direct dependency here: say where it is, as in \
                     `#[gochan::{attribute}(crate = facade::gochan)]`"
                ),
            ));
        }
        // gochan's own tests and examples name it like anyone; and without cargo nobody has renamed it.
        Ok(FoundCrate::Itself) | Err(_) => "gochan".to_owned(),
    };
    let name = Ident::new(&name, Span::call_site());
    Ok(Root(quote!(::#name)))
}
