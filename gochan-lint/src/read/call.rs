//! Calls of functions and methods, and the closures passed to them.

use super::assign::is_deref;
use super::expr::segments;
use super::lower::Lower;
use super::shown::shown;
use super::span::{first_token, span_of};
use super::types::ty;
use super::value::Value;
use crate::ir::{Arg, BodyId, BodyKind, CALLED, Call, OpKind, Origin, Ty, Where};
use crate::source::Span;
use syn::spanned::Spanned;
use syn::{Expr, Pat};

/// Methods that return the handle they are called on.
const SAME: [&str; 13] = [
    "clone",
    "as_ref",
    "as_mut",
    "deref",
    "deref_mut",
    "to_owned",
    "unwrap",
    "expect",
    "by_ref",
    "as_deref",
    "cloned",
    "unwrap_or_default",
    "downgrade",
];

impl Lower<'_> {
    pub(super) fn argument(&mut self, expr: &Expr) -> Arg {
        let value = self.expr(expr);
        // `*guard` is what the lock protects.
        let value = if is_deref(expr) { self.content(value) } else { value };
        if let Value::Object(object) = value
            && let Some(parts) = self.build.parts(object)
        {
            parts.into_iter().for_each(|part| self.goes(part, Where::Given));
        }
        let span = span_of(expr);
        let by_ref = matches!(expr, Expr::Reference(_)) || is_deref(expr);
        let (object, number) = match value {
            Value::Object(object) => (Some(object), None),
            Value::Number(number) => (None, Some(number)),
            Value::Tuple(parts) => {
                parts.iter().for_each(|part| self.goes(part.clone(), Where::Given));
                (None, None)
            }
            Value::Nothing | Value::OneOf(_) => (None, None),
        };
        let ty = if object.is_some() { Ty::Unknown } else { shown(expr) };
        let named = match expr {
            Expr::Path(path) if object.is_none() && number.is_none() => segments(&path.path),
            _ => Vec::new(),
        };
        Arg { object, number, ty, by_ref, named, span }
    }

    pub(super) fn arguments<'e>(&mut self, exprs: impl IntoIterator<Item = &'e Expr>) -> Vec<Arg> {
        exprs.into_iter().map(|expr| self.argument(expr)).collect()
    }

    pub(super) fn call(&mut self, call: &syn::ExprCall) -> Value {
        let span = Span::between(first_token(&call.func), call.paren_token.span.join());
        let Expr::Path(callee) = &*call.func else {
            self.look(&call.func);
            call.args.iter().for_each(|argument| self.escape(argument, Where::Given));
            return Value::Nothing;
        };
        let path = match &callee.qself {
            Some(owner) => of_type(&owner.ty, &callee.path),
            None => segments(&callee.path),
        };
        let last = path.last().map_or("", String::as_str);
        // `Some(x)`, `Ok(x)`, `Arc::new(x)`, `Arc::clone(&x)`: the handle itself.
        let wraps = matches!(last, "Some" | "Ok")
            || (matches!(last, "new" | "clone" | "from" | "pin") && wrapper(&path));
        if let (true, Some(only)) = (wraps && call.args.len() == 1, call.args.first()) {
            return self.expr(only);
        }
        // `mem::take(&mut x)`, `mem::replace(&mut x, y)`: the handle that was there.
        if let ([.., "mem", "take" | "replace"], Some(place)) =
            (&path.iter().map(String::as_str).collect::<Vec<_>>()[..], call.args.first())
        {
            let taken = self.expr(place);
            return self.moved_out(taken, call.args.iter().skip(1));
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
            // A closure with a name.
            self.build.op(OpKind::Use(callee), span);
            let origin = Origin::Method(callee, CALLED.to_owned(), args.clone());
            let result = Some(self.build.object("", origin, span));
            let generics = Vec::new();
            let call = Call { path, receiver: Some(callee), is_method: false, args, generics, result };
            return self.emit_call(call, span);
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

    pub(super) fn method(&mut self, call: &syn::ExprMethodCall) -> Value {
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
            // The guarded value is copied, not the guard.
            let copies = matches!(name.as_str(), "clone" | "cloned" | "to_owned");
            return if copies { self.content(receiver) } else { receiver };
        }
        let receiver = self.content(receiver);
        if let (("take", 0) | ("replace", 1), Value::Object(place)) =
            ((name.as_str(), call.args.len()), &receiver)
        {
            // There is another handle from now on, or none.
            self.build.blur(*place);
        }
        let mut args = self.arguments(&call.args);
        if let (Some(arg), Some(Expr::Unary(negated))) = (args.first_mut(), call.args.first())
            && matches!(negated.op, syn::UnOp::Neg(_))
        {
            // Of a negative number, the sign is known.
            arg.number.get_or_insert(-1);
        }
        let generics = call.turbofish.as_ref().map_or_else(Vec::new, |list| {
            let types = list.args.iter().filter_map(|argument| match argument {
                syn::GenericArgument::Type(written) => Some(ty(written)),
                _ => None,
            });
            types.collect()
        });
        let whole = || Span::between(first_token(&call.receiver), call.paren_token.span.close());
        // The guard of a span made by a macro.
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

    /// What a guard protects; any other value is itself.
    pub(super) fn content(&mut self, value: Value) -> Value {
        match value {
            Value::Object(guard) if self.is_guard(&value) => Value::Object(self.build.content(guard)),
            value => value,
        }
    }

    /// A handle that leaves its place, where there is another one or none from now on.
    fn moved_out<'e>(&mut self, value: Value, others: impl IntoIterator<Item = &'e Expr>) -> Value {
        others.into_iter().for_each(|other| self.escape(other, Where::Stored));
        let value = self.content(value);
        if let Value::Object(object) = value {
            self.build.blur(object);
        }
        value
    }

    /// The call of a method, with its result if the receiver is known.
    pub(super) fn method_of(&mut self, call: Call, span: Span) -> Value {
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

    /// True for a value that a lock has just returned.
    pub(super) fn is_guard(&self, value: &Value) -> bool {
        let Value::Object(object) = value else { return false };
        let object = &self.build.function.objects[object.at()];
        let locks = ["lock", "read", "write", "borrow", "borrow_mut"];
        matches!(&object.origin, Origin::Method(_, name, args) if args.is_empty() && locks.contains(&name.as_str()))
    }

    pub(super) fn emit_call(&mut self, call: Call, span: Span) -> Value {
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
            if closure.asyncness.is_some() {
                this.build.set_async();
            }
            for input in &closure.inputs {
                this.closure_param(input);
            }
            let value = this.expr(&closure.body);
            if closure.inputs.is_empty()
                && let (Value::Nothing, Some(path)) = (&value, last_path(&closure.body))
            {
                this.build.op(OpKind::Name(segments(&path.path)), Span::of(path.span()));
            }
            value
        });
        let span = Span::of(closure.inputs_begin.span).to(span);
        let object = self.build.object("", Origin::Closure(body), span);
        // From here on it owns its captures.
        self.build.op(OpKind::New(object), span);
        Value::Object(object)
    }

    pub(super) fn closure_param(&mut self, input: &Pat) {
        let (pattern, written) = match input {
            Pat::Type(typed) => (&*typed.pat, ty(&typed.ty)),
            pattern => (pattern, Ty::Unknown),
        };
        let object = self.typed("", &written, Span::of(pattern.span()));
        self.build.add_param(object);
        self.pattern(pattern, Value::Object(object));
    }
}

