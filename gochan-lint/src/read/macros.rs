//! Calls of gochan's macros, parsed by the macros' own grammar.

use super::expr::segments;
use super::lower::Lower;
use super::names::Names;
use super::types::ty;
use super::value::Value;
use crate::ir::{BodyId, BodyKind, Bound, Call, Capacity, ObjectId, OpKind, Origin, Rejected, Runs, Where};
use crate::source::Span;
use gochan_syntax as grammar;
use proc_macro2::{Delimiter, TokenStream, TokenTree};
use syn::Expr;
use syn::parse::Parse;
use syn::spanned::Spanned;

impl Lower<'_> {
    pub(super) fn macro_call(&mut self, call: &syn::Macro) -> Value {
        let first = call.path.segments.first().map_or_else(|| call.path.span(), |first| first.ident.span());
        let span = Span::between(first, call.delimiter.span().close());
        match self.reader.names.as_ref().and_then(|names| names.resolve(&call.path, &self.reader.modules)) {
            Some(name) => self.dsl(name, call, span),
            None => self.foreign(call, span),
        }
    }

    fn dsl(&mut self, name: &'static str, call: &syn::Macro, span: Span) -> Value {
        match name {
            "go" => match block_form(&call.tokens) {
                Some((outside, body)) => {
                    let outside = syn::Macro { tokens: outside, ..call.clone() };
                    self.with(name, &outside, span, |this, mut go: grammar::Go, span| {
                        if let grammar::Form::Block(inner) = &mut go.form {
                            inner.tokens = body;
                        }
                        this.go(go, span)
                    })
                }
                None => self.with(name, call, span, Self::go),
            },
            "chan" => self.with(name, call, span, |this, chan: grammar::Chan, span| this.chan(&chan, span)),
            "send" => self.with(name, call, span, |this, send: grammar::Send, span| {
                let temporaries = this.temporaries.len();
                let channel = this.operand(&send.channel);
                this.escape(&send.value, Where::Stored);
                // Guards that are needed only for the value.
                this.end_temporaries(temporaries, &Value::Nothing);
                if let Some(channel) = channel {
                    this.build.op(OpKind::Send(channel), span);
                }
                Value::Nothing
            }),
            "recv" => self.with(name, call, span, |this, recv: grammar::Recv, span| {
                if let Some(channel) = this.operand(&recv.channel) {
                    let bound = if recv.ok.is_some() { Bound::Checked } else { Bound::Value };
                    this.build.op(OpKind::Recv(channel, bound), span);
                }
                Value::Nothing
            }),
            "close" => self.with(name, call, span, |this, close: grammar::Close, span| {
                if let Some(channel) = this.operand(&close.channel) {
                    this.build.op(OpKind::Close(channel), span);
                }
                Value::Nothing
            }),
            "select" => {
                self.with(name, call, span, |this, select: grammar::Select, span| this.select(&select, span))
            }
            "defer" => self.with(name, call, span, |this, defer: grammar::Defer, span| {
                let body = this.nested(BodyKind::Defer, span, |this| this.dsl_body(&defer.body));
                this.build.defer(body, span);
                Value::Nothing
            }),
            _ => self.with(name, call, span, |this, with: grammar::WithContext, span| {
                this.with_context(&with, span)
            }),
        }
    }

    /// Parses the input of a macro and passes it to `read`; input that the grammar rejects is recorded.
    fn with<T: Parse>(
        &mut self,
        name: &str,
        call: &syn::Macro,
        span: Span,
        read: impl FnOnce(&mut Self, T, Span) -> Value,
    ) -> Value {
        match syn::parse2::<T>(call.tokens.clone()) {
            Ok(input) => read(self, input, span),
            Err(error) => {
                let inner = call.tokens.clone().into_iter();
                let callable = inner
                    .clone()
                    .next()
                    .zip(inner.last())
                    .map(|(first, last)| Span::between(first.span(), last.span()));
                let error_span = Span::of(error.span());
                let message = match uncalled(&call.tokens) {
                    Some(message) if name == "go" && !error.to_string().contains("not called") => {
                        message.to_owned()
                    }
                    _ => error.to_string(),
                };
                let certain = self.reader.names.as_ref().is_some_and(Names::is_certain);
                self.reader.file.rejected.push(Rejected {
                    name: name.to_owned(),
                    certain: certain || call.path.segments.len() > 1,
                    span: if error_span == Span::default() { span } else { error_span },
                    message,
                    callable,
                });
                self.mention(&call.tokens);
                Value::Nothing
            }
        }
    }

    pub(super) fn operand(&mut self, expr: &Expr) -> Option<ObjectId> {
        let value = self.expr(expr);
        match self.content(value) {
            Value::Object(object) => Some(object),
            _ => None,
        }
    }

    /// The statements of a body that the macro copies into its output.
    pub(super) fn dsl_body(&mut self, body: &grammar::Body) -> Value {
        match body.stmts() {
            Ok(statements) => {
                self.build.begin_scope();
                let value = self.statements(&statements);
                if let Some(syn::Stmt::Expr(Expr::Path(path), _)) = statements.last()
                    && matches!(value, Value::Nothing)
                {
                    self.build.op(OpKind::Name(segments(&path.path)), Span::of(path.span()));
                }
                if let Some(syn::Stmt::Expr(last, None)) = statements.last() {
                    self.moves_out(last, &value);
                    // A closure from outside the body is moved, not made, here.
                    if let (Expr::Path(_), Value::Object(object)) = (last, &value) {
                        let known = &self.build.function.objects[object.at()];
                        let callable = match &known.origin {
                            Origin::Closure(_) => true,
                            Origin::Typed(ty) => ty.is_callable(),
                            _ => false,
                        };
                        if callable && known.body != self.build.body() {
                            self.build
                                .op(OpKind::Escape(*object, Where::Returned), super::span::span_of(last));
                        }
                    }
                }
                self.build.end_scope();
                value
            }
            Err(_) => {
                self.mention(&body.tokens);
                Value::Nothing
            }
        }
    }

    fn go(&mut self, go: grammar::Go, span: Span) -> Value {
        self.build.begin_scope();
        if let Some(list) = &go.clones {
            for entry in &list.entries {
                let name = entry.name.to_string();
                let value = match &entry.source {
                    Some((_, source)) => self.expr(source),
                    None => self.build.lookup(&name).map_or(Value::Nothing, Value::Object),
                };
                // The clone is another handle of the same thing.
                self.name(&name, value, Span::of(entry.name.span()));
            }
        }
        let runs = match &go.form {
            grammar::Form::Block(body) => Runs::Body(self.goroutine(&body.span, |this| this.dsl_body(body))),
            grammar::Form::Literal(literal) => self.go_literal(literal),
            grammar::Form::Call(call) => {
                let path = match &*call.func {
                    Expr::Path(path) => segments(&path.path),
                    _ => Vec::new(),
                };
                let receiver = match &path[..] {
                    [name] => self.build.lookup(name),
                    _ => None,
                };
                let args = self.arguments(&call.args);
                let (generics, result) = (Vec::new(), None);
                Runs::Call(Call { path, receiver, is_method: false, args, generics, result })
            }
            grammar::Form::MethodCall(call) => {
                let receiver = self.operand(&call.receiver);
                let args = self.arguments(&call.args);
                let path = vec![call.method.to_string()];
                let (generics, result) = (Vec::new(), None);
                Runs::Call(Call { path, receiver, is_method: true, args, generics, result })
            }
        };
        self.build.end_scope();
        self.spawned(runs, span)
    }

    /// `go!(|n: u32| { … }(1))`: the arguments are evaluated before the goroutine starts.
    fn go_literal(&mut self, literal: &grammar::Literal) -> Runs {
        let arguments: Vec<Value> = literal.arguments.iter().map(|argument| self.expr(argument)).collect();
        Runs::Body(self.goroutine(&literal.body.span, |this| {
            for (parameter, value) in literal.parameters.iter().zip(arguments) {
                let value = match (&parameter.ty, value) {
                    (Some(written), Value::Nothing) => {
                        let span = Span::of(parameter.pattern.span());
                        Value::Object(this.typed("", &ty(written), span))
                    }
                    (_, value) => value,
                };
                this.pattern(&parameter.pattern, value);
            }
            this.dsl_body(&literal.body)
        }))
    }

    fn goroutine(&mut self, span: &proc_macro2::Span, read: impl FnOnce(&mut Self) -> Value) -> BodyId {
        self.nested(BodyKind::Goroutine, Span::of(*span), read)
    }

    fn spawned(&mut self, runs: Runs, span: Span) -> Value {
        let body = match &runs {
            Runs::Body(body) => *body,
            Runs::Call(_) => self.build.body(),
        };
        let handle = self.build.object("", Origin::Spawn(body), span);
        self.build.op(OpKind::Spawn(runs, Some(handle)), span);
        Value::Object(handle)
    }

    fn chan(&mut self, chan: &grammar::Chan, span: Span) -> Value {
        let capacity = match chan.capacity.as_ref().map(|(_, capacity)| self.expr(capacity)) {
            None => Capacity::Exactly(0),
            Some(Value::Number(number)) => u64::try_from(number).map_or(Capacity::Unknown, Capacity::Exactly),
            Some(_) => Capacity::Unknown,
        };
        Value::Object(self.build.object("", Origin::ChanMacro(capacity, span), span))
    }

    fn with_context(&mut self, with: &grammar::WithContext, span: Span) -> Value {
        self.build.begin_scope();
        let temporaries = self.temporaries.len();
        let source = self.expr(&with.source);
        if let Value::Object(pair) = source {
            // The macro keeps the pair until the end of the body.
            "with_context".clone_into(&mut self.build.function.objects[pair.at()].name);
            let context = self.element(pair, 0, span);
            let (name, cancel) = match &with.binding {
                grammar::ContextBinding::Context(name) => (name, None),
                grammar::ContextBinding::WithCancel { context, cancel, .. } => (context, Some(cancel)),
            };
            self.name(&name.to_string(), Value::Object(context), Span::of(name.span()));
            if let Some(cancel) = cancel {
                // The macro itself releases it on every exit; the name is another handle.
                let handle = self.build.object("", Origin::Unknown, span);
                self.name(&cancel.to_string(), Value::Object(handle), Span::of(cancel.span()));
            }
        }
        self.end_temporaries(temporaries, &Value::Nothing);
        let value = self.arm_body(&with.body);
        self.goes(value.clone(), Where::Given);
        self.build.end_scope();
        value
    }
}

