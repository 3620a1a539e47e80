//! The common part of all expansions: `$crate`, spans, and the handling of input that does not parse.
//!
//! An expression macro expands to one `{ … }`. When the input is half-typed, the error goes *behind* the user's
//! expressions inside these braces: rust-analyzer finds the text before the cursor by its offset in the expansion, and
//! nothing before it may depend on how much has been typed.

use gochan_syntax::{fragments, repair};
use proc_macro2::{Delimiter, Group, Ident, Span, TokenStream, TokenTree};
use quote::{ToTokens, quote, quote_spanned};
use syn::parse::Parse;
use syn::spanned::Spanned;
use syn::{Error, Expr, ExprLit, Lit, Token};

/// The path of the gochan crate in the user's code, usually `$crate`.
pub(crate) struct Root(pub(crate) TokenStream);

impl Root {
    /// Splits `[$crate] input`.
    fn split(input: TokenStream) -> Result<(Root, TokenStream), Error> {
        let mut tokens = input.into_iter();
        match tokens.next() {
            Some(TokenTree::Group(group)) if group.delimiter() == Delimiter::Bracket => {
                Ok((Root(group.stream()), tokens.collect()))
            }
            _ => Err(Error::new(
                Span::call_site(),
                "this macro is an implementation detail: use the one in `gochan`",
            )),
        }
    }