/// The path that is the value of an expression: `f`, `{ f }`.
fn last_path(expr: &Expr) -> Option<&syn::ExprPath> {
    match expr {
        Expr::Path(path) => Some(path),
        Expr::Block(block) => match block.block.stmts.last()? {
            syn::Stmt::Expr(last, None) => last_path(last),
            _ => None,
        },
        _ => None,
    }
}

/// `<Jobs as Source>::next()`: the function of the type, if that has a name.
fn of_type(owner: &syn::Type, path: &syn::Path) -> Vec<String> {
    match (ty(owner), path.segments.last()) {
        // A type with a name of one letter is a type parameter.
        (Ty::Path(owner, _), Some(function)) if owner.len() > 1 && owner != "Self" => {
            vec![owner, function.ident.to_string()]
        }
        _ => segments(path),
    }
}

/// `WaitGroup::add(&wg, 1)`: the same as `wg.add(1)`.
pub(super) fn method_by_path(path: &[String], args: &[Arg]) -> Option<Call> {
    const TYPES: [&str; 9] =
        ["Chan", "Sender", "Receiver", "WaitGroup", "Context", "CancelHandle", "Mutex", "RwLock", "Once"];
    let ([.., owner, name], [receiver, args @ ..]) = (path, args) else { return None };
    let makes = matches!(name.as_str(), "new" | "with_capacity" | "unbounded" | "from" | "default");
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

/// True for the constructors of pointers, whose result is used like the handle itself.
pub(super) fn wrapper(path: &[String]) -> bool {
    path.len() >= 2 && matches!(path[path.len() - 2].as_str(), "Arc" | "Rc" | "Box" | "Pin" | "Option")
}

/// True for a structure, also behind a new pointer: `Arc::new(Pool { … })`.
pub(super) fn is_literal(expr: &Expr) -> bool {
    match expr {
        Expr::Struct(_) => true,
        Expr::Paren(inner) => is_literal(&inner.expr),
        Expr::Call(call) => match &*call.func {
            Expr::Path(path) => {
                let path = segments(&path.path);
                let wraps = wrapper(&path) && path.last().is_some_and(|last| last == "new");
                wraps && call.args.first().is_some_and(is_literal)
            }
            _ => false,
        },
        _ => false,
    }
}

/// True for `m.lock()`, whose error is no ordinary exit.
pub(super) fn is_lock(expr: &Expr) -> bool {
    matches!(expr, Expr::MethodCall(call) if ["lock", "read", "write", "join", "wait"].iter().any(|name| call.method == name))
}
