//! `thread_local!`, and other items that concern the thread that code runs on.

use super::reader::{Around, Reader, THREAD_LOCAL};
use super::types::ty;
use crate::source::Span;
use syn::parse::{Parse, ParseStream};

/// A declaration in `thread_local!`.
struct Locals(Vec<Local>);

struct Local {
    name: syn::Ident,
    ty: syn::Type,
    expr: syn::Expr,
}

impl Parse for Locals {
    fn parse(input: ParseStream<'_>) -> syn::Result<Locals> {
        let mut locals = Vec::new();
        while !input.is_empty() {
            input.call(syn::Attribute::parse_outer)?;
            input.parse::<syn::Visibility>()?;
            input.parse::<syn::Token![static]>()?;
            let name = input.parse()?;
            input.parse::<syn::Token![:]>()?;
            let ty = input.parse()?;
            input.parse::<syn::Token![=]>()?;
            locals.push(Local { name, ty, expr: input.parse()? });
            if !input.is_empty() {
                input.parse::<syn::Token![;]>()?;
            }
        }
        Ok(Locals(locals))
    }
}

impl Reader {
    /// Reads `thread_local!`, each initialiser as a function of its own.
    pub(super) fn thread_locals(&mut self, call: &syn::Macro) {
        if call.path.segments.last().is_none_or(|last| last.ident != "thread_local") {
            return;
        }
        let Ok(Locals(locals)) = syn::parse2(call.tokens.clone()) else { return };
        for Local { name, ty: written, expr } in locals {
            // A `const` initialiser runs at compile time.
            if !matches!(expr, syn::Expr::Const(_)) {
                self.initialiser(&name, THREAD_LOCAL, ty(&written), &expr);
            }
        }
    }

    /// True for `main` and for tests that run on a thread, not in a goroutine as `#[gochan::main]` and
    /// `#[gochan::test]` make them.
    pub(super) fn on_thread(&self, attributes: &[syn::Attribute], name: &str, around: &Around) -> bool {
        let runs = |name: &str| {
            let mut paths = attributes.iter().map(syn::Attribute::path);
            paths.find(|path| path.segments.last().is_some_and(|last| last.ident == name))
        };
        let imported = |name: &str| {
            self.names.as_ref().is_some_and(|names| names.imports.iter().any(|(known, _)| known == name))
        };
        let of_tokio = |path: &syn::Path| path.segments.first().is_some_and(|first| first.ident == "tokio");
        match (runs("main"), runs("test")) {
            (Some(path), _) => of_tokio(path),
            (None, Some(path)) => of_tokio(path) || path.is_ident("test") && !imported("test"),
            (None, None) => name == "main" && around.owner.is_none(),
        }
    }

    /// The place of `#[instrument]` of tracing, including one in a `cfg_attr`.
    pub(super) fn instrumented(&self, attributes: &[syn::Attribute]) -> Option<Span> {
        let found = attributes.iter().find(|attribute| {
            if attribute.path().is_ident("cfg_attr") {
                let metas = syn::punctuated::Punctuated::<syn::Meta, syn::Token![,]>::parse_terminated;
                return attribute
                    .parse_args_with(metas)
                    .is_ok_and(|metas| metas.iter().skip(1).any(|meta| self.is_instrument(meta.path())));
            }
            self.is_instrument(attribute.path())
        });
        found.map(|attribute| Span::between(attribute.pound_token.span, attribute.bracket_token.span.close()))
    }

    fn is_instrument(&self, path: &syn::Path) -> bool {
        let segments: Vec<String> = path.segments.iter().map(|segment| segment.ident.to_string()).collect();
        let Some(names) =
            self.names.as_ref().filter(|_| segments.last().is_some_and(|last| last == "instrument"))
        else {
            return false;
        };
        let is_tracing = |path: &[String]| {
            path.first().is_some_and(|root| matches!(root.as_str(), "tracing" | "tracing_attributes"))
        };
        match &segments[..] {
            [_] => {
                let imported =
                    names.imports.iter().any(|(name, path)| name == "instrument" && is_tracing(path));
                imported || names.globs.iter().any(|path| is_tracing(path))
            }
            path => is_tracing(path),
        }
    }
}
