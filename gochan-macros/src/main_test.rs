//! `#[gochan::main]` and `#[gochan::test]`: the user's function inside one that passes it to the runtime.

use gochan_syntax::{Choice, EntryArgs, EntryFn, Explore, TestArgs};
use proc_macro2::{Ident, Span, TokenStream};
use quote::{ToTokens, quote, quote_spanned};
use syn::spanned::Spanned;
use syn::{Attribute, Error, Path, ReturnType};

use crate::expand::{Root, at};
use crate::manifest;

pub(crate) fn expand_main(args: TokenStream, item: TokenStream) -> TokenStream {
    expand(item, |function| {
        let args = syn::parse2::<EntryArgs>(args)?;
        function.check("`#[gochan::main]`")?;
        if let Some(attr) = function.attrs.iter().find(|attr| ends_in(attr, "main")) {
            let message = "`#[gochan::main]` starts the program by itself: remove this attribute";
            return Err(Error::new_spanned(attr, message));
        }
        Ok(main(&root(args.krate.as_ref(), "main")?, &args, function))
    })
}

pub(crate) fn expand_test(args: TokenStream, item: TokenStream) -> TokenStream {
    expand(item, |function| {
        let args = syn::parse2::<TestArgs>(args)?;
        function.check("`#[gochan::test]`")?;
        if let Some(attr) = function.attrs.iter().find(|attr| ends_in(attr, "test")) {
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

/// True for `#[word]` and `#[some::word]`.
fn ends_in(attr: &Attribute, word: &str) -> bool {
    attr.path().segments.last().is_some_and(|segment| segment.ident == word)
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
    // Located at the result: a type that nothing can be made of is underlined.
    let run = Ident::new("run", at(result_span(function)));
    quote_spanned! {at(name.span())=>
        #(#attrs)* #[::core::prelude::v1::test] #vis fn #name() {
            fn #inner() #output #body
            #start::new() #(#virtual_time)* #(#explore)* #(#limit)* #(#jumps)* #(#timeout)* #(#allow)* #(#stack_size)* .#run(#inner)
        }
    }
}

fn main(root: &Root, args: &EntryArgs, function: &EntryFn) -> TokenStream {
    let EntryFn { attrs, vis, sig, body } = function;
    let (name, output) = (&sig.ident, &sig.output);
    let (path, start) = (root.private("main"), Ident::new("__gochan_start", at(result_span(function))));
    let stack_size = args.stack_size.as_ref().map_or_else(|| quote!(0), ToTokens::to_token_stream);
    let settings = settings(root, args).map_or_else(
        || quote!(::core::option::Option::None),
        |settings| quote!(::core::option::Option::Some(#settings)),
    );
    let inner = Ident::new("__gochan_main", at(name.span()));
    quote_spanned! {at(name.span())=>
        #(#attrs)* #vis fn #name() -> ::std::process::ExitCode {
            fn #inner() #output #body
            use #path as #start;
            #start(#settings, #stack_size, #inner)
        }
    }
}

/// Where the function says what it returns.
fn result_span(function: &EntryFn) -> Span {
    match &function.sig.output {
        ReturnType::Default => function.sig.ident.span(),
        ReturnType::Type(_, ty) => ty.span(),
    }
}

/// The settings of the runtime, if there are any.
fn settings(root: &Root, args: &EntryArgs) -> Option<TokenStream> {
    let EntryArgs { workers, backend, on_panic, stuck_after, settings, .. } = args;
    if workers.is_none()
        && backend.is_none()
        && on_panic.is_none()
        && stuck_after.is_none()
        && settings.is_none()
    {
        return None;
    }
    let choice = |choice: &Choice, ty: &str| match choice {
        Choice::Variant(variant) => {
            let ty = Ident::new(ty, Span::mixed_site());
            quote!(#root::runtime::#ty::#variant)
        }
        Choice::Expr(expr) => expr.to_token_stream(),
    };
    let base = match settings {
        Some(settings) => {
            let builder = quote_spanned!(at(settings.span())=> #root::__private::settings);
            quote!(#builder(#settings))
        }
        None => quote!(#root::runtime::Builder::new()),
    };
    let workers = workers.iter().map(|count| quote!(.workers(#count)));
    let backend =
        backend.iter().map(|backend| choice(backend, "Backend")).map(|value| quote!(.backend(#value)));
    let on_panic =
        on_panic.iter().map(|policy| choice(policy, "PanicPolicy")).map(|value| quote!(.on_panic(#value)));
    let stuck_after =
        stuck_after.iter().map(|nanos| quote!(.stuck_after(::core::time::Duration::from_nanos(#nanos))));
    Some(quote!(#base #(#workers)* #(#backend)* #(#on_panic)* #(#stuck_after)*))
}

/// The error, followed by the function, one level down where it is valid in any form: an editor continues to work in
/// its body, and the compiler does not miss `main`.
fn refused(error: Error, function: &EntryFn) -> TokenStream {
    let (error, vis, name) = (error.into_compile_error(), &function.vis, &function.sig.ident);
    quote_spanned!(at(name.span())=> #error #[allow(dead_code)] #vis fn #name() { #function })
}

/// The path of gochan: the attribute's argument, or else the name in `Cargo.toml`.
fn root(path: Option<&Path>, attribute: &str) -> Result<Root, Error> {
    if let Some(path) = path {
        return Ok(Root(path.to_token_stream()));
    }
    let name = manifest::name().map_err(|manifest::NotFound| {
        Error::new(
            Span::call_site(),
            format!(
                "gochan is no direct dependency here: say where it is, as in \
                 `#[gochan::{attribute}(crate = facade::gochan)]`"
            ),
        )
    })?;
    let name = Ident::new(&name, Span::call_site());
    Ok(Root(quote!(::#name)))
}
