//! `go!`: `let`s for what is evaluated now, and a `move` closure for what runs later.

use gochan_syntax::{Body, CloneEntry, CloneList, Form, Go, Literal, Parameter, fragments};
use proc_macro2::{Delimiter, Group, Ident, Span, TokenStream, TokenTree};
use quote::{ToTokens, format_ident, quote, quote_spanned};
use syn::punctuated::Punctuated;
use syn::spanned::Spanned;
use syn::{Expr, ExprMethodCall, ExprPath, Token, token};

use crate::expand::{Root, at, bare, readable};

pub(crate) fn expand(root: &Root, Go { clones, form }: Go) -> TokenStream {
    let spawn = root.private("go");
    let entries = || clones.iter().flat_map(|list: &CloneList| &list.entries);
    let Later { now, span, body } = match form {
        Form::Block(body) => Later { now: None, span: body.span, body: owning(entries(), body) },
        Form::Literal(literal) => called_literal(entries(), literal),
        Form::Call(call) => {
            let span = call.func.span();
            let mut now = Now::default();
            let callee = now.callee(*call.func);
            let arguments = now.arguments(call.args, call.paren_token.span.join());
            Later { now: Some(now), span, body: quote!(#callee #arguments) }
        }
        Form::MethodCall(call) => method_call(call),
    };
    // A block renames the clones inside, where `mut` matters; what is evaluated now uses them out here.
    let used_now = now.is_some();
    let clones = entries().map(|entry| clone(entry, used_now));
    let now = now.map(|now| now.statements);
    let closure = quote_spanned!(at(span)=> move || #body);
    quote!(#(#clones)* #now #spawn(#closure))
}

/// What can be kept of an input with mistakes in it: the expressions behind the list, or in the list if nothing is
/// behind it yet.
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
    /// The statements that run before the goroutine starts; none when only its captures tie it to the
    /// caller.
    now: Option<Now>,
    /// Where the form begins.
    span: Span,
    /// The closure's body, with its return type if it has one.
    body: TokenStream,
}

/// The statements that evaluate callee, receiver and arguments in the caller, in source order.
#[derive(Default)]
struct Now {
    statements: TokenStream,
    count: usize,
}

impl Now {
    /// Evaluates `expr` into a variable.
    fn bind(&mut self, name: Ident, mutable: bool, expr: &Expr) -> Ident {
        let statement = if mutable {
            quote_spanned!(name.span()=> let mut #name = #expr;)
        } else {
            quote_spanned!(name.span()=> let #name = #expr;)
        };
        self.statements.extend(statement);
        name
    }

    /// What the goroutine calls. A path has nothing to evaluate, and named in place it keeps its generic
    /// parameters open and gives the compiler's better messages; as a local variable it is captured at
    /// once.
    fn callee(&mut self, callee: Expr) -> TokenStream {
        let callee = bare(callee);
        if matches!(callee, Expr::Path(_)) {
            return callee.into_token_stream();
        }
        let name = format_ident!("__gochan_callee", span = at(callee.span()));
        self.bind(name, true, &callee).into_token_stream()
    }

    fn arguments(&mut self, arguments: Punctuated<Expr, Token![,]>, span: Span) -> Group {
        let later: Punctuated<TokenStream, Token![,]> =
            arguments.into_iter().map(|argument| self.argument(argument)).collect();
        let mut group = Group::new(Delimiter::Parenthesis, later.into_token_stream());
        group.set_span(at(span));
        group
    }

    /// What the goroutine passes for `argument`. A closure stays where the callee's signature tells the
    /// types of its parameters; there is nothing in it to evaluate, and its captures move at once.
    fn argument(&mut self, argument: Expr) -> TokenStream {
        let argument = bare(argument);
        if matches!(argument, Expr::Closure(_)) {
            return argument.into_token_stream();
        }
        let name = format_ident!("__gochan_arg{}", self.count, span = at(argument.span()));
        self.count += 1;
        self.bind(name, false, &argument).into_token_stream()
    }
}

fn method_call(call: ExprMethodCall) -> Later {
    let ExprMethodCall { receiver, dot_token, method, turbofish, paren_token, args, .. } = call;
    let receiver = bare(*receiver);
    let span = receiver.span();
    let mut now = Now::default();
    let receiver = now.bind(format_ident!("__gochan_self", span = at(span)), true, &receiver);
    let arguments = now.arguments(args, paren_token.span.join());
    Later { now: Some(now), span, body: quote!(#receiver #dot_token #method #turbofish #arguments) }
}

/// The literal's parameters become `let`s: their types guide the arguments now, their patterns are
/// matched later.
fn called_literal<'a>(clones: impl Iterator<Item = &'a CloneEntry>, literal: Literal) -> Later {
    let Literal { parameters, output, body, arguments } = literal;
    let span = body.span;
    if parameters.is_empty() {
        let body = owning(clones, body);
        return Later { now: None, span, body: quote!(#output #body) };
    }
    let mut now = Now::default();
    let mut matched = TokenStream::new();
    for (index, (Parameter { pattern, ty }, argument)) in parameters.into_iter().zip(arguments).enumerate() {
        let argument = bare(argument);
        let name = format_ident!("__gochan_arg{index}", span = at(argument.span()));
        let ty = ty.map(|ty| quote!(: #ty));
        now.statements.extend(quote_spanned!(name.span()=> let #name #ty = #argument;));
        matched.extend(quote_spanned!(name.span()=> let #pattern = #name;));
    }
    let body = block(body);
    let body = braces(quote!(#matched #body), span);
    Later { now: Some(now), span, body: quote!(#output #body) }
}

/// A block that takes every clone with it, also those it names in part or not at all: the goroutine owns
/// them.
fn owning<'a>(clones: impl Iterator<Item = &'a CloneEntry>, body: Body) -> TokenStream {
    let taken: TokenStream = clones
        .map(|CloneEntry { mutability, name, .. }| {
            quote_spanned!(at(name.span())=> let #mutability #name = #name;)
        })
        .collect();
    let (span, body) = (body.span, block(body));
    if taken.is_empty() { body } else { braces(quote!(#taken #body), span) }
}

/// The body in braces of the macro's, about which lints have nothing to say; or, where it breaks off, as it is
/// written, so that the compiler knows where it ends.
fn block(body: Body) -> TokenStream {
    if body.breaks_off() { body.into_token_stream() } else { braces(body.tokens, body.span) }
}

fn braces(tokens: TokenStream, span: Span) -> TokenStream {
    let mut group = Group::new(Delimiter::Brace, tokens);
    group.set_span(at(span));
    group.into_token_stream()
}

/// `let name = source.clone();`. The method looks through a reference, so that a borrowed handle gives an
/// owned one. `assignable` keeps an entry's `mut`.
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
    let mutability = mutability.filter(|_| assignable);
    quote_spanned!(span=> let #mutability #name = #cloned;)
}