    /// The function or macro `name` of `gochan::__private`, with the span of the macro call.
    pub(crate) fn private(&self, name: &str) -> TokenStream {
        let (root, name) = (&self.0, Ident::new(name, Span::mixed_site()));
        quote!(#root::__private::#name)
    }
}

impl ToTokens for Root {
    fn to_tokens(&self, tokens: &mut TokenStream) {
        self.0.to_tokens(tokens);
    }
}

/// A name of the macro's own, with the location of `span`: errors about the token then underline the user's text, while
/// it collides neither with the user's names nor with clippy.
pub(crate) fn at(span: Span) -> Span {
    Span::mixed_site().located_at(span)
}

/// Expands an expression macro.
pub(crate) fn expression<T: Parse>(input: TokenStream, expand: fn(&Root, T) -> TokenStream) -> TokenStream {
    expression_or(input, expand, |_, input| {
        let statements = fragments(input).into_iter().flat_map(readable);
        quote!(#(#statements;)*)
    })
}

/// Expands an expression macro that itself determines the usable parts of an input with mistakes: statements, which
/// precede the error.
pub(crate) fn expression_or<T: Parse>(
    input: TokenStream,
    expand: fn(&Root, T) -> TokenStream,
    remains: fn(&Root, TokenStream) -> TokenStream,
) -> TokenStream {
    let inside = expansion(input, expand, remains);
    quote!({ #inside })
}

/// Expands an expression macro whose input begins with a type, which must not be searched for expressions.
pub(crate) fn typed_expression<T: Parse>(
    input: TokenStream,
    expand: fn(&Root, T) -> TokenStream,
) -> TokenStream {
    let inside = expansion(input, expand, |_, _| TokenStream::new());
    quote!({ #inside })
}

/// Expands a statement macro, which itself determines the usable parts of an input with mistakes.
pub(crate) fn statement<T: Parse>(
    input: TokenStream,
    expand: fn(&Root, T) -> TokenStream,
    remains: fn(&Root, TokenStream) -> TokenStream,
) -> TokenStream {
    expansion(input, expand, remains)
}

fn expansion<T: Parse>(
    input: TokenStream,
    expand: fn(&Root, T) -> TokenStream,
    remains: fn(&Root, TokenStream) -> TokenStream,
) -> TokenStream {
    let (root, input) = match Root::split(input) {
        Ok(split) => split,
        Err(error) => return report(error),
    };
    let error = match syn::parse2(input.clone()) {
        Ok(parsed) => return expand(&root, parsed),
        Err(error) => error,
    };
    let Some((repaired, dangling)) = repair(input.clone()) else {
        let (remains, report) = (remains(&root, input), report(error));
        return quote!(#remains #report);
    };
    match syn::parse2(repaired.clone()) {
        Ok(parsed) => {
            let (expanded, report) = (expand(&root, parsed), report(dangling));
            quote!(#expanded; #report)
        }
        // The rest is, for instance, `go!(x)` out of `go!(x.)`: the missing name is the first thing to report.
        Err(_) => {
            let (remains, report) = (remains(&root, repaired), report(dangling));
            quote!(#remains #report)
        }
    }
}

/// The part of `expr` that can stand alone without adding errors of its own to the reported one.
pub(crate) fn readable(expr: Expr) -> Vec<Expr> {
    match expr {
        Expr::Assign(assign) => [readable(*assign.left), readable(*assign.right)].concat(),
        Expr::Binary(binary) => [readable(*binary.left), readable(*binary.right)].concat(),
        Expr::Closure(mut closure) => {
            // In `|i: i32| { … }()` the call belongs to the literal, not to the body.
            if let Expr::Call(call) = *closure.body {
                *closure.body =
                    if matches!(*call.func, Expr::Block(_)) { *call.func } else { Expr::Call(call) };
            }
            let typed = closure.inputs.iter().all(|input| matches!(input, syn::Pat::Type(_)));
            typed.then_some(Expr::Closure(closure)).into_iter().collect()
        }
        Expr::Try(operand) => readable(*operand.expr),
        Expr::Await(operand) => readable(*operand.base),
        Expr::Infer(_) | Expr::Verbatim(_) => Vec::new(),
        expr => vec![expr],
    }
}

/// `error` as statements and a final expression whose type fits anywhere.
pub(crate) fn report(error: Error) -> TokenStream {
    let name = Ident::new("__gochan_error", Span::mixed_site());
    let errors = error.into_iter().map(|error| {
        // Braces would make it a statement, of type `()`.
        let parenthesize = |token| match token {
            TokenTree::Group(group) => {
                let mut parentheses = Group::new(Delimiter::Parenthesis, group.stream());
                parentheses.set_span(group.span());
                TokenTree::Group(parentheses)
            }
            token => token,
        };
        error.to_compile_error().into_iter().map(parenthesize).collect::<TokenStream>()
    });
    // The preceding code may never end, which is not the mistake to report.
    quote!(#(#[allow(unreachable_code)] let #name = #errors;)* #name)
}

/// `statements` and then `body`, as the body of a match arm: in every edition its temporaries are dropped before the
/// variables of the statements, and its braces are not redundant, since they are not at the end of other braces. A body
/// of the wrong type is underlined, and not the macro call.
pub(crate) fn in_scope(statements: &TokenStream, body: &impl ToTokens) -> TokenStream {
    let matched = quote_spanned!(at(body.span())=> match () { () => #body });
    quote!(#statements #matched)
}

/// `&expr`, with the parentheses it needs. The `&` counts as the user's, so that an error about a value that is not a
/// channel underlines `expr` and not the macro call.
pub(crate) fn reference(expr: Expr) -> TokenStream {
    let and_token = Token![&](expr.span());
    syn::ExprReference { attrs: Vec::new(), and_token, mutability: None, expr: Box::new(expr) }
        .into_token_stream()
}

/// `source.method(…)` with the function that makes the zero value of what is received. If there is none, the error
/// underlines `span`.
pub(crate) fn zero(root: &Root, source: &Ident, method: &Ident, span: Span) -> TokenStream {
    let (makers, maker) = (root.private("zero_makers"), Ident::new("maker", at(span)));
    let zero = Ident::new("__gochan_zero", at(method.span()));
    let located = Ident::new(&source.to_string(), at(span));
    let made = quote_spanned!(at(span)=> (&&&#located.zero()).#maker());
    let inside = quote_spanned! {at(method.span())=>
        use #makers::*;
        let #zero = #made;
        #source.#method(#zero)
    };
    let mut block = Group::new(Delimiter::Brace, inside);
    block.set_span(at(method.span()));
    block.into_token_stream()
}

/// The value, if it is a string literal, as the type of the elements of `channel`.
pub(crate) fn text(root: &Root, channel: &Ident, value: &Expr) -> Option<TokenStream> {
    let Expr::Lit(ExprLit { lit: Lit::Str(literal), attrs, .. }) = value else { return None };
    if !attrs.is_empty() || !literal.suffix().is_empty() {
        return None;
    }
    let (makers, text) = (root.private("text_makers"), root.private("Text"));
    let made = quote_spanned!(at(literal.span())=> (&&&#text::of(#channel)).made(#literal));
    let mut block = Group::new(Delimiter::Brace, quote!(use #makers::*; #made));
    block.set_span(at(literal.span()));
    Some(block.into_token_stream())
}

/// The span of the last name in `expr` outside of all brackets: `done` in `ctx.done()`. All of an expression has no span
/// on stable Rust.
pub(crate) fn last_word(expr: &Expr) -> Span {
    let words = expr.to_token_stream().into_iter().filter_map(|token| match token {
        TokenTree::Ident(word) => Some(word.span()),
        _ => None,
    });
    words.last().unwrap_or_else(|| expr.span())
}

/// `expr` without the parentheses around it, which would be redundant in a `let` or a call.
pub(crate) fn bare(expr: Expr) -> Expr {
    match expr {
        Expr::Paren(paren) => bare(*paren.expr),
        Expr::Group(group) => bare(*group.expr),
        expr => expr,
    }
}
