//! `go!` expands to `let` statements for what the caller evaluates and a `move` closure for what the goroutine runs.

mod listed;
mod now;

use gochan_syntax::{Body, CloneEntry, CloneList, Form, Go, Literal, Parameter, fragments};
use proc_macro2::{Delimiter, Group, Ident, Span, TokenStream, TokenTree};
use quote::{ToTokens, format_ident, quote, quote_spanned};
use syn::punctuated::Punctuated;
use syn::spanned::Spanned;
use syn::{Expr, ExprCall, ExprMethodCall, ExprPath, Token, token};

use now::Now;

use crate::expand::{Root, at, bare, readable};

pub(crate) fn expand(root: &Root, Go { clones, form }: Go) -> TokenStream {
    let is_call = matches!(form, Form::Call(_));
    let entries = || clones.iter().flat_map(|list: &CloneList| &list.entries);
    let listed = listed::uses(root, entries(), &form);
    let own = owned(root, entries(), &form);
    let Later { now, span, body } = match form {
        Form::Block(body) => Later { now: None, span: body.span, body: owning(entries(), body) },
        Form::Literal(literal) => called_literal(entries(), literal),
        Form::Call(form) => call(clones.as_ref(), form),
        Form::MethodCall(form) => method_call(clones.as_ref(), form),
    };
    // A block renames the clones inside, where `mut` matters; code that is evaluated now uses them out here.
    let used_now = now.is_some();
    let clones = entries().map(|entry| clone(entry, used_now));
    let closure = quote_spanned!(at(span)=> move || #body);
    // Imported, so that an error about the goroutine underlines it: a path that starts with `$crate` belongs to the whole
    // macro call.
    let (path, spawn) = (root.private("go"), Ident::new("__gochan_go", at(span)));
    let start = quote_spanned!(at(span)=> #spawn(#closure));
    let start = if is_call {
        let handle = Ident::new("__gochan_handle", at(span));
        let runs = runs_to_its_end(root, &handle);
        quote!(match #start { #handle => { #runs #handle } })
    } else {
        start
    };
    quote!(#listed use #path as #spawn; #(#clones)* #own #now #start)
}

/// Statements that check of each clone that the goroutine may own it, so that an error underlines its name in the list.
fn owned<'a>(root: &Root, clones: impl Iterator<Item = &'a CloneEntry>, form: &Form) -> TokenStream {
    let (path, owned) = (root.private("owned"), Ident::new("__gochan_owned", Span::mixed_site()));
    let takes_all = match form {
        Form::Block(_) => true,
        Form::Literal(literal) => literal.parameters.is_empty(),
        Form::Call(_) | Form::MethodCall(_) => false,
    };
    let checks: Vec<TokenStream> = clones
        .filter(|_| takes_all)
        .map(|CloneEntry { name, .. }| {
            let owned = Ident::new("__gochan_owned", at(name.span()));
            quote_spanned!(at(name.span())=> #owned(&#name);)
        })
        .collect();
    if checks.is_empty() { TokenStream::new() } else { quote!(use #path as #owned; #(#checks)*) }
}

/// A statement that does not compile if the goroutine's result is a future, as that of an `async fn` is: nothing would
/// poll it. It needs to know the type, which a method or a block may leave to the use of the result.
fn runs_to_its_end(root: &Root, handle: &Ident) -> TokenStream {
    quote_spanned! {handle.span()=>
        use #root::__private::outcome::*;
        (&&&Outcome::of(&#handle)).is_no_future();
    }
}

/// The usable parts of an input with mistakes: the expressions behind the list, or in the list if nothing follows it
/// yet.
pub(crate) fn remains(_: &Root, input: TokenStream) -> TokenStream {
    let tokens: Vec<TokenTree> = input.into_iter().collect();
    let kept = match &tokens[..] {
        [TokenTree::Group(list), rest @ ..] if list.delimiter() == Delimiter::Bracket && !rest.is_empty() => {
            rest
        }
        all => all,
    };
    let statements = fragments(kept.iter().cloned().collect()).into_iter().flat_map(readable);
    quote!(#(#statements;)*)
}

/// A form in two parts.
struct Later {
    /// The statements that run before the goroutine starts; none if only the captures connect it to the caller.
    now: Option<TokenStream>,
    /// The start of the form.
    span: Span,
    /// The closure's body, with its return type if it has one.
    body: TokenStream,
}

fn call(clones: Option<&CloneList>, call: ExprCall) -> Later {
    let span = call.func.span();
    let mut now = Now::new(clones);
    let callee = now.callee(*call.func);
    let arguments = now.arguments(call.args, call.paren_token.span.join());
    let (now, body) = now.finish(quote!(#callee #arguments));
    Later { now: Some(now), span, body }
}

fn method_call(clones: Option<&CloneList>, call: ExprMethodCall) -> Later {
    let ExprMethodCall { receiver, dot_token, method, turbofish, paren_token, args, .. } = call;
    let span = receiver.span();
    let mut now = Now::new(clones);
    let receiver = now.receiver(*receiver);
    let arguments = now.arguments(args, paren_token.span.join());
    let (now, body) = now.finish(quote!(#receiver #dot_token #method #turbofish #arguments));
    Later { now: Some(now), span, body }
}

/// The literal's parameters become `let`s: their types apply to the arguments now, their patterns are matched later.
fn called_literal<'a>(clones: impl Iterator<Item = &'a CloneEntry>, literal: Literal) -> Later {
    let Literal { parameters, output, body, arguments } = literal;
    let span = body.span;
    if parameters.is_empty() {
        let body = owning(clones, body);
        return Later { now: None, span, body: quote!(#output #body) };
    }
    let mut now = TokenStream::new();
    let mut matched = TokenStream::new();
    for (index, (Parameter { pattern, ty }, argument)) in parameters.into_iter().zip(arguments).enumerate() {
        let argument = bare(argument);
        let name = format_ident!("__gochan_arg{index}", span = at(argument.span()));
        let ty = ty.map(|ty| quote!(: #ty));
        now.extend(quote_spanned!(name.span()=> let #name #ty = #argument;));
        matched.extend(quote_spanned!(name.span()=> let #pattern = #name;));
    }
    let body = block(body);
    let body = braces(quote!(#matched #body), span);
    Later { now: Some(now), span, body: quote!(#output #body) }
}

/// A block that takes every clone with it, including those that it uses in part or not at all: the goroutine owns them.
fn owning<'a>(clones: impl Iterator<Item = &'a CloneEntry>, body: Body) -> TokenStream {
    let taken: TokenStream = clones
        .map(|CloneEntry { mutability, name, .. }| {
            quote_spanned!(at(name.span())=> let #mutability #name = #name;)
        })
        .collect();
    let (span, body) = (body.span, block(body));
    if taken.is_empty() { body } else { braces(quote!(#taken #body), span) }
}

/// The body in the macro's own braces, which lints ignore; or, if it breaks off, as it is written, so that the compiler
/// knows where it ends.
fn block(body: Body) -> TokenStream {
    if body.breaks_off() { body.into_token_stream() } else { braces(body.tokens, body.span) }
}

fn braces(tokens: TokenStream, span: Span) -> TokenStream {
    let mut group = Group::new(Delimiter::Brace, tokens);
    group.set_span(at(span));
    group.into_token_stream()
}

/// `let name = source.clone();`. The method call auto-dereferences, so a borrowed handle gives an owned one.
/// `assignable` keeps an entry's `mut`.
fn clone(entry: &CloneEntry, assignable: bool) -> TokenStream {
    let CloneEntry { mutability, name, source } = entry;
    let span = at(name.span());
    let source = match source {
        Some((_, source)) => source.clone(),
        None => Expr::Path(ExprPath { attrs: Vec::new(), qself: None, path: name.clone().into() }),
    };
    let cloned = ExprMethodCall {
        attrs: Vec::new(),
        receiver: Box::new(source),
        dot_token: Token![.](span),
        method: Ident::new("clone", span),
        turbofish: None,
        paren_token: token::Paren(span),
        args: Punctuated::new(),
    };
    // Not the user's token, which would have to be of use here: the goroutine may be the one that changes the clone.
    let mutability = mutability.filter(|_| assignable).map(|_| Token![mut](span));
    quote_spanned!(span=> let #mutability #name = #cloned;)
}
