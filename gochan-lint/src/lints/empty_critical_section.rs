//! A lock that is released at once.

use super::prelude::*;
use crate::link::blocks;

pub(super) const LINT: Lint = Lint {
    id: "empty_critical_section",
    level: Level::Warn,
    summary: "a lock is acquired and released at once",
    explanation: "\
`let _ = m.lock();` binds nothing: the guard is dropped at the end of the statement, and the code after it runs \
unlocked. `m.lock();` does the same. `let _guard = m.lock();` holds the lock to the end of the block.",
    at_run_time: "\
Nothing, except a data race in the guarded data if `unsafe` code is involved.",
    near: "rustc `let_underscore_lock`, staticcheck SA2001.",
    bad: "\
let m = Mutex::new(0);
let _ = m.lock();
work(1);",
    good: "\
let m = Mutex::new(0);
let _guard = m.lock();
work(1);",
    check: Check::Function(check),
};

fn check(code: Code<'_>, found: &mut Vec<Diagnostic>) {
    let places = code.bodies().flat_map(|(body, _)| {
        code.places(body).map(move |(block, place, event)| (body, block, place, event))
    });
    for (body, block, place, event) in places {
        let EventKind::DroppedAtOnce(guard) = event.kind else { continue };
        let Kind::Guard(lock, flavour) = *code.kind(guard) else { continue };
        let tries =
            matches!(&code.object(guard).origin, Origin::Method(_, name, _) if name.starts_with("try_"));
        if flavour == Flavour::Cell || tries {
            continue;
        }
        let name = code.name(lock);
        let finding = code
            .finding(LINT.id, event.span, format!("`{name}` is unlocked at once"))
            .label("what follows is not guarded")
            .help("bind the guard to a name: `let _guard = …`");
        // The guard would live across what follows, which may take the lock as well, or wait.
        let is_wild = code.snippet(event.span) == "_" && is_bound_alone(code, event.span);
        let calm = !code.following(body, block, place).iter().any(|(_, event)| match &event.kind {
            EventKind::Unknown(call) => !call.path.last().is_some_and(|name| name.ends_with('!')),
            kind => blocks(code.program, kind) || matches!(kind, EventKind::RunDeferred(_)),
        });
        found.push(if is_wild && calm {
            finding.fix("keep the guard", vec![(event.span, "_guard".to_owned())])
        } else {
            finding
        });
    }
}

/// True for `let _ =`.
fn is_bound_alone(code: Code<'_>, hole: Span) -> bool {
    let text = &code.program.units[code.linked.unit].source.text;
    text.get(..hole.start as usize).is_some_and(|before| before.trim_end().ends_with("let"))
}
