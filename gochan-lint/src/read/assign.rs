//! Assignments and operators.

use super::Lower;
use super::expr::Value;
use super::span::span_of;
use crate::ir::{OpKind, Where};
use syn::Expr;

impl Lower<'_> {
    pub(super) fn assign(&mut self, assignment: &syn::ExprAssign) -> Value {
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
    pub(super) fn assigned(&mut self, place: &Expr, value: &Value) {
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
    pub(super) fn place(&mut self, place: &Expr) -> Value {
        match place {
            Expr::Index(index) => {
                self.look(&index.index);
                self.place(&index.expr)
            }
            place => self.expr(place),
        }
    }

    pub(super) fn binary(&mut self, binary: &syn::ExprBinary) -> Value {
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
pub(super) fn folded(left: i64, op: &syn::BinOp, right: i64) -> Option<i64> {
    match op {
        syn::BinOp::Add(_) => left.checked_add(right),
        syn::BinOp::Sub(_) => left.checked_sub(right),
        syn::BinOp::Mul(_) => left.checked_mul(right),
        syn::BinOp::Div(_) => left.checked_div(right),
        syn::BinOp::Shl(_) => left.checked_mul(1i64.checked_shl(u32::try_from(right).ok()?)?),
        _ => None,
    }
}

/// `+=` and its kin.
pub(super) fn changes(op: &syn::BinOp) -> bool {
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
pub(super) fn is_deref(expr: &Expr) -> bool {
    match expr {
        Expr::Unary(inner) => matches!(inner.op, syn::UnOp::Deref(_)),
        Expr::Paren(inner) => is_deref(&inner.expr),
        _ => false,
    }
}
