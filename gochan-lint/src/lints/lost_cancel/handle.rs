//! What code does with a handle.

use crate::analysis::Code;
use crate::diagnostic::Diagnostic;
use crate::ir::ObjectId;
use crate::link::{EventKind, Started};
use crate::source::Span;

/// The id of the lint.
pub(super) const ID: &str = "lost_cancel";

pub(super) fn report(
    code: Code<'_>,
    handle: ObjectId,
    span: Span,
    message: String,
    label: &str,
) -> Diagnostic {
    let name = match code.name(handle) {
        "it" | "_" => "cancel",
        name => name,
    };
    code.finding(ID, span, message)
        .label(label)
        .help(format!("put `defer!({name}.cancel());` right after the creation, or use `with_context!`"))
}

/// True if the handle is used in any way other than the end of its scope or being overwritten.
pub(super) fn uses_handle(code: Code<'_>, kind: &EventKind, handle: ObjectId) -> bool {
    match kind {
        EventKind::Cancel(used)
        | EventKind::Dropped(used)
        | EventKind::Escape(used, _)
        | EventKind::Use(used)
        | EventKind::Assign(used) => *used == handle,
        EventKind::Call(_, handed) => handed.contains(&Some(handle)),
        EventKind::Spawn(Started::Function(_, handed), ..) => handed.contains(&Some(handle)),
        EventKind::Spawn(Started::Unknown(objects), ..) => objects.contains(&handle),
        EventKind::Unknown(call) => {
            let given =
                |object: Option<ObjectId>| object.is_some_and(|given| code.linked.root(given) == handle);
            given(call.receiver) || call.args.iter().any(|arg| given(arg.object))
        }
        _ => false,
    }
}
