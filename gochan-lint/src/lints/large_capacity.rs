//! Buffers nobody has explained.

use super::prelude::*;

pub(super) const LINT: Lint = Lint {
    id: "large_capacity",
    level: Level::Allow,
    summary: "a channel with a buffer of 1000 or more, without a named constant or a comment",
    explanation: "\
A large buffer hides that the receiver is too slow until memory is short, and makes every value wait in a long queue. There are reasons for one; a named constant or a comment tells them.",
    bad: "\
let jobs = chan!(u32, 4096);
start(&jobs);",
    good: "\
// A burst of a whole page of jobs must not stop the reader.
let jobs = chan!(u32, 4096);
start(&jobs);",
    check: Check::Function(check),
};

fn check(code: Code<'_>, found: &mut Vec<Diagnostic>) {
    let source = &code.program.units[code.linked.unit].source;
    for object in &code.function.objects {
        let Origin::ChanMacro(Capacity::Exactly(1000..), span) = object.origin else { continue };
        let text = code.snippet(span).rsplit(',').next().unwrap_or("").trim();
        let line = source.position(span.start).line;
        let commented =
            source.line(line).contains("//") || line > 1 && source.line(line - 1).trim().starts_with("//");
        if text.starts_with(|c: char| c.is_ascii_digit()) && !commented {
            found.push(
                code.finding(&LINT, span, "a large buffer without a reason")
                    .label("hides that the receiver is slow")
                    .help("name the number, or say in a comment why it is so large"),
            );
        }
    }
}
