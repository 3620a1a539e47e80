//! A context that is stored in a struct.

use super::prelude::*;

pub(super) const LINT: Lint = Lint {
    id: "context_in_struct",
    level: Level::Allow,
    summary: "a struct with a field of type `Context`",
    explanation: "\
A context belongs to one call and to what that call starts. Stored in a struct, it no longer shows whose lifetime it \
describes, and a method cannot be given a different one. Types that represent one request, and builders, are not \
reported.",
    at_run_time: "\
Nothing: this lint is about readability.",
    near: "Go's `containedctx`.",
    bad: "\
struct Server { ctx: Context, name: String }",
    good: "\
struct Server { name: String }",
    check: Check::File(check),
};

fn check(program: &Program, unit: usize, found: &mut Vec<Diagnostic>) {
    for structure in &program.units[unit].file.structs {
        if ["Request", "Builder", "Call"].iter().any(|part| structure.name.contains(part)) {
            continue;
        }
        for (name, _, span) in structure.fields.iter().filter(|(_, ty, _)| is_context(program, unit, ty)) {
            found.push(
                Diagnostic::new(LINT.id, unit, *span, format!("`{name}` keeps a context in a structure"))
                    .label("whose end does it tell?")
                    .help("pass the context to the methods that need it"),
            );
        }
    }
}

/// True for gochan's `Context`, under any imported name.
fn is_context(program: &Program, unit: usize, ty: &Ty) -> bool {
    match ty {
        Ty::Path(name, args) => match (name.as_str(), &args[..]) {
            ("Option" | "Arc" | "Box", [inner]) => is_context(program, unit, inner),
            (name, []) => {
                let written: Vec<String> = name.split("::").map(str::to_owned).collect();
                let path = program.expand(unit, &written);
                let path: Vec<&str> = path.iter().map(String::as_str).collect();
                path.last() == Some(&"Context") && program.is_ours(unit, &path)
            }
            _ => false,
        },
        Ty::Ref(inner) => is_context(program, unit, inner),
        _ => false,
    }
}
