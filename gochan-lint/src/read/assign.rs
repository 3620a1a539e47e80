//! Assignments.

use super::lower::Lower;
use super::span::span_of;
use super::value::Value;
use crate::ir::{OpKind, Where};
use crate::source::Span;
use syn::Expr;

impl Lower<'_> {
    pub(super) fn assign(&mut self, assignment: &syn::ExprAssign) -> Value {
        let value = self.expr(&assignment.right);
        if let Expr::Infer(_) = &*assignment.left {
            self.unused(value, &assignment.right);
            return Value::Nothing;
        }
        self.destructured(&assignment.left, value);
        Value::Nothing
    }

    /// Reads the assignment of the parts of a value to places.
    fn destructured(&mut self, left: &Expr, value: Value) {
        let value = match (&value, left) {
            (Value::Object(object), Expr::Tuple(_)) => self.build.parts(*object).map_or(value, Value::Tuple),
            _ => value,
        };
        match (left, value) {
            (Expr::Paren(inner), value) => self.destructured(&inner.expr, value),
            (Expr::Infer(_), Value::Object(part)) => {
                if self.build.function.objects[part.at()].name.is_empty() {
                    self.build.op(OpKind::New(part), span_of(left));
                    self.build.op(OpKind::DroppedAtOnce(part), span_of(left));
                }
            }
            (Expr::Infer(_) | Expr::Range(_), _) => {}
            (Expr::Tuple(places), Value::Object(object)) => {
                for (place, index) in places.elems.iter().zip(0..) {
                    let part = self.element(object, index, span_of(place));
                    self.destructured(place, Value::Object(part));
                }
            }
            (Expr::Tuple(places), Value::Tuple(parts)) => {
                for (place, part) in places.elems.iter().zip(parts) {
                    self.destructured(place, part);
                }
            }
            (Expr::Struct(places), Value::Object(object)) => {
                for place in &places.fields {
                    let syn::Member::Named(name) = &place.member else { continue };
                    let part = self.build.field(object, &name.to_string(), Span::of(name.span()));
                    self.destructured(&place.expr, Value::Object(part));
                }
            }
            (left, value) => self.assigned(left, &value),
        }
    }

    /// The first value of a variable that was declared without one.
    fn initialised(&mut self, place: &Expr, value: &Value) -> bool {
        let (Expr::Path(path), Value::Object(object)) = (place, value) else { return false };
        let variable = path.path.get_ident().and_then(|name| self.build.lookup_ident(name));
        let span = span_of(place);
        let fresh = self.build.function.objects[object.at()].name.is_empty();
        if !variable.is_some_and(|variable| self.build.initialise(variable, *object)) {
            return false;
        }
        if fresh {
            self.build.function.objects[object.at()].span = span;
            self.build.op(OpKind::New(*object), span);
        }
        true
    }

    /// Reads the assignment of a value to `place`.
    pub(super) fn assigned(&mut self, place: &Expr, value: &Value) {
        if self.initialised(place, value) {
            return;
        }
        let span = span_of(place);
        let target = self.place(place);
        let kind = if self.is_inside(place, &target) { OpKind::Store } else { OpKind::Assign };
        self.each_object(&target, &mut |this, object| {
            this.build.op(kind(object), span);
            this.build.blur(object);
        });
        self.each_object(value, &mut |this, object| {
            this.build.op(OpKind::Escape(object, Where::Stored), span);
            this.build.blur(object);
        });
    }

    /// True for a place behind a pointer or in a guard: the variable keeps its value.
    pub(super) fn is_inside(&self, place: &Expr, target: &Value) -> bool {
        is_deref(place) || matches!(place, Expr::Index(_)) && self.is_guard(target)
    }

    /// The object that is written to: of an indexed place, the whole collection.
    pub(super) fn place(&mut self, place: &Expr) -> Value {
        match place {
            Expr::Index(index) => {
                self.look(&index.index);
                self.place(&index.expr)
            }
            place => self.expr(place),
        }
    }
}

/// `*place`
pub(super) fn is_deref(expr: &Expr) -> bool {
    match expr {
        Expr::Unary(inner) => matches!(inner.op, syn::UnOp::Deref(_)),
        Expr::Paren(inner) => is_deref(&inner.expr),
        _ => false,
    }
}
