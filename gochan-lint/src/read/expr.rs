//! Expressions.

use super::assign::is_deref;
use super::build::Jump;
use super::lower::Lower;
use super::repeat::received;
use super::span::span_of;
use super::value::Value;
use crate::ir::{BodyKind, Capacity, ObjectId, OpKind, Origin, Where};
use crate::source::Span;
use syn::Expr;

impl Lower<'_> {
    /// The value is the result of the body.
    pub(super) fn returned(&mut self, value: Value) {
        self.goes(value, Where::Returned);
    }

    pub(super) fn goes(&mut self, value: Value, to: Where) {
        self.each_object(&value, &mut |this, object| {
            let span = this.build.function.objects[object.at()].span;
            this.build.op(OpKind::Escape(object, to), span);
        });
    }

    pub(super) fn each_object(&mut self, value: &Value, f: &mut dyn FnMut(&mut Self, ObjectId)) {
        match value {
            Value::Object(object) => {
                f(self, *object);
                if let Some(parts) = self.build.parts(*object) {
                    parts.iter().for_each(|part| self.each_object(part, f));
                }
            }
            Value::OneOf(objects) => objects.iter().for_each(|object| f(self, *object)),
            Value::Tuple(parts) => parts.iter().for_each(|part| self.each_object(part, f)),
            Value::Nothing | Value::Number(_) => {}
        }
    }

    /// The value goes where it is not followed.
    pub(super) fn escape(&mut self, expr: &Expr, to: Where) {
        let value = self.expr(expr);
        self.escaped(expr, &value, to);
    }

    fn escaped(&mut self, expr: &Expr, value: &Value, to: Where) {
        let by_ref = matches!(expr, Expr::Reference(_)) || is_deref(expr);
        let span =
            if matches!(value, Value::Nothing | Value::Number(_)) { Span::default() } else { span_of(expr) };
        self.each_object(value, &mut |this, object| {
            let kind = if by_ref { OpKind::Use(object) } else { OpKind::Escape(object, to) };
            this.build.op(kind, span);
        });
    }

    /// Reads an expression whose value is only used.
    pub(super) fn look(&mut self, expr: &Expr) {
        let _ = self.looked(expr);
    }

    pub(super) fn looked(&mut self, expr: &Expr) -> Value {
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
            Expr::Async(block) => self.async_block(block, span_of(expr)),
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
            Expr::Loop(around) => self.plain_loop(around.label.as_ref(), None, &around.body),
            Expr::While(around) if received(&around.cond).is_some() => self.while_received(around),
            Expr::While(around) => self.plain_loop(around.label.as_ref(), Some(&around.cond), &around.body),
            Expr::ForLoop(around) => self.for_loop(around),
            Expr::Return(_) | Expr::Break(_) | Expr::Continue(_) => {
                self.way_out(expr);
                Value::Nothing
            }
            Expr::Try(inner) => {
                let value = self.expr(&inner.expr);
                self.maybe_leave(&value, Span::of(inner.question_token.span));
                value
            }
            Expr::Await(inner) => self.expr(&inner.base),
            Expr::Assign(assignment) => self.assign(assignment),
            Expr::Binary(binary) => self.binary(binary),
            Expr::Index(index) => self.index(index),
            Expr::Struct(_) | Expr::Array(_) | Expr::Repeat(_) => {
                self.stored(expr);
                Value::Nothing
            }
            Expr::Range(range) => {
                range.start.iter().chain(&range.end).for_each(|end| self.look(end));
                Value::Nothing
            }
            _ => Value::Nothing,
        }
    }

    fn async_block(&mut self, block: &syn::ExprAsync, span: Span) -> Value {
        let body = self.nested(BodyKind::Closure, Span::of(block.block.brace_token.span.join()), |this| {
            this.build.set_async();
            this.block(&block.block)
        });
        Value::Object(self.build.object("", Origin::Closure(body), span))
    }

    fn plain_loop(
        &mut self,
        label: Option<&syn::Label>,
        condition: Option<&Expr>,
        body: &syn::Block,
    ) -> Value {
        self.repeat(label, condition, |this| {
            this.block(body);
        });
        Value::Nothing
    }

    /// `return`, `break`, `continue`.
    fn way_out(&mut self, expr: &Expr) {
        match expr {
            Expr::Return(way) => {
                if let Some(inner) = &way.expr {
                    let value = self.expr(inner);
                    self.returned(value);
                }
                self.build.leave(OpKind::Return, Span::of(way.return_token.span));
            }
            Expr::Break(way) => {
                if let Some(inner) = &way.expr {
                    self.escape(inner, Where::Given);
                }
                self.build.jump(way.label.as_ref().map(label).as_deref(), Jump::Break);
            }
            Expr::Continue(way) => {
                self.build.jump(way.label.as_ref().map(label).as_deref(), Jump::Continue);
            }
            _ => {}
        }
    }

    /// The parts of a structure or an array, which are stored in it.
    fn stored(&mut self, expr: &Expr) {
        match expr {
            Expr::Struct(value) => {
                // They are stored once all have been evaluated.
                let parts = || value.fields.iter().map(|field| &field.expr).chain(value.rest.as_deref());
                let values: Vec<Value> = parts().map(|part| self.expr(part)).collect();
                self.fields = value
                    .fields
                    .iter()
                    .zip(&values)
                    .filter_map(|(field, value)| {
                        let syn::Member::Named(name) = &field.member else { return None };
                        Some((name.to_string(), self.new_channel(value)?))
                    })
                    .collect();
                if value.rest.is_some() {
                    self.fields.clear();
                }
                for (part, value) in parts().zip(values) {
                    self.escaped(part, &value, Where::Stored);
                }
            }
            Expr::Array(array) => {
                array.elems.iter().for_each(|element| self.escape(element, Where::Stored));
            }
            Expr::Repeat(array) => self.escape(&array.expr, Where::Stored),
            _ => {}
        }
    }

    /// The capacity of a channel that has just been made, and has no name yet.
    fn new_channel(&self, value: &Value) -> Option<Capacity> {
        let Value::Object(object) = value else { return None };
        let object = &self.build.function.objects[object.at()];
        match &object.origin {
            _ if !object.name.is_empty() => None,
            Origin::ChanMacro(capacity, _) => Some(*capacity),
            _ => None,
        }
    }

    pub(super) fn path(&mut self, path: &syn::ExprPath) -> Value {
        if let Some(name) = path.path.get_ident()
            && let Some(object) = self.build.lookup_ident(name)
        {
            return Value::Object(object);
        }
        let Some(last) = path.path.segments.last() else { return Value::Nothing };
        let name = last.ident.to_string();
        let is_upper = name.starts_with(char::is_uppercase);
        if !is_upper && !self.reader.statics.iter().any(|(_, known)| *known == name) {
            return Value::Nothing;
        }
        let constant = self.reader.place(&path.path, |place| self.reader.consts.contains_key(place));
        if let Some(&number) = constant.and_then(|place| self.reader.consts.get(&place)) {
            return Value::Number(number);
        }
        // By convention, names of statics and constants are in capitals.
        let capital = name.len() > 1 && !name.contains(|c: char| c.is_lowercase());
        let own = self.reader.place(&path.path, |place| self.reader.statics.contains(place));
        let (is_own, mut name) = (own.is_some(), name);
        if let Some((modules, _)) = own.filter(|(modules, _)| !modules.is_empty())
            && self.reader.statics.iter().filter(|(_, known)| *known == name).count() > 1
        {
            name = format!("{}::{name}", modules.join("::"));
        }
        // A constant of another module that has the name of a static here is another one.
        let is_other = || {
            path.path.segments.len() > 1
                && (!self.reader.leads_away(&path.path)
                    || self.reader.statics.iter().any(|(_, known)| *known == name))
        };
        if is_own || capital && !is_other() {
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

    pub(super) fn field(&mut self, field: &syn::ExprField) -> Value {
        let value = self.expr(&field.base);
        match (self.content(value), &field.member) {
            (Value::Object(base), syn::Member::Named(name)) => {
                Value::Object(self.build.field(base, &name.to_string(), Span::of(name.span())))
            }
            (Value::Object(base), syn::Member::Unnamed(index)) => {
                let part = self.build.parts(base).map(|parts| parts.get(index.index as usize).cloned());
                part.unwrap_or_else(|| {
                    let field = index.index.to_string();
                    Some(Value::Object(self.build.field(base, &field, Span::of(index.span))))
                })
                .unwrap_or(Value::Nothing)
            }
            (Value::Tuple(parts), syn::Member::Unnamed(index)) => {
                parts.get(index.index as usize).cloned().unwrap_or(Value::Nothing)
            }
            _ => Value::Nothing,
        }
    }

    /// An element: the same object for each mention, if its index is a known number.
    pub(super) fn index(&mut self, index: &syn::ExprIndex) -> Value {
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
}

pub(super) fn segments(path: &syn::Path) -> Vec<String> {
    path.segments.iter().map(|segment| segment.ident.to_string()).collect()
}

fn label(lifetime: &syn::Lifetime) -> String {
    lifetime.ident.to_string()
}
