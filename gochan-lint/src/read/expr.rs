//! Reading expressions and statements.

use super::{Lower, ty};
use crate::ir::{Arg, BodyId, BodyKind, Call, ObjectId, OpKind, Origin, Ty, Where};
use crate::source::Span;
use syn::spanned::Spanned;
use syn::{Expr, Pat, Stmt};

/// What an expression comes to, as far as it matters.
#[derive(Debug, Clone)]
pub(super) enum Value {
    Nothing,
    Object(ObjectId),
    Tuple(Vec<Value>),
    Number(i64),
}

/// Methods whose result is the handle they are called on.
const SAME: [&str; 14] = [
    "clone",
    "as_ref",
    "as_mut",
    "deref",
    "deref_mut",
    "to_owned",
    "into",
    "unwrap",
    "expect",
    "by_ref",
    "as_deref",
    "cloned",
    "unwrap_or_default",
    "downgrade",
];

impl Lower<'_> {
    pub(super) fn block(&mut self, block: &syn::Block) -> Value {
        self.build.begin_scope();
        let value = self.statements(&block.stmts);
        if let Some(Stmt::Expr(last, None)) = block.stmts.last() {
            self.moves_out(last, &value);
        }
        self.build.end_scope();
        value
    }

    /// What a block comes to is not dropped at the block's end.
    pub(super) fn moves_out(&mut self, expr: &Expr, value: &Value) {
        match (expr, value) {
            (Expr::Path(_), Value::Object(object)) => self.build.disown(*object),
            (Expr::Tuple(tuple), Value::Tuple(parts)) => {
                tuple.elems.iter().zip(parts).for_each(|(element, part)| {
                    self.moves_out(element, part);
                    // Handles that leave together are not followed apart.
                    if let (Expr::Path(_), Value::Object(object)) = (element, part) {
                        self.build.op(OpKind::Escape(*object, Where::Given), span_of(element));
                    }
                });
            }
            _ => {}
        }
    }

    pub(super) fn statements(&mut self, statements: &[Stmt]) -> Value {
        let mut last = Value::Nothing;
        for (index, statement) in statements.iter().enumerate() {
            last = Value::Nothing;
            let before = self.temporaries.len();
            match statement {
                Stmt::Local(local) => self.local(local),
                Stmt::Item(item) => self.reader.item(item, &super::Around::default()),
                Stmt::Expr(expr, None) if index + 1 == statements.len() => last = self.expr(expr),
                Stmt::Expr(expr, _) => {
                    let value = self.expr(expr);
                    self.unused(value, expr);
                }
                Stmt::Macro(call) => {
                    let value = self.macro_call(&call.mac);
                    if call.semi_token.is_none() && index + 1 == statements.len() {
                        last = value;
                    }
                }
            }
            self.end_temporaries(before, &last);
        }
        last
    }

    /// Guards that nobody has given a name are dropped, but for what goes on as `value`.
    pub(super) fn end_temporaries(&mut self, before: usize, value: &Value) {
        for guard in self.temporaries.split_off(before.min(self.temporaries.len())) {
            let goes_on = matches!(value, Value::Object(object) if *object == guard);
            if !goes_on && self.build.function.objects[guard.at()].name.is_empty() {
                self.build.op(OpKind::ScopeEnd(guard), Span::default());
            }
        }
    }

    /// A value that nobody takes is dropped at the end of its statement.
    fn unused(&mut self, value: Value, expr: &Expr) {
        if let Value::Object(object) = value
            && self.build.function.objects[object.at()].name.is_empty()
        {
            self.build.op(OpKind::DroppedAtOnce(object), span_of(expr));
        }
    }

    fn local(&mut self, local: &syn::Local) {
        let Some(init) = &local.init else {
            if let Pat::Type(typed) = &local.pat {
                let object = self.typed("", &ty(&typed.ty), Span::of(typed.pat.span()));
                self.build.blur(object);
                self.pattern(&typed.pat, Value::Object(object));
            } else {
                self.pattern(&local.pat, Value::Nothing);
            }
            return;
        };
        let value = self.expr(&init.expr);
        let mut value = self.taken(value, &init.expr);
        if is_deref(&init.expr) && self.is_guard(&value) {
            value = Value::Nothing;
        }
        let plain = match &local.pat {
            Pat::Ident(_) => Some(&local.pat),
            Pat::Type(typed) if !matches!(*typed.pat, Pat::Wild(_)) => Some(&*typed.pat),
            _ => None,
        };
        if let (Value::Nothing | Value::Number(_), Some(pattern), None) = (&value, plain, &init.diverge) {
            let shown = match &local.pat {
                Pat::Type(typed) => known_better(ty(&typed.ty), &init.expr),
                _ => shown(&init.expr),
            };
            if shown != Ty::Unknown {
                let origin = match &local.pat {
                    Pat::Type(_) => Origin::Typed(shown),
                    _ => Origin::Plain(shown),
                };
                value = Value::Object(self.build.object("", origin, Span::of(pattern.span())));
            }
        }
        if let Some((_, otherwise)) = &init.diverge {
            let (before, after) = (self.build.here(), self.build.new_block());
            let branch = self.build.new_block();
            self.build.edge(before, branch);
            self.build.edge(before, after);
            self.build.at(before.map(|_| branch));
            self.expr(otherwise);
            self.build.goto_from_here(after);
            self.build.at(before.map(|_| after));
        }
        if let (Value::Object(object), Pat::Type(typed)) = (&value, &local.pat) {
            let object = &mut self.build.function.objects[object.at()];
            if object.name.is_empty() && matches!(object.origin, Origin::Call(..) | Origin::Method(..)) {
                object.written = known_better(ty(&typed.ty), &init.expr);
            }
        } else if let Value::Object(object) = &value
            && matches!(&self.build.function.objects[object.at()].origin, Origin::Method(_, name, _) if name == "collect")
        {
            self.build.function.objects[object.at()].written = shown(&init.expr);
        }
        self.pattern(&local.pat, value);
    }

    /// A value that moves to a new owner: if it is a plain variable, that one does not drop it any more.
    fn taken(&mut self, value: Value, expr: &Expr) -> Value {
        if let (Value::Object(object), Expr::Path(_)) = (&value, expr) {
            let object = *object;
            self.build.disown(object);
            self.build.own(object);
        }
        value
    }

    /// The value is what the body comes to.
    pub(super) fn returned(&mut self, value: Value) {
        self.goes(value, Where::Returned);
    }

    pub(super) fn goes(&mut self, value: Value, to: Where) {
        self.each_object(&value, &mut |this, object| {
            let span = this.build.function.objects[object.at()].span;
            this.build.op(OpKind::Escape(object, to), span);
        });
    }

    fn each_object(&mut self, value: &Value, f: &mut dyn FnMut(&mut Self, ObjectId)) {
        match value {
            Value::Object(object) => f(self, *object),
            Value::Tuple(parts) => parts.iter().for_each(|part| self.each_object(part, f)),
            Value::Nothing | Value::Number(_) => {}
        }
    }

    /// The value goes somewhere that is not followed.
    pub(super) fn escape(&mut self, expr: &Expr, to: Where) {
        let value = self.expr(expr);
        let by_ref = matches!(expr, Expr::Reference(_)) || is_deref(expr);
        let span =
            if matches!(value, Value::Nothing | Value::Number(_)) { Span::default() } else { span_of(expr) };
        self.each_object(&value, &mut |this, object| {
            let kind = if by_ref { OpKind::Use(object) } else { OpKind::Escape(object, to) };
            this.build.op(kind, span);
        });
    }

    /// The value is looked at.
    pub(super) fn look(&mut self, expr: &Expr) {
        let _ = self.looked(expr);
    }

    fn looked(&mut self, expr: &Expr) -> Value {
        let value = self.expr(expr);
        self.each_object(&value, &mut |this, object| {
            this.build.op(OpKind::Use(object), span_of(expr));
        });
        value
    }

    pub(super) fn expr(&mut self, expr: &Expr) -> Value {
        match expr {
            Expr::Path(path) => self.path(path),
            Expr::Lit(literal) => match &literal.lit {
                syn::Lit::Int(number) => number.base10_parse().map_or(Value::Nothing, Value::Number),
                _ => Value::Nothing,
            },
            Expr::Reference(inner) => self.expr(&inner.expr),
            Expr::RawAddr(inner) => self.expr(&inner.expr),
            Expr::Paren(inner) => self.expr(&inner.expr),
            Expr::Group(inner) => self.expr(&inner.expr),
            Expr::Cast(inner) => self.expr(&inner.expr),
            Expr::Unary(inner) => match (&inner.op, self.expr(&inner.expr)) {
                (syn::UnOp::Deref(_), value) => value,
                (syn::UnOp::Neg(_), Value::Number(number)) => Value::Number(number.wrapping_neg()),
                _ => Value::Nothing,
            },
            Expr::Field(field) => self.field(field),
            Expr::Call(call) => self.call(call),
            Expr::MethodCall(call) => self.method(call),
            Expr::Macro(call) => self.macro_call(&call.mac),
            Expr::Tuple(tuple) => {
                Value::Tuple(tuple.elems.iter().map(|element| self.expr(element)).collect())
            }
            Expr::Closure(closure) => self.closure(closure),
            Expr::Async(block) => {
                let body =
                    self.nested(BodyKind::Closure, Span::of(block.block.brace_token.span.join()), |this| {
                        this.block(&block.block)
                    });
                Value::Object(self.build.object("", Origin::Closure(body), span_of(expr)))
            }
            Expr::Block(block) => self.labelled_block(block),
            Expr::Unsafe(block) => self.block(&block.block),
            Expr::Const(block) => self.block(&block.block),
            Expr::If(branch) => self.branch(branch),
            Expr::Match(choice) => self.choice(choice),
            Expr::Let(condition) => {
                let value = self.scrutinee(&condition.expr);
                self.pattern(&condition.pat, value);
                Value::Nothing
            }
            Expr::Loop(around) => {
                self.repeat(around.label.as_ref(), None, |this| {
                    this.block(&around.body);
                });
                Value::Nothing
            }
            Expr::While(around) if received(&around.cond).is_some() => self.while_received(around),
            Expr::While(around) => {
                self.repeat(around.label.as_ref(), Some(&around.cond), |this| {
                    this.block(&around.body);
                });
                Value::Nothing
            }
            Expr::ForLoop(around) => self.for_loop(around),
            Expr::Return(way) => {
                if let Some(inner) = &way.expr {
                    let value = self.expr(inner);
                    self.returned(value);
                }
                self.build.leave(OpKind::Return, Span::of(way.return_token.span));
                Value::Nothing
            }
            Expr::Break(way) => {
                if let Some(inner) = &way.expr {
                    self.escape(inner, Where::Given);
                }
                self.build.jump(way.label.as_ref().map(label).as_deref(), false);
                Value::Nothing
            }
            Expr::Continue(way) => {
                self.build.jump(way.label.as_ref().map(label).as_deref(), true);
                Value::Nothing
            }
            Expr::Try(inner) => {
                let value = self.expr(&inner.expr);
                self.maybe_leave(Span::of(inner.question_token.span));
                value
            }
            Expr::Await(inner) => self.expr(&inner.base),
            Expr::Assign(assignment) => self.assign(assignment),
            Expr::Binary(binary) => self.binary(binary),
            Expr::Index(index) => self.index(index),
            Expr::Struct(value) => {
                value.fields.iter().for_each(|field| self.escape(&field.expr, Where::Stored));
                if let Some(rest) = &value.rest {
                    self.escape(rest, Where::Stored);
                }
                Value::Nothing
            }
            Expr::Array(array) => {
                array.elems.iter().for_each(|element| self.escape(element, Where::Stored));
                Value::Nothing
            }
            Expr::Repeat(array) => {
                self.escape(&array.expr, Where::Stored);
                Value::Nothing
            }
            Expr::Range(range) => {
                range.start.iter().chain(&range.end).for_each(|end| self.look(end));
                Value::Nothing
            }
            _ => Value::Nothing,
        }
    }

    fn path(&mut self, path: &syn::ExprPath) -> Value {
        if let Some(name) = path.path.get_ident()
            && let Some(object) = self.build.lookup_ident(name)
        {
            return Value::Object(object);
        }
        let Some(last) = path.path.segments.last() else { return Value::Nothing };
        let name = last.ident.to_string();
        if let Some(&number) = self.reader.consts.get(&name) {
            return Value::Number(number);
        }
        // By convention statics and constants are in capitals.
        let capital = name.len() > 1 && !name.contains(|c: char| c.is_lowercase());
        if capital || self.reader.statics.contains(&name) {
            let known = self
                .build
                .function
                .objects
                .iter()
                .position(|object| matches!(&object.origin, Origin::Static(known) if *known == name));
            let object = known.map_or_else(
                || {
                    let object =
                        self.build.object("", Origin::Static(name.clone()), Span::of(last.ident.span()));
                    self.build.function.objects[object.at()].name.clone_from(&name);
                    object
                },
                |index| ObjectId(index as u32),
            );
            return Value::Object(object);
        }
        Value::Nothing
    }

    fn field(&mut self, field: &syn::ExprField) -> Value {
        match (self.expr(&field.base), &field.member) {
            (Value::Object(base), syn::Member::Named(name)) => {
                Value::Object(self.build.field(base, &name.to_string(), Span::of(name.span())))
            }
            (Value::Object(base), syn::Member::Unnamed(index)) => {
                Value::Object(self.build.field(base, &index.index.to_string(), Span::of(index.span)))
            }
            (Value::Tuple(parts), syn::Member::Unnamed(index)) => {
                parts.get(index.index as usize).cloned().unwrap_or(Value::Nothing)
            }
            _ => Value::Nothing,
        }
    }

    /// An element: the same for each mention, if its number is known.
    fn index(&mut self, index: &syn::ExprIndex) -> Value {
        let list = self.looked(&index.expr);
        match (list, self.looked(&index.index)) {
            (Value::Object(list), Value::Number(number)) => {
                let element = self.build.field(list, &format!("[{number}]"), span_of(&index.expr));
                let name = format!("{}[{number}]", self.build.function.objects[list.at()].name);
                self.build.function.objects[element.at()].name = name;
                Value::Object(element)
            }
            _ => Value::Nothing,
        }
    }

    pub(super) fn argument(&mut self, expr: &Expr) -> Arg {
        let value = self.expr(expr);
        let span = span_of(expr);
        let by_ref = matches!(expr, Expr::Reference(_)) || is_deref(expr);
        let (object, number) = match value {
            Value::Object(object) => (Some(object), None),
            Value::Number(number) => (None, Some(number)),
            Value::Tuple(parts) => {
                parts.iter().for_each(|part| self.goes(part.clone(), Where::Given));
                (None, None)
            }
            Value::Nothing => (None, None),
        };
        let ty = if object.is_some() { Ty::Unknown } else { shown(expr) };
        Arg { object, number, ty, by_ref, span }
    }

    pub(super) fn arguments<'e>(&mut self, exprs: impl IntoIterator<Item = &'e Expr>) -> Vec<Arg> {
        exprs.into_iter().map(|expr| self.argument(expr)).collect()
    }

    fn call(&mut self, call: &syn::ExprCall) -> Value {
        let span = Span::between(first_token(&call.func), call.paren_token.span.join());
        let Expr::Path(callee) = &*call.func else {
            self.look(&call.func);
            call.args.iter().for_each(|argument| self.escape(argument, Where::Given));
            return Value::Nothing;
        };
        let path = segments(&callee.path);
        let last = path.last().map_or("", String::as_str);
        // `Some(x)`, `Ok(x)`, `Arc::new(x)`, `Arc::clone(&x)`: the handle itself.
        let wraps = matches!(last, "Some" | "Ok")
            || (matches!(last, "new" | "clone" | "from" | "pin") && wrapper(&path));
        if let (true, Some(only)) = (wraps && call.args.len() == 1, call.args.first()) {
            return self.expr(only);
        }
        let local = match &path[..] {
            [name] => self.build.lookup(name),
            _ => None,
        };
        let args = self.arguments(&call.args);
        if let Some(call) = method_by_path(&path, &args) {
            return self.method_of(call, span);
        }
        if let Some(callee) = local {
            // A closure that has a name.
            self.build.op(OpKind::Use(callee), span);
            return self.emit_call(
                Call {
                    path,
                    receiver: Some(callee),
                    is_method: false,
                    args,
                    generics: Vec::new(),
                    result: None,
                },
                span,
            );
        }
        if matches!(
            path.iter().map(String::as_str).collect::<Vec<_>>()[..],
            [.., "process", "exit" | "abort"]
        ) {
            self.build.diverge(span);
            return Value::Nothing;
        }
        let result = self.build.object("", Origin::Call(path.clone(), args.clone()), span);
        self.emit_call(
            Call { path, receiver: None, is_method: false, args, generics: Vec::new(), result: Some(result) },
            span,
        )
    }

    fn method(&mut self, call: &syn::ExprMethodCall) -> Value {
        let receiver = self.expr(&call.receiver);
        let name = call.method.to_string();
        let span = || Span::between(call.method.span(), call.paren_token.span.close());
        if let Value::Object(object) = receiver
            && matches!(name.as_str(), "unwrap_or_default" | "unwrap_or" | "unwrap_or_else")
            && matches!(&self.build.function.objects[object.at()].origin, Origin::Method(_, name, _) if name == "recv")
        {
            self.build.op(OpKind::Defaulted(object), Span::default());
        }
        if SAME.contains(&name.as_str()) {
            call.args.iter().for_each(|argument| self.look(argument));
            if matches!(name.as_str(), "unwrap" | "expect") && !is_lock(&call.receiver) {
                self.build.op(OpKind::MayPanic, span());
            }
            // What a guard guards is copied, not the guard.
            let copies = matches!(name.as_str(), "clone" | "cloned" | "to_owned") && self.is_guard(&receiver);
            if name == "into" || copies {
                return Value::Nothing;
            }
            return receiver;
        }
        let args = self.arguments(&call.args);
        let generics = call.turbofish.as_ref().map_or_else(Vec::new, |list| {
            let types = list.args.iter().filter_map(|argument| match argument {
                syn::GenericArgument::Type(written) => Some(ty(written)),
                _ => None,
            });
            types.collect()
        });
        let whole = || Span::between(first_token(&call.receiver), call.paren_token.span.close());
        // The guard of a span that a macro makes.
        let receiver = match receiver {
            Value::Nothing if matches!(name.as_str(), "enter" | "entered") => {
                Value::Object(self.build.object("", Origin::Unknown, whole()))
            }
            receiver => receiver,
        };
        let receiver = match receiver {
            Value::Object(receiver) => Some(receiver),
            _ => None,
        };
        let span = if receiver.is_some() { whole() } else { span() };
        let call = Call { path: vec![name], receiver, is_method: true, args, generics, result: None };
        self.method_of(call, span)
    }

    /// The call of a method, with its result if it is known what it is called on.
    fn method_of(&mut self, call: Call, span: Span) -> Value {
        let result = call.receiver.map(|receiver| {
            let origin = Origin::Method(receiver, call.path[0].clone(), call.args.clone());
            self.build.object("", origin, span)
        });
        let value = self.emit_call(Call { result, ..call }, span);
        if let (Some(guard), true) = (result, self.is_guard(&value)) {
            self.build.op(OpKind::New(guard), span);
            self.temporaries.push(guard);
        }
        value
    }

    /// True for what a lock has just returned.
    fn is_guard(&self, value: &Value) -> bool {
        let Value::Object(object) = value else { return false };
        let object = &self.build.function.objects[object.at()];
        let locks = ["lock", "read", "write", "borrow", "borrow_mut"];
        matches!(&object.origin, Origin::Method(_, name, args) if args.is_empty() && locks.contains(&name.as_str()))
    }

    fn emit_call(&mut self, call: Call, span: Span) -> Value {
        let value = call.result.map_or(Value::Nothing, Value::Object);
        self.build.op(OpKind::Call(call), span);
        value
    }

    /// Reads a body of its own.
    pub(super) fn nested(
        &mut self,
        kind: BodyKind,
        span: Span,
        read: impl FnOnce(&mut Self) -> Value,
    ) -> BodyId {
        let body = self.build.begin_body(kind, span);
        let before = self.temporaries.len();
        let value = read(self);
        self.end_temporaries(before, &value);
        self.returned(value);
        self.build.end_body();
        body
    }

    pub(super) fn closure(&mut self, closure: &syn::ExprClosure) -> Value {
        let span = span_of(&closure.body);
        let body = self.nested(BodyKind::Closure, span, |this| {
            for input in &closure.inputs {
                this.closure_param(input);
            }
            this.expr(&closure.body)
        });
        let span = Span::of(closure.inputs_begin.span).to(span);
        let object = self.build.object("", Origin::Closure(body), span);
        // From here on it has what it captures.
        self.build.op(OpKind::New(object), span);
        Value::Object(object)
    }

    fn closure_param(&mut self, input: &Pat) {
        let (pattern, written) = match input {
            Pat::Type(typed) => (&*typed.pat, ty(&typed.ty)),
            pattern => (pattern, Ty::Unknown),
        };
        let object = self.typed("", &written, Span::of(pattern.span()));
        self.build.add_param(object);
        self.pattern(pattern, Value::Object(object));
    }

    fn labelled_block(&mut self, block: &syn::ExprBlock) -> Value {
        let Some(name) = &block.label else { return self.block(&block.block) };
        let exit = self.build.new_block();
        self.build.begin_loop(Some(name.name.ident.to_string()), None, exit);
        let value = self.block(&block.block);
        self.build.end_loop();
        self.build.goto(exit);
        value
    }

    fn branch(&mut self, branch: &syn::ExprIf) -> Value {
        self.build.begin_scope();
        let temporaries = self.temporaries.len();
        self.look(&branch.cond);
        self.end_temporaries(temporaries, &Value::Nothing);
        let before = self.build.here();
        let guarded = asks_a_flag(&branch.cond) || self.counts(&branch.cond);
        let after = self.build.new_block();
        self.build.begin_branch(guarded);
        let (then, otherwise) = (self.build.new_block(), self.build.new_block());
        self.build.edge(before, then);
        self.build.edge(before, otherwise);
        self.build.at(before.map(|_| then));
        let value = self.block(&branch.then_branch);
        self.returned_if_branch(value);
        let leaves = self.build.here().is_none();
        self.build.goto_from_here(after);
        self.build.at(before.map(|_| otherwise));
        if let Some((_, other)) = &branch.else_branch {
            let value = self.expr(other);
            self.returned_if_branch(value);
        }
        self.build.goto_from_here(after);
        self.build.end_branch(guarded);
        let reached = self.build.is_reached(after);
        self.build.at(before.filter(|_| reached).map(|_| after));
        self.build.end_scope();
        if guarded && leaves && branch.else_branch.is_none() {
            self.build.flag(after);
        }
        Value::Nothing
    }

    /// True for `n == 5` where `n` is a variable that this code counts itself: true only once.
    fn counts(&self, condition: &Expr) -> bool {
        let Expr::Binary(both) = condition else { return false };
        let Expr::Path(path) = &*both.left else { return false };
        let name = path.path.get_ident().map(ToString::to_string);
        let object = name.and_then(|name| self.build.lookup(&name));
        matches!(both.op, syn::BinOp::Eq(_))
            && object.is_some_and(|object| {
                matches!(self.build.function.objects[object.at()].origin, Origin::Plain(_))
            })
    }

    /// A branch's value is not followed any further.
    pub(super) fn returned_if_branch(&mut self, value: Value) {
        self.goes(value, Where::Given);
    }

    fn choice(&mut self, choice: &syn::ExprMatch) -> Value {
        self.build.begin_scope();
        let value = self.scrutinee(&choice.expr);
        let (before, after) = (self.build.here(), self.build.new_block());
        self.build.begin_branch(false);
        let mut leaves = false;
        for arm in &choice.arms {
            let block = self.build.new_block();
            self.build.edge(before, block);
            self.build.at(before.map(|_| block));
            self.build.begin_scope();
            self.pattern(&arm.pat, value.clone());
            let temporaries = self.temporaries.len();
            let result = self.expr(&arm.body);
            self.end_temporaries(temporaries, &result);
            self.returned_if_branch(result);
            self.build.end_scope();
            leaves |= self.build.here().is_none();
            self.build.goto_from_here(after);
        }
        self.build.end_branch(false);
        let reached = self.build.is_reached(after);
        self.build.at(before.filter(|_| reached).map(|_| after));
        self.build.end_scope();
        if leaves && asks_a_flag(&choice.expr) {
            self.build.flag(after);
        }
        Value::Nothing
    }

    /// `loop`, or `while` with its condition.
    fn repeat(&mut self, name: Option<&syn::Label>, condition: Option<&Expr>, body: impl FnOnce(&mut Self)) {
        let (head, exit) = self.begin_repeat(name);
        self.build.begin_scope();
        if let Some(condition) = condition {
            let temporaries = self.temporaries.len();
            self.look(condition);
            self.end_temporaries(temporaries, &Value::Nothing);
            let here = self.build.here();
            if !is_true(condition) {
                self.build.edge(here, exit);
            }
            let inside = self.build.new_block();
            self.build.goto(inside);
        }
        body(self);
        self.build.end_scope();
        self.end_repeat(head, exit);
    }

    fn begin_repeat(&mut self, name: Option<&syn::Label>) -> (crate::ir::BlockId, crate::ir::BlockId) {
        let exit = self.build.new_block();
        let before = self.build.here();
        // The head is inside the loop, the exit outside.
        self.build.begin_loop(name.map(|name| name.name.ident.to_string()), Some(exit), exit);
        let head = self.build.new_block();
        self.build.set_loop_head(head);
        self.build.edge(before, head);
        self.build.at(before.map(|_| head));
        (head, exit)
    }

    fn end_repeat(&mut self, head: crate::ir::BlockId, exit: crate::ir::BlockId) {
        self.build.goto_from_here(head);
        self.build.end_loop();
        let reached = self.build.is_reached(exit);
        self.build.at(reached.then_some(exit));
    }

    fn for_loop(&mut self, around: &syn::ExprForLoop) -> Value {
        self.build.begin_scope();
        let source = self.scrutinee(&around.expr);
        let span = span_of(&around.expr);
        let (head, exit) = self.begin_repeat(around.label.as_ref());
        let turns = self.turns(&around.expr);
        self.build.set_turns(turns);
        if let Value::Object(object) = source {
            self.build.op(OpKind::Range(object, None), span);
        }
        let here = self.build.here();
        let (ended, inside) = (self.build.new_block(), self.build.new_block());
        self.build.edge(here, ended);
        self.build.edge(here, inside);
        self.build.at(here.map(|_| ended));
        if let Value::Object(object) = source {
            self.build.op(OpKind::RangeEnd(object), span);
        }
        self.build.edge(here.map(|_| ended), exit);
        self.build.at(here.map(|_| inside));
        self.build.op(OpKind::Next, span);
        self.build.begin_scope();
        let element = match source {
            // Another one with each turn.
            Value::Object(list) => {
                let origin = Origin::Field(list, crate::ir::EACH.to_owned());
                Value::Object(self.build.object("", origin, span))
            }
            _ => Value::Nothing,
        };
        self.pattern(&around.pat, element);
        self.block(&around.body);
        self.build.end_scope();
        self.end_repeat(head, exit);
        self.build.end_scope();
        Value::Nothing
    }

    /// `while let Some(v) = ch.recv()`: a range, if it is a channel.
    fn while_received(&mut self, around: &syn::ExprWhile) -> Value {
        let Some((pattern, call)) = received(&around.cond) else { return Value::Nothing };
        let (head, exit) = self.begin_repeat(around.label.as_ref());
        let receiver = self.expr(&call.receiver);
        let span = span_of(&around.cond).to(Span::of(call.paren_token.span.close()));
        let span = Span::of(first_token(&call.receiver)).to(span);
        if let Value::Object(object) = receiver {
            let path = vec![call.method.to_string()];
            let result = self.build.object("", Origin::Method(object, path[0].clone(), Vec::new()), span);
            let call = Call {
                path,
                receiver: Some(object),
                is_method: true,
                args: Vec::new(),
                generics: Vec::new(),
                result: Some(result),
            };
            self.build.op(OpKind::Range(object, Some(call)), span);
        }
        let here = self.build.here();
        let (ended, inside) = (self.build.new_block(), self.build.new_block());
        self.build.edge(here, ended);
        self.build.edge(here, inside);
        self.build.at(here.map(|_| ended));
        if let Value::Object(object) = receiver {
            self.build.op(OpKind::RangeEnd(object), span);
        }
        self.build.edge(here.map(|_| ended), exit);
        self.build.at(here.map(|_| inside));
        self.build.begin_scope();
        self.pattern(pattern, Value::Nothing);
        self.block(&around.body);
        self.build.end_scope();
        self.end_repeat(head, exit);
        Value::Nothing
    }

    /// How often a loop over `source` turns.
    fn turns(&mut self, source: &Expr) -> Option<u64> {
        let Expr::Range(range) = source else { return None };
        let mut bound = |end: &Option<Box<Expr>>| match self.expr(end.as_ref()?) {
            Value::Number(number) => Some(number),
            _ => None,
        };
        let (start, end) = (bound(&range.start)?, bound(&range.end)?);
        let more = i64::from(matches!(range.limits, syn::RangeLimits::Closed(_)));
        u64::try_from(end.checked_sub(start)?.checked_add(more)?).ok()
    }

    /// What is matched on or looped over: guards that it takes live until the whole has ended.
    fn scrutinee(&mut self, expr: &Expr) -> Value {
        let before = self.temporaries.len();
        let value = self.expr(expr);
        for guard in self.temporaries.split_off(before) {
            let is_value = matches!(value, Value::Object(found) if found == guard);
            if !is_value && self.build.function.objects[guard.at()].name.is_empty() {
                self.build.own(guard);
            }
        }
        value
    }

    /// `?`: goes on, or leaves.
    fn maybe_leave(&mut self, span: Span) {
        let before = self.build.here();
        let goes_on = self.build.new_block();
        self.build.begin_branch(false);
        let leaves = self.build.new_block();
        self.build.edge(before, leaves);
        self.build.edge(before, goes_on);
        self.build.at(before.map(|_| leaves));
        self.build.leave(OpKind::Return, span);
        self.build.end_branch(false);
        self.build.at(before.map(|_| goes_on));
    }

    fn assign(&mut self, assignment: &syn::ExprAssign) -> Value {
        let value = self.expr(&assignment.right);
        if let Expr::Infer(_) = &*assignment.left {
            self.unused(value, &assignment.right);
            return Value::Nothing;
        }
        if let (Expr::Tuple(places), Value::Object(object)) = (&*assignment.left, &value) {
            let object = *object;
            for (place, index) in places.elems.iter().zip(0..) {
                let part = self.element(object, index, span_of(place));
                if let Expr::Infer(_) = place {
                    self.build.op(OpKind::New(part), span_of(place));
                    self.build.op(OpKind::DroppedAtOnce(part), span_of(place));
                } else {
                    self.assigned(place, &Value::Object(part));
                }
            }
            return Value::Nothing;
        }
        self.assigned(&assignment.left, &value);
        Value::Nothing
    }

    /// `place` gets a value.
    fn assigned(&mut self, place: &Expr, value: &Value) {
        let span = span_of(place);
        let target = self.place(place);
        let kind = if is_deref(place) { OpKind::Store } else { OpKind::Assign };
        self.each_object(&target, &mut |this, object| {
            this.build.op(kind(object), span);
            this.build.blur(object);
        });
        self.each_object(value, &mut |this, object| {
            this.build.op(OpKind::Escape(object, Where::Stored), span);
            this.build.blur(object);
        });
    }

    /// What is written to: of a table, the whole.
    fn place(&mut self, place: &Expr) -> Value {
        match place {
            Expr::Index(index) => {
                self.look(&index.index);
                self.place(&index.expr)
            }
            place => self.expr(place),
        }
    }

    fn binary(&mut self, binary: &syn::ExprBinary) -> Value {
        let temporaries = self.temporaries.len();
        let left = if changes(&binary.op) { Value::Nothing } else { self.looked(&binary.left) };
        if matches!(binary.op, syn::BinOp::And(_) | syn::BinOp::Or(_)) {
            self.end_temporaries(temporaries, &Value::Nothing);
            // The right side may not be reached.
            let before = self.build.here();
            let after = self.build.new_block();
            self.build.begin_branch(false);
            let right = self.build.new_block();
            self.build.edge(before, right);
            self.build.edge(before, after);
            self.build.at(before.map(|_| right));
            self.look(&binary.right);
            self.end_temporaries(temporaries, &Value::Nothing);
            self.build.goto_from_here(after);
            self.build.end_branch(false);
            self.build.at(before.map(|_| after));
        } else if changes(&binary.op) {
            self.look(&binary.right);
            let target = self.place(&binary.left);
            let kind = if is_deref(&binary.left) { OpKind::Store } else { OpKind::Assign };
            self.each_object(&target, &mut |this, object| {
                this.build.op(kind(object), span_of(&binary.left));
            });
        } else if let (Value::Number(left), Value::Number(right)) = (left, self.looked(&binary.right)) {
            return folded(left, &binary.op, right).map_or(Value::Nothing, Value::Number);
        }
        Value::Nothing
    }
}

