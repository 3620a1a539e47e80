//! Large buffers without an explanation.

use super::prelude::*;

pub(super) const LINT: Lint = Lint {
    id: "large_capacity",
    level: Level::Allow,
    summary: "a channel with a buffer of 1000 or more, without a named constant or a comment",
    explanation: "\
A large buffer hides a slow receiver until memory runs short, and makes every value wait in a long queue. If there \
is a reason for it, a named constant or a comment states it.",
    at_run_time: "\
Nothing, except memory use.",
    near: "none.",
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
        let (span, text) = match &object.origin {
            Origin::ChanMacro(Capacity::Exactly(1000..), span) => {
                (*span, code.snippet(*span).rsplit(',').next().unwrap_or("").trim())
            }
            Origin::Call(path, args) if path.ends_with(&["Chan".to_owned(), "with_capacity".to_owned()]) => {
                match &args[..] {
                    [only] if only.number.is_some_and(|number| number >= 1000) => {
                        (object.span, code.snippet(only.span))
                    }
                    _ => continue,
                }
            }
            _ => continue,
        };
        let line = source.position(span.start).line;
        let commented =
            source.line(line).contains("//") || line > 1 && source.line(line - 1).trim().starts_with("//");
        if text.starts_with(|c: char| c.is_ascii_digit()) && !commented {
            found.push(
                code.finding(LINT.id, span, "a large buffer without a reason")
                    .label("hides that the receiver is slow")
                    .help("name the number, or say in a comment why it is so large"),
            );
        }
    }
}
