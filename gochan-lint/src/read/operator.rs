//! Binary operators: `&&` and `||` branch, `+=` and the like assign, and constants are folded.

use super::build::Asks;
use super::lower::Lower;
use super::span::span_of;
use super::value::Value;
use crate::ir::OpKind;

impl Lower<'_> {
    pub(super) fn binary(&mut self, binary: &syn::ExprBinary) -> Value {
        match binary.op {
            syn::BinOp::And(_) | syn::BinOp::Or(_) => self.short_circuit(binary),
            op if changes(&op) => self.compound_assign(binary),
            op => {
                let (left, right) = (self.looked(&binary.left), self.looked(&binary.right));
                if let (Value::Number(left), Value::Number(right)) = (left, right) {
                    return folded(left, &op, right).map_or(Value::Nothing, Value::Number);
                }
            }
        }
        Value::Nothing
    }

    /// `a && b`, `a || b`: a branch, since the right side may not be evaluated.
    fn short_circuit(&mut self, binary: &syn::ExprBinary) {
        let temporaries = self.temporaries.len();
        self.looked(&binary.left);
        self.end_temporaries(temporaries, &Value::Nothing);
        let before = self.build.here();
        let after = self.build.new_block();
        self.build.begin_branch(Asks::Other);
        let right = self.build.new_block();
        self.build.edge(before, right);
        self.build.edge(before, after);
        self.build.at(before.map(|_| right));
        self.look(&binary.right);
        self.end_temporaries(temporaries, &Value::Nothing);
        self.build.goto_from_here(after);
        self.build.end_branch(Asks::Other);
        self.build.at(before.map(|_| after));
    }

    /// `place += value`: the value is evaluated first.
    fn compound_assign(&mut self, binary: &syn::ExprBinary) {
        self.look(&binary.right);
        let target = self.place(&binary.left);
        let kind = if self.is_inside(&binary.left, &target) { OpKind::Store } else { OpKind::Assign };
        self.each_object(&target, &mut |this, object| {
            this.build.op(kind(object), span_of(&binary.left));
        });
    }
}

/// The value of an operation on constants.
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

/// True for `+=` and the like.
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
