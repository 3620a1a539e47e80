//! The spans of expressions.

use crate::source::Span;
use syn::Expr;
use syn::spanned::Spanned;

/// The span of an expression.
pub(super) fn span_of(expr: &Expr) -> Span {
    let end = match expr {
        Expr::Path(path) if path.qself.is_none() => match path.path.segments.last() {
            Some(last) if last.arguments.is_none() => last.ident.span(),
            _ => return Span::of(expr.span()),
        },
        Expr::MethodCall(call) => call.paren_token.span.close(),
        Expr::Call(call) => call.paren_token.span.close(),
        Expr::Index(index) => index.bracket_token.span.close(),
        Expr::Field(field) => match &field.member {
            syn::Member::Named(name) => name.span(),
            syn::Member::Unnamed(index) => index.span,
        },
        Expr::Try(inner) => inner.question_token.span,
        Expr::Lit(literal) => return Span::of(literal.lit.span()),
        Expr::Paren(inner) => inner.paren_token.span.close(),
        Expr::Reference(inner) => return Span::of(inner.and_token.span).to(span_of(&inner.expr)),
        Expr::Closure(closure) => return Span::of(closure.inputs_begin.span).to(span_of(&closure.body)),
        Expr::Macro(call) => {
            let Some(first) = call.mac.path.segments.first() else { return Span::of(expr.span()) };
            return Span::between(first.ident.span(), call.mac.delimiter.span().close());
        }
        Expr::Block(block) if block.label.is_none() => return Span::of(block.block.brace_token.span.join()),
        Expr::Unsafe(block) => {
            return Span::between(block.unsafe_token.span, block.block.brace_token.span.close());
        }
        Expr::Array(array) => return Span::of(array.bracket_token.span.join()),
        Expr::Tuple(tuple) => return Span::of(tuple.paren_token.span.join()),
        Expr::Struct(value) => value.brace_token.span.close(),
        Expr::Binary(both) => return span_of(&both.left).to(span_of(&both.right)),
        Expr::Unary(inner) => return Span::of(inner.op.span()).to(span_of(&inner.expr)),
        Expr::If(branch) => {
            let start = Span::of(branch.if_token.span);
            return match &branch.else_branch {
                Some((_, other)) => start.to(span_of(other)),
                None => start.to(Span::of(branch.then_branch.brace_token.span.close())),
            };
        }
        Expr::Match(choice) => {
            return Span::between(choice.match_token.span, choice.brace_token.span.close());
        }
        Expr::Loop(around) => {
            return Span::between(around.loop_token.span, around.body.brace_token.span.close());
        }
        Expr::While(around) => {
            return Span::between(around.while_token.span, around.body.brace_token.span.close());
        }
        Expr::ForLoop(around) => {
            return Span::between(around.for_token.span, around.body.brace_token.span.close());
        }
        _ => return Span::of(expr.span()),
    };
    Span::between(first_token(expr), end)
}

/// The first token of an expression. Its whole span costs more, because that visits every token.
pub(super) fn first_token(expr: &Expr) -> proc_macro2::Span {
    match expr {
        Expr::MethodCall(call) => first_token(&call.receiver),
        Expr::Field(field) => first_token(&field.base),
        Expr::Call(call) => first_token(&call.func),
        Expr::Index(index) => first_token(&index.expr),
        Expr::Try(inner) => first_token(&inner.expr),
        Expr::Await(inner) => first_token(&inner.base),
        Expr::Paren(inner) => inner.paren_token.span.open(),
        Expr::Reference(inner) => inner.and_token.span,
        Expr::Path(path) if path.qself.is_none() => {
            match (path.path.leading_colon, path.path.segments.first()) {
                (None, Some(first)) => first.ident.span(),
                _ => expr.span(),
            }
        }
        Expr::Struct(value) => {
            value.path.segments.first().map_or_else(|| expr.span(), |first| first.ident.span())
        }
        Expr::Macro(call) => {
            call.mac.path.segments.first().map_or_else(|| expr.span(), |first| first.ident.span())
        }
        Expr::Lit(literal) => literal.lit.span(),
        _ => expr.span(),
    }
}
