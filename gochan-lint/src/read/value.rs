//! The values of expressions.

use crate::ir::ObjectId;

/// The value of an expression, in the detail that matters.
#[derive(Debug, Clone)]
pub(super) enum Value {
    Nothing,
    Object(ObjectId),
    Tuple(Vec<Value>),
    Number(i64),
    /// The objects of branches that meet, whose value is one of them.
    OneOf(Vec<ObjectId>),
}