/// What constants come to.
fn folded(left: i64, op: &syn::BinOp, right: i64) -> Option<i64> {
    match op {
        syn::BinOp::Add(_) => left.checked_add(right),
        syn::BinOp::Sub(_) => left.checked_sub(right),
        syn::BinOp::Mul(_) => left.checked_mul(right),
        syn::BinOp::Div(_) => left.checked_div(right),
        syn::BinOp::Shl(_) => left.checked_mul(1i64.checked_shl(u32::try_from(right).ok()?)?),
        _ => None,
    }
}

/// The pattern and the call of `let Some(v) = ch.recv()`.
fn received(condition: &Expr) -> Option<(&Pat, &syn::ExprMethodCall)> {
    let Expr::Let(condition) = condition else { return None };
    let Expr::MethodCall(call) = &*condition.expr else { return None };
    let some = matches!(&*condition.pat, Pat::TupleStruct(pattern) if pattern.path.is_ident("Some"));
    (some && call.method == "recv" && call.args.is_empty()).then_some((&*condition.pat, call))
}

/// `WaitGroup::add(&wg, 1)`: the same as `wg.add(1)`.
fn method_by_path(path: &[String], args: &[Arg]) -> Option<Call> {
    const TYPES: [&str; 9] =
        ["Chan", "Sender", "Receiver", "WaitGroup", "Context", "CancelHandle", "Mutex", "RwLock", "Once"];
    let ([.., owner, name], [receiver, args @ ..]) = (path, args) else { return None };
    let makes = matches!(name.as_str(), "new" | "with_capacity" | "from" | "default");
    let receiver = receiver.object.filter(|_| !makes && TYPES.contains(&owner.as_str()))?;
    Some(Call {
        path: vec![name.clone()],
        receiver: Some(receiver),
        is_method: true,
        args: args.to_vec(),
        generics: Vec::new(),
        result: None,
    })
}