/// Splits the input of `go!` in its block form into the input with an empty block and the contents of the block, which
/// are parsed as statements and not by the grammar.
fn block_form(tokens: &TokenStream) -> Option<(TokenStream, TokenStream)> {
    let mut input = tokens.clone().into_iter();
    let (list, block) = match (input.next()?, input.next(), input.next()) {
        (TokenTree::Group(block), None, None) => (None, block),
        (TokenTree::Group(list), Some(TokenTree::Group(block)), None)
            if list.delimiter() == Delimiter::Bracket =>
        {
            (Some(list), block)
        }
        _ => return None,
    };
    if block.delimiter() != Delimiter::Brace {
        return None;
    }
    let mut empty = proc_macro2::Group::new(Delimiter::Brace, TokenStream::new());
    empty.set_span(block.span());
    let outside = list.into_iter().chain([empty]).map(TokenTree::Group).collect();
    Some((outside, block.stream()))
}

/// The mistake in a `go!` of these tokens, if they name something that could be called, or a future.
fn uncalled(tokens: &TokenStream) -> Option<&'static str> {
    let list = |token: &TokenTree| matches!(token, TokenTree::Group(group) if group.delimiter() == Delimiter::Bracket);
    let skipped = usize::from(tokens.clone().into_iter().next().as_ref().is_some_and(list));
    match syn::parse2::<Expr>(tokens.clone().into_iter().skip(skipped).collect()).ok()? {
        Expr::Reference(inner) if matches!(*inner.expr, Expr::Path(_) | Expr::Field(_)) => {
            Some("`go!` runs a call, and this is not called: remove the `&` and add `()`")
        }
        Expr::Async(_) => Some("`go!` runs a call, and this future is not called: nothing polls it"),
        Expr::Try(_) => Some("`go!` runs a call, and what comes out of the `?` is not called: add `()`"),
        _ => None,
    }
}
