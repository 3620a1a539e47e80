//! Reading macro calls: gochan's by their own grammar, the others as far as their input looks like expressions.

use super::expr::{Value, segments};
use super::{Lower, names::Names};
use crate::ir::{
    Arm, BodyId, BodyKind, Bound, Call, Capacity, ObjectId, OpKind, Origin, Rejected, Runs, Select, Where,
};
use crate::source::Span;
use gochan_syntax as grammar;
use proc_macro2::{Delimiter, TokenStream, TokenTree};
use syn::Expr;
use syn::parse::{Parse, Parser};
use syn::punctuated::Punctuated;
use syn::spanned::Spanned;

impl Lower<'_> {
    pub(super) fn macro_call(&mut self, call: &syn::Macro) -> Value {
        let first = call.path.segments.first().map_or_else(|| call.path.span(), |first| first.ident.span());
        let span = Span::between(first, call.delimiter.span().close());
        match self.reader.names.as_ref().and_then(|names| names.resolve(&call.path)) {
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
                // What is locked for the value only.
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

    /// Parses the input of a macro and goes on with it; what the grammar refuses is noted.
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

    fn operand(&mut self, expr: &Expr) -> Option<ObjectId> {
        match self.expr(expr) {
            Value::Object(object) => Some(object),
            _ => None,
        }
    }

    /// The statements of a body that the macro passes on.
    fn dsl_body(&mut self, body: &grammar::Body) -> Value {
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
                    // A closure from outside, which is not where it is named.
                    if let (Expr::Path(_), Value::Object(object)) = (last, &value) {
                        let known = &self.build.function.objects[object.at()];
                        if matches!(known.origin, Origin::Closure(_)) && known.body != self.build.body() {
                            self.build
                                .op(OpKind::Escape(*object, Where::Returned), super::expr::span_of(last));
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
            grammar::Form::Literal(literal) => {
                let arguments: Vec<Value> =
                    literal.arguments.iter().map(|argument| self.expr(argument)).collect();
                Runs::Body(self.goroutine(&literal.body.span, |this| {
                    for (parameter, value) in literal.parameters.iter().zip(arguments) {
                        let value = match (&parameter.ty, value) {
                            (Some(written), Value::Nothing) => {
                                let span = Span::of(parameter.pattern.span());
                                Value::Object(this.typed("", &super::ty(written), span))
                            }
                            (_, value) => value,
                        };
                        this.pattern(&parameter.pattern, value);
                    }
                    this.dsl_body(&literal.body)
                }))
            }
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
                Runs::Call(Call {
                    path,
                    receiver,
                    is_method: false,
                    args,
                    generics: Vec::new(),
                    result: None,
                })
            }
            grammar::Form::MethodCall(call) => {
                let receiver = self.operand(&call.receiver);
                let args = self.arguments(&call.args);
                Runs::Call(Call {
                    path: vec![call.method.to_string()],
                    receiver,
                    is_method: true,
                    args,
                    generics: Vec::new(),
                    result: None,
                })
            }
        };
        self.build.end_scope();
        self.spawned(runs, span)
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
            // The macro keeps the pair until the body ends.
            "with_context".clone_into(&mut self.build.function.objects[pair.at()].name);
            let context = self.element(pair, 0, span);
            let (name, cancel) = match &with.binding {
                grammar::ContextBinding::Context(name) => (name, None),
                grammar::ContextBinding::WithCancel { context, cancel, .. } => (context, Some(cancel)),
            };
            self.name(&name.to_string(), Value::Object(context), Span::of(name.span()));
            if let Some(cancel) = cancel {
                // The macro itself releases it on every way out; the name is another handle.
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

    fn arm_body(&mut self, body: &grammar::ArmBody) -> Value {
        match body {
            grammar::ArmBody::Block(body) => self.dsl_body(body),
            grammar::ArmBody::Expr(expr) => self.expr(expr),
        }
    }

    fn select(&mut self, select: &grammar::Select, span: Span) -> Value {
        let mut arms = Vec::new();
        let (mut has_else, mut default_body) = (false, None);
        let mut has_default = false;
        let temporaries = self.temporaries.len();
        for arm in &select.arms {
            match &arm.kind {
                grammar::ArmKind::Default(_) => {
                    has_default = true;
                    default_body = Some(body_span(&arm.body));
                }
                grammar::ArmKind::Else(_) => has_else = true,
                grammar::ArmKind::Receive(receive) => {
                    let channel = self.operand(&receive.channel);
                    let bound = match &receive.binding {
                        grammar::ReceiveBinding::Discard => Bound::Discarded,
                        grammar::ReceiveBinding::Value(_) => Bound::Value,
                        grammar::ReceiveBinding::CommaOk(_) | grammar::ReceiveBinding::Some(_) => {
                            Bound::Checked
                        }
                    };
                    let channel_span = super::expr::span_of(&receive.channel);
                    let span = Span::of(receive.arrow.span()).to(channel_span);
                    let guarded = arm.guard.is_some();
                    let pattern = match &receive.binding {
                        grammar::ReceiveBinding::Value(pattern) | grammar::ReceiveBinding::Some(pattern) => {
                            Some(Span::of(pattern.span()))
                        }
                        _ => None,
                    };
                    let span = pattern.map_or(span, |pattern| pattern.to(span));
                    let body = body_span(&arm.body);
                    arms.push(Arm {
                        channel,
                        sends: false,
                        bound,
                        channel_span,
                        span,
                        guarded,
                        pattern,
                        body,
                    });
                }
                grammar::ArmKind::Send(send) => {
                    let channel = self.operand(&send.channel);
                    self.escape(&send.value, Where::Stored);
                    let channel_span = super::expr::span_of(&send.channel);
                    let span = channel_span.to(super::expr::span_of(&send.value));
                    let bound = if send.result.is_some() { Bound::Checked } else { Bound::Discarded };
                    let guarded = arm.guard.is_some();
                    let (pattern, body) =
                        (send.result.as_ref().map(|result| Span::of(result.span())), body_span(&arm.body));
                    arms.push(Arm {
                        channel,
                        sends: true,
                        bound,
                        channel_span,
                        span,
                        guarded,
                        pattern,
                        body,
                    });
                }
            }
            if let Some(guard) = &arm.guard {
                self.expr(&guard.condition);
            }
        }
        self.end_temporaries(temporaries, &Value::Nothing);
        let empty = select.arms.is_empty();
        let biased = select.biased.is_some();
        let op = Select { arms: arms.clone(), has_default, has_else, biased, default_body };
        self.build.op(OpKind::Select(op), span);
        if empty {
            self.build.diverge(span);
            return Value::Nothing;
        }
        let (before, after) = (self.build.here(), self.build.new_block());
        self.build.begin_branch(false);
        let mut operations = arms.into_iter();
        for arm in &select.arms {
            let block = self.build.new_block();
            self.build.edge(before, block);
            self.build.at(before.map(|_| block));
            self.build.begin_scope();
            if let grammar::ArmKind::Receive(_) | grammar::ArmKind::Send(_) = &arm.kind
                && let Some(operation) = operations.next()
            {
                let span = operation.span;
                self.build.op(OpKind::Arm(operation), span);
            }
            match &arm.kind {
                grammar::ArmKind::Receive(receive) => self.receive_binding(receive, before.map(|_| block)),
                grammar::ArmKind::Send(send) => {
                    if let Some(result) = &send.result {
                        self.pattern(result, Value::Nothing);
                    }
                }
                grammar::ArmKind::Default(word) => self.build.op(OpKind::DefaultArm, Span::of(word.span)),
                grammar::ArmKind::Else(_) => {}
            }
            let value = self.arm_body(&arm.body);
            self.returned_if_branch(value);
            self.build.end_scope();
            self.build.goto_from_here(after);
        }
        self.build.end_branch(false);
        let reached = self.build.is_reached(after);
        self.build.at(before.filter(|_| reached).map(|_| after));
        Value::Nothing
    }

    fn receive_binding(&mut self, receive: &grammar::Receive, block: Option<crate::ir::BlockId>) {
        match &receive.binding {
            grammar::ReceiveBinding::Discard => {}
            grammar::ReceiveBinding::Value(pattern) | grammar::ReceiveBinding::Some(pattern) => {
                self.pattern(pattern, Value::Nothing);
            }
            grammar::ReceiveBinding::CommaOk(both) => {
                self.pattern(&both.0, Value::Nothing);
                self.pattern(&both.1, Value::Nothing);
            }
        }
        if let Some((_, otherwise)) = &receive.otherwise {
            let instead = self.build.new_block();
            let goes_on = self.build.new_block();
            self.build.edge(block, instead);
            self.build.edge(block, goes_on);
            self.build.at(block.map(|_| instead));
            self.arm_body(otherwise);
            self.build.goto_from_here(goes_on);
            self.build.at(block.map(|_| goes_on));
        }
    }

    /// A macro of somebody else.
    fn foreign(&mut self, call: &syn::Macro, span: Span) -> Value {
        let name = call.path.segments.last().map_or_else(String::new, |last| last.ident.to_string());
        let parser = Punctuated::<Expr, syn::Token![,]>::parse_terminated;
        let plain = self.looks_at_names(&call.tokens, &name);
        let temporaries = self.temporaries.len();
        match if plain { Ok(Punctuated::new()) } else { parser.parse2(call.tokens.clone()) } {
            Ok(inputs) => {
                for input in &inputs {
                    // `format!("{}", name = x)` assigns nothing.
                    let input = match input {
                        Expr::Assign(named) => &named.right,
                        input => input,
                    };
                    if let Value::Object(object) = self.expr(input) {
                        let kind = if name == "vec" {
                            OpKind::Escape(object, Where::Stored)
                        } else {
                            OpKind::Use(object)
                        };
                        self.build.op(kind, super::expr::span_of(input));
                    }
                }
            }
            Err(_) => self.mention(&call.tokens),
        }
        self.end_temporaries(temporaries, &Value::Nothing);
        if matches!(name.as_str(), "addr_of_mut" | "addr_of")
            && let Ok(place) = syn::parse2::<Expr>(call.tokens.clone())
        {
            return self.expr(&place);
        }
        if matches!(name.as_str(), "panic" | "unreachable" | "todo" | "unimplemented") {
            self.build.diverge(span);
        } else if !matches!(name.as_str(), "vec" | "format") {
            let path = vec![format!("{name}!")];
            let call = Call {
                path,
                receiver: None,
                is_method: false,
                args: Vec::new(),
                generics: Vec::new(),
                result: None,
            };
            self.build.op(OpKind::Call(call), span);
        }
        Value::Nothing
    }

    /// Reads input that only names variables, `"{}", a, b` or `a == b + 1`, without a parser; false for any other.
    fn looks_at_names(&mut self, tokens: &TokenStream, name: &str) -> bool {
        if matches!(name, "vec" | "addr_of" | "addr_of_mut") {
            return tokens.is_empty();
        }
        let plain = tokens.clone().into_iter().all(|token| match token {
            TokenTree::Group(_) => false,
            // No `?`, no field, no closure, no path, no label, no pattern.
            TokenTree::Punct(sign) => {
                matches!(sign.as_char(), ',' | '=' | '!' | '<' | '>' | '+' | '-' | '*' | '/' | '&')
            }
            TokenTree::Ident(name) => {
                !["return", "break", "continue", "move", "let", "if", "match"].iter().any(|word| name == word)
            }
            TokenTree::Literal(_) => true,
        });
        if plain {
            for token in tokens.clone() {
                if let TokenTree::Ident(name) = token
                    && let Some(object) = self.build.lookup_ident(&name)
                {
                    self.build.op(OpKind::Use(object), Span::of(name.span()));
                }
            }
        }
        plain
    }

    /// Every variable that the tokens name may go anywhere.
    fn mention(&mut self, tokens: &TokenStream) {
        for token in tokens.clone() {
            match token {
                TokenTree::Ident(name) => {
                    if let Some(object) = self.build.lookup_ident(&name) {
                        self.build.op(OpKind::Escape(object, Where::Given), Span::of(name.span()));
                        self.build.blur(object);
                    }
                }
                TokenTree::Group(group) => self.mention(&group.stream()),
                _ => {}
            }
        }
    }
}

/// The input of `go!` in its block form without the block's inside, and that: what is inside is parsed as statements and
/// needs no look by the grammar.
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

/// What is wrong with a `go!` of these tokens, if they are a reference to what could be called or a future.
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

fn body_span(body: &grammar::ArmBody) -> Span {
    match body {
        grammar::ArmBody::Block(body) => Span::of(body.span),
        grammar::ArmBody::Expr(expr) => super::expr::span_of(expr),
    }
}