/// `+=` and its kin.
fn changes(op: &syn::BinOp) -> bool {
    use syn::BinOp::{
        AddAssign, BitAndAssign, BitOrAssign, BitXorAssign, DivAssign, MulAssign, RemAssign, ShlAssign,
        ShrAssign, SubAssign,
    };
    matches!(
        op,
        AddAssign(_)
            | SubAssign(_)
            | MulAssign(_)
            | DivAssign(_)
            | RemAssign(_)
            | BitXorAssign(_)
            | BitAndAssign(_)
            | BitOrAssign(_)
            | ShlAssign(_)
            | ShrAssign(_)
    )
}

/// `*place`
fn is_deref(expr: &Expr) -> bool {
    match expr {
        Expr::Unary(inner) => matches!(inner.op, syn::UnOp::Deref(_)),
        Expr::Paren(inner) => is_deref(&inner.expr),
        _ => false,
    }
}

/// `while true`
fn is_true(condition: &Expr) -> bool {
    matches!(condition, Expr::Lit(syn::ExprLit { lit: syn::Lit::Bool(value), .. }) if value.value)
}

/// True for `if flag`, `if !self.closed`, `if done.swap(true)`, `if left.fetch_sub(1) == 1`.
fn asks_a_flag(condition: &Expr) -> bool {
    match condition {
        Expr::Path(_) | Expr::Field(_) => true,
        Expr::Unary(inner) => asks_a_flag(&inner.expr),
        Expr::Paren(inner) => asks_a_flag(&inner.expr),
        Expr::Binary(both) => {
            matches!(both.op, syn::BinOp::And(_) | syn::BinOp::Or(_))
                && (asks_a_flag(&both.left) || asks_a_flag(&both.right))
                || [&both.left, &both.right]
                    .iter()
                    .any(|side| matches!(***side, Expr::MethodCall(_)) && asks_a_flag(side))
        }
        Expr::MethodCall(call) => {
            let name = call.method.to_string();
            name.starts_with("fetch_")
                || matches!(
                    name.as_str(),
                    "swap"
                        | "compare_exchange"
                        | "is_ok"
                        | "is_closed"
                        | "load"
                        | "is_none"
                        | "is_some"
                        | "take"
                        | "replace"
                        | "insert"
                        | "get"
                )
        }
        Expr::Let(condition) => asks_a_flag(&condition.expr),
        Expr::Macro(_) => false,
        _ => false,
    }
}

