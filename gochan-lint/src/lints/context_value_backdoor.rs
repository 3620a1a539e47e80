//! Parameters that are hidden in a context.

use super::prelude::*;

pub(super) const LINT: Lint = Lint {
    id: "context_value_backdoor",
    level: Level::Warn,
    summary: "a context value that should be a parameter",
    explanation: "\
Values in a context are for request-scoped data that passes through code which does not use it: ids, tokens, traces. \
Configuration, connections, options and plain strings or numbers are parameters. In a context, a signature does not \
show what a function needs, and the type, which is the key, means nothing.

Use a dedicated type, such as `struct RequestId(u64)`, for data that belongs there.",
    at_run_time: "\
`value::<V>()` is `None` where no caller has set it.",
    near: "go vet and staticcheck SA1029 (keys of plain types), revive `context-keys-type`.",
    bad: "\
let ctx = background().with_value(\"alice\".to_string());
work(&ctx);",
    good: "\
struct UserId(String);
let ctx = background().with_value(UserId(\"alice\".to_string()));
work(&ctx);",
    check: Check::Function(check),
};

fn check(code: Code<'_>, found: &mut Vec<Diagnostic>) {
    for (_, _, event) in code.everywhere() {
        let wrong = match &event.kind {
            EventKind::Derive(_, result, name) if name == "with_value" => {
                match &code.object(*result).origin {
                    Origin::Method(_, _, args) => args.first().and_then(|arg| of_argument(code, arg)),
                    _ => None,
                }
            }
            EventKind::Unknown(call)
                if call.is_method && call.path[0] == "value" && !is_asserted(code, event.span) =>
            {
                call.generics.first().and_then(|ty| {
                    let context = call.receiver.is_some_and(|receiver| *code.kind(receiver) == Kind::Context);
                    let set_here = call.receiver.is_some_and(|receiver| is_set_here(code, receiver));
                    let passed =
                        || is_passed_elsewhere(code, ty).then(|| "what is a parameter elsewhere".to_owned());
                    let here = || set_here.then(|| "what was set right here".to_owned());
                    of_type(ty).or_else(passed).or_else(here).filter(|_| context)
                })
            }
            _ => None,
        };
        if let Some(what) = wrong {
            found.push(
                code.finding(LINT.id, event.span, format!("a context carries {what}"))
                    .label("invisible in a signature")
                    .help("pass it as a parameter; a value of a request needs a type of its own, such as `RequestId`"),
            );
        }
    }
}

/// True for values used in an `assert!` or the like, which do not affect the control flow.
fn is_asserted(code: Code<'_>, span: Span) -> bool {
    let text = &code.program.units[code.linked.unit].source.text;
    let before = text.get(..span.start as usize).unwrap_or("");
    let statement = before.rsplit([';', '{', '}']).next().unwrap_or(before);
    statement.contains("assert!(") || statement.contains("assert_eq!(") || statement.contains("assert_ne!(")
}

fn of_argument(code: Code<'_>, arg: &crate::ir::Arg) -> Option<String> {
    let Some(object) = arg.object else { return of_type(&arg.ty) };
    match (&code.object(object).origin, code.kind(object)) {
        (Origin::Closure(_), _) => Some("a closure".to_owned()),
        (Origin::Typed(ty) | Origin::Plain(ty), _) => of_type(ty),
        (_, Kind::Named(name)) => of_type(&Ty::Path(crate::link::written(name).to_owned(), Vec::new())),
        _ => None,
    }
}

fn of_type(ty: &Ty) -> Option<String> {
    const PLAIN: [&str; 22] = [
        "str", "String", "bool", "char", "i8", "i16", "i32", "i64", "i128", "isize", "u8", "u16", "u32",
        "u64", "u128", "usize", "f32", "f64", "Vec", "HashMap", "Duration", "PathBuf",
    ];
    const MEANT: [&str; 11] = [
        "Config",
        "Options",
        "Settings",
        "Connection",
        "Conn",
        "Pool",
        "Client",
        "Database",
        "Db",
        "Logger",
        "Args",
    ];
    match ty {
        Ty::Ref(inner) => of_type(inner),
        Ty::Path(name, args) if matches!(name.as_str(), "Arc" | "Box" | "Rc") => {
            args.first().and_then(of_type)
        }
        Ty::Path(name, _)
            if PLAIN.contains(&name.as_str()) || MEANT.iter().any(|end| name.ends_with(end)) =>
        {
            Some(format!("a `{name}`"))
        }
        _ => None,
    }
}

/// True if a function of the crate has a parameter of this type.
fn is_passed_elsewhere(code: Code<'_>, ty: &Ty) -> bool {
    let Ty::Path(wanted, _) = ty else { return false };
    if ["Id", "Token", "Trace", "Span", "Name", "Key"].iter().any(|end| wanted.ends_with(end)) {
        return false;
    }
    let own = code.program.units[code.linked.unit].package;
    let functions =
        code.program.units.iter().filter(|unit| unit.package == own).flat_map(|unit| &unit.file.functions);
    let is = |ty: &Ty| {
        let mut ty = ty;
        while let Ty::Ref(inner) = ty {
            ty = inner;
        }
        matches!(ty, Ty::Path(name, _) if name == wanted)
    };
    functions
        .into_iter()
        .any(|function| function.params.iter().any(|param| param.name != "self" && is(&param.ty)))
}

fn is_set_here(code: Code<'_>, context: ObjectId) -> bool {
    matches!(&code.object(code.linked.root(context)).origin, Origin::Method(_, name, _) if name == "with_value")
}
