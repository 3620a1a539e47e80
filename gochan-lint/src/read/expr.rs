//! What expressions come to.

use super::Lower;
use super::assign::is_deref;
use super::repeat::received;
use super::span::span_of;
use crate::ir::{BodyKind, ObjectId, OpKind, Origin, Where};
use crate::source::Span;
use syn::Expr;

/// What an expression comes to, as far as it matters.
#[derive(Debug, Clone)]
pub(super) enum Value {
    Nothing,
    Object(ObjectId),
    Tuple(Vec<Value>),
    Number(i64),
}

impl Lower<'_> {
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

    pub(super) fn each_object(&mut self, value: &Value, f: &mut dyn FnMut(&mut Self, ObjectId)) {
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
            Expr::Async(block) => {
                let body =
                    self.nested(BodyKind::Closure, Span::of(block.block.brace_token.span.join()), |this| {
                        this.build.set_async();
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

    pub(super) fn path(&mut self, path: &syn::ExprPath) -> Value {
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

    pub(super) fn field(&mut self, field: &syn::ExprField) -> Value {
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