/// True for `m.lock()`: that its result is an error says nothing of the program's flow.
fn is_lock(expr: &Expr) -> bool {
    matches!(expr, Expr::MethodCall(call) if ["lock", "read", "write", "join", "wait"].iter().any(|name| call.method == name))
}

/// A type as written, or for `Vec<_>` as the expression shows it.
fn known_better(written: Ty, expr: &Expr) -> Ty {
    match &written {
        Ty::Path(_, arguments) if arguments.contains(&Ty::Unknown) => match shown(expr) {
            Ty::Path(name, shown) if !shown.is_empty() && written.is_called(&name) => Ty::Path(name, shown),
            _ => written,
        },
        _ => written,
    }
}

/// The type of an expression, as far as its form shows it.
fn shown(expr: &Expr) -> Ty {
    let named = |name: &str| Ty::Path(name.to_owned(), Vec::new());
    let list = |name: &str, element: Ty| match element {
        Ty::Unknown => named(name),
        element => Ty::Path(name.to_owned(), vec![element]),
    };
    match expr {
        Expr::Lit(literal) => match &literal.lit {
            syn::Lit::Str(_) => named("str"),
            syn::Lit::Bool(_) => named("bool"),
            syn::Lit::Int(_) => named("i32"),
            syn::Lit::Float(_) => named("f64"),
            syn::Lit::Char(_) => named("char"),
            _ => Ty::Unknown,
        },
        Expr::Reference(inner) => shown(&inner.expr),
        Expr::Paren(inner) => shown(&inner.expr),
        Expr::Unary(inner) => shown(&inner.expr),
        Expr::Struct(value) => {
            value.path.segments.last().map_or(Ty::Unknown, |last| named(&last.ident.to_string()))
        }
        Expr::Macro(call) => match call.mac.path.segments.last() {
            Some(last) if last.ident == "format" => named("String"),
            Some(last) if last.ident == "vec" => list("Vec", first_element(&call.mac.tokens)),
            Some(last) if last.ident == "chan" => named("Chan"),
            _ => Ty::Unknown,
        },
        Expr::Array(array) => match array.elems.first() {
            Some(first) => list("[]", shown(first)),
            None => Ty::Unknown,
        },
        Expr::Repeat(array) => list("[]", shown(&array.expr)),
        // `(0..n).map(|_| chan!(u32)).collect()`
        Expr::MethodCall(call) if call.method == "collect" => match &*call.receiver {
            Expr::MethodCall(map) if map.method == "map" => match map.args.first() {
                Some(Expr::Closure(closure)) => list("Vec", shown(&closure.body)),
                _ => Ty::Unknown,
            },
            _ => Ty::Unknown,
        },
        Expr::MethodCall(call) if call.method == "to_string" => named("String"),
        Expr::MethodCall(call) if ["to_owned", "into", "clone"].iter().any(|name| call.method == name) => {
            match shown(&call.receiver) {
                Ty::Path(name, _) if name == "str" => named("String"),
                other => other,
            }
        }
        Expr::Call(call) => match &*call.func {
            Expr::Path(path) => match &segments(&path.path)[..] {
                [.., owner, _] if owner.starts_with(char::is_uppercase) => named(owner),
                [name]
                    if name.starts_with(char::is_uppercase)
                        && !matches!(name.as_str(), "Some" | "Ok" | "Err") =>
                {
                    named(name)
                }
                _ => Ty::Unknown,
            },
            _ => Ty::Unknown,
        },
        _ => Ty::Unknown,
    }
}

/// The type of the first element of `vec![…]`.
fn first_element(tokens: &proc_macro2::TokenStream) -> Ty {
    let first = tokens.clone().into_iter().take_while(
        |token| !matches!(token, proc_macro2::TokenTree::Punct(sign) if matches!(sign.as_char(), ',' | ';')),
    );
    syn::parse2::<Expr>(first.collect()).map_or(Ty::Unknown, |first| shown(&first))
}

/// Where an expression stands.
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

/// Where an expression begins. Its whole span is dearer: it asks every token.
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

fn label(lifetime: &syn::Lifetime) -> String {
    lifetime.ident.to_string()
}

pub(super) fn segments(path: &syn::Path) -> Vec<String> {
    path.segments.iter().map(|segment| segment.ident.to_string()).collect()
}

/// True for the constructors of pointers that only pass a handle on.
fn wrapper(path: &[String]) -> bool {
    path.len() >= 2 && matches!(path[path.len() - 2].as_str(), "Arc" | "Rc" | "Box" | "Pin" | "Option")
}
