//! `wg.add(1)` inside the goroutine it counts.

use super::lint::{Check, Lint};
use crate::analysis::Code;
use crate::diagnostic::{Diagnostic, Level};
use crate::ir::{BlockId, BodyId, ObjectId, Origin};
use crate::link::{AccessPath, Effect, Event, EventKind, Kind, Started};
use crate::source::Span;

pub(super) const LINT: Lint = Lint {
    id: "add_in_goroutine",
    level: Level::Deny,
    summary: "`WaitGroup::add` inside the goroutine that it counts",
    explanation: "\
`wait` returns when the count is zero. If the goroutine counts itself, `wait` may run before the goroutine has \
started, find zero, and return while work is still outstanding, so results are sometimes missing. Call `add` before \
spawning the goroutine; `wg.go(f)` does both.

Not reported: a goroutine that was counted before its start and calls `add` for goroutines it starts itself, before \
its own `done`.",
    at_run_time: "\
Nothing, if the goroutine runs first; otherwise `wait` returns too early and results are missing. With a late `done` \
on a group that is reused: `sync: negative WaitGroup counter`.",
    near: "go vet `waitgroup`, staticcheck SA2000.",
    bad: "\
let wg = WaitGroup::new();
for job in jobs {
    go!([wg] {
        wg.add(1);
        defer!(wg.done());
        work(job);
    });
}
wg.wait();",
    good: "\
let wg = WaitGroup::new();
for job in jobs {
    wg.add(1);
    go!([wg] {
        defer!(wg.done());
        work(job);
    });
}
wg.wait();",
    check: Check::Function(check),
};

fn check(code: Code<'_>, found: &mut Vec<Diagnostic>) {
    for (outer, _, event) in code.everywhere() {
        let EventKind::Spawn(started, counted_by, _) = &event.kind else { continue };
        for (work, group, outside) in groups(code, started) {
            let there = work.code;
            let mut inside = Inside::default();
            inside.look(there, work.agent, &group, 0);
            let waits = || outside.is_none_or(|outside| is_waited_for(code, outside, started));
            if inside.adds.is_empty() || !waits() || *counted_by == outside && counted_by.is_some() {
                continue;
            }
            let counted = outside.is_none_or(|outside| {
                let agent = code.agent(outer);
                code.of_agent(agent).any(|(_, _, event)| {
                    code.effect(event, outside).has(Effect::ADDS)
                        && !matches!(event.kind, EventKind::Spawn(..))
                })
            });
            let holds = inside.dones > inside.adds.len() || inside.dones > 0 && inside.starts_counted;
            let holds = holds && !inside.too_late;
            let ordered = outside.is_some_and(|outside| code.adds_before_waits(outer, event, outside));
            if !(ordered || counted && holds) {
                for (unit, span) in inside.adds {
                    let written = Code::written(code.program, unit, span);
                    let finding = finding(unit, span, written.unwrap_or_else(|| group.name(there)));
                    let home = matches!(started, Started::Body(_)) && unit == code.linked.unit;
                    let edits = outside.and_then(|group| moved(code, group, outer, event.span, span));
                    found.push(match edits.filter(|_| home) {
                        Some(edits) => finding.fix("count before the goroutine starts", edits),
                        None => finding,
                    });
                }
            }
        }
    }
}

/// A group in a function: an object, or a field of an object, which the function need not mention.
#[derive(Clone, PartialEq)]
enum Group {
    Object(ObjectId),
    Field(ObjectId, String),
}

impl Group {
    fn of(code: Code<'_>, id: ObjectId) -> Group {
        match AccessPath::of(code.program, code.index, id) {
            AccessPath { base: Some(base), fields } if !fields.is_empty() => {
                Group::Field(base, fields.join("."))
            }
            _ => Group::Object(id),
        }
    }

    fn name<'n>(&'n self, code: Code<'n>) -> &'n str {
        match self {
            Group::Object(id) => code.name(*id),
            Group::Field(_, path) => path.rsplit('.').next().unwrap_or(path),
        }
    }

    fn is(&self, code: Code<'_>, id: ObjectId) -> bool {
        Group::of(code, id) == *self
    }

    /// The groups it is in a function that is called with `handed`.
    fn inside<'g>(
        &'g self,
        code: Code<'g>,
        callee: usize,
        handed: &'g [Option<ObjectId>],
    ) -> impl Iterator<Item = Group> + 'g {
        let params = code.program.function(callee).params.iter().zip(handed);
        params.filter_map(move |(param, handed)| match (self, (*handed)?) {
            (group, handed) if group.is(code, handed) => Some(Group::Object(param.object)),
            (Group::Field(..), handed) => {
                Some(Group::Field(param.object, self.below(code, handed)?.to_owned()))
            }
            _ => None,
        })
    }

    /// The fields that lead to it from an object.
    fn below<'g>(&'g self, code: Code<'_>, object: ObjectId) -> Option<&'g str> {
        let Group::Field(base, path) = self else { return None };
        match Group::of(code, object) {
            Group::Object(object) => (object == *base).then_some(path),
            Group::Field(of, above) => path.strip_prefix(&above)?.strip_prefix('.').filter(|_| of == *base),
        }
    }

    /// True if an event calls `done` on it, itself or through a function.
    fn is_done_by(&self, code: Code<'_>, event: &EventKind) -> bool {
        match event {
            EventKind::Done(lowered) => self.is(code, *lowered),
            EventKind::Call(callee, handed) | EventKind::Spawn(Started::Function(callee, handed), ..) => {
                let summary = &code.program.functions[*callee].summary;
                handed.iter().enumerate().any(|(index, handed)| match (self, *handed) {
                    (group, Some(handed)) if group.is(code, handed) => summary.param(index).has(Effect::DONE),
                    (Group::Field(..), Some(handed)) => self.below(code, handed).is_some_and(|path| {
                        let field = summary.fields.get(&(index, path.to_owned()));
                        field.is_some_and(|effect| effect.has(Effect::DONE))
                    }),
                    _ => false,
                })
            }
            _ => false,
        }
    }
}

/// The code that a goroutine runs.
#[derive(Clone, Copy)]
struct Work<'p> {
    code: Code<'p>,
    agent: BodyId,
}

/// The groups in the goroutine's code, each with its object in the function that starts the goroutine, if that is
/// known.
fn groups<'p>(code: Code<'p>, started: &Started) -> Vec<(Work<'p>, Group, Option<ObjectId>)> {
    let is_group = |code: Code<'_>, id: ObjectId| matches!(code.kind(id), Kind::WaitGroup);
    let mut found: Vec<(Work<'p>, Group, Option<ObjectId>)> = Vec::new();
    match started {
        Started::Body(body) => {
            let work = Work { code, agent: *body };
            let outside = |id: ObjectId| {
                matches!(code.object(code.base(id)).origin, Origin::Static(_))
                    || !code.is_within(code.object(code.holder(id)).body, *body)
            };
            let known = code.objects().map(|(id, _)| id).filter(|id| is_group(code, *id) && outside(*id));
            found.extend(known.map(|id| (work, Group::of(code, id), Some(id))));
            for (_, _, event) in code.of_agent(*body) {
                let EventKind::Call(callee, handed) = &event.kind else { continue };
                for (index, name) in added_fields(code, *callee) {
                    let Some(base) = handed.get(index).copied().flatten().filter(|base| outside(*base))
                    else {
                        continue;
                    };
                    let group = match Group::of(code, base) {
                        Group::Object(base) => Group::Field(base, name.clone()),
                        Group::Field(base, path) => Group::Field(base, format!("{path}.{name}")),
                    };
                    if found.iter().all(|(_, known, _)| *known != group) {
                        found.push((work, group, None));
                    }
                }
            }
        }
        Started::Function(callee, handed) => {
            let there = Code::of(code.program, *callee);
            let work = Work { code: there, agent: BodyId(0) };
            for (id, object) in there.objects().filter(|(id, _)| is_group(there, *id)) {
                let param = there.function.params.iter().position(|param| param.object == id);
                match (&object.origin, param) {
                    (Origin::Static(_), _) => found.push((work, Group::Object(id), None)),
                    (_, Some(index)) => {
                        found.push((work, Group::Object(id), handed.get(index).copied().flatten()));
                    }
                    _ => {}
                }
            }
            let fields = added_fields(code, *callee).filter_map(|(index, name)| {
                let param = there.function.params.get(index)?;
                Some((work, Group::Field(param.object, name.clone()), None))
            });
            found.extend(fields);
        }
        Started::Unknown(_) => {}
    }
    found
}

/// The fields of its parameters on which a function calls `add`.
fn added_fields(code: Code<'_>, callee: usize) -> impl Iterator<Item = (usize, &String)> {
    let fields = code.program.functions[callee].summary.fields.iter();
    fields.filter(|(_, effect)| effect.has(Effect::ADDS)).map(|((index, name), _)| (*index, name))
}

/// What a goroutine does with a group, itself and through functions it calls.
#[derive(Default)]
struct Inside {
    adds: Vec<(usize, Span)>,
    dones: usize,
    /// It starts goroutines that call `done` on the group.
    starts_counted: bool,
    /// It calls its own `done` before it calls `add` for them.
    too_late: bool,
}

impl Inside {
    fn look(&mut self, code: Code<'_>, agent: BodyId, group: &Group, depth: usize) {
        // Calls nested deeper than this are recursive.
        const DEPTH: usize = 6;
        for (body, block, event) in code.of_agent(agent) {
            match &event.kind {
                EventKind::Add(raised, number)
                    if group.is(code, *raised)
                        && number.is_none_or(|number| number > 0)
                        && !is_allowed(code, body, block, event) =>
                {
                    self.adds.push((code.linked.unit, event.span));
                }
                EventKind::Done(lowered) if group.is(code, *lowered) => {
                    self.dones += 1;
                    let place = code.events(body, block).iter().position(|other| std::ptr::eq(other, event));
                    let add = |kind: &EventKind| matches!(kind, EventKind::Add(raised, _) if group.is(code, *raised));
                    self.too_late |=
                        place.is_some_and(|place| code.can_follow(body, block, place, add).is_some());
                }
                EventKind::Call(callee, handed) if depth < DEPTH => {
                    let there = Code::of(code.program, *callee);
                    for group in group.inside(code, *callee, handed) {
                        self.look(there, BodyId(0), &group, depth + 1);
                    }
                }
                EventKind::Spawn(Started::Body(inner), None, _) => {
                    let mut within = code.within(*inner);
                    self.starts_counted |= within.any(|(body, _)| {
                        code.all(body).any(|(_, event)| group.is_done_by(code, &event.kind))
                    });
                }
                EventKind::Spawn(Started::Function(..), None, _) => {
                    self.starts_counted |= group.is_done_by(code, &event.kind);
                }
                // The group may be a field of an object that the goroutine gets.
                EventKind::Spawn(Started::Unknown(_), None, _) => self.starts_counted = true,
                _ => {}
            }
        }
        self.adds.sort_unstable();
        self.adds.dedup();
    }
}

/// True if a flag has allowed the add while a lock keeps it as it is: the code that waits has set the flag before.
fn is_allowed(code: Code<'_>, body: BodyId, block: BlockId, add: &Event) -> bool {
    let graph = &code.body(body).blocks[block.at()];
    let mut locked = false;
    if graph.flagged || graph.guarded {
        code.guards(body, |event, _, live| locked |= std::ptr::eq(event, add) && !live.is_empty());
    }
    locked
}

/// True if `wait` is called outside of the goroutine, or may be called by other owners of the group.
fn is_waited_for(code: Code<'_>, group: ObjectId, started: &Started) -> bool {
    let inside = |body| matches!(started, Started::Body(goroutine) if code.is_within(body, *goroutine));
    let waits = code.everywhere().any(|(body, _, event)| {
        !inside(body) && code.effect(event, group).has(Effect::WAITS.and(Effect::ESCAPES))
    });
    let origin = &code.object(group).origin;
    waits || matches!(origin, Origin::Field(..) | Origin::Typed(_) | Origin::Static(_))
}

/// The edits that move the statement at `add` before the statement that starts the goroutine, if both know the group by
/// the same name.
fn moved(
    code: Code<'_>,
    group: ObjectId,
    outer: BodyId,
    spawn: Span,
    add: Span,
) -> Option<Vec<(Span, String)>> {
    let text = &code.program.units[code.linked.unit].source.text;
    let (call, name) = (code.snippet(add), code.name(group));
    let constant = call.strip_prefix(name)?.strip_prefix(".add(")?.strip_suffix(')')?;
    let (body, block, _) = code.everywhere().find(|(_, _, event)| {
        event.span == add && matches!(event.kind, EventKind::Add(raised, _) if raised == group)
    })?;
    let graph = &code.body(body).blocks[block.at()];
    // The name may mean something else outside.
    let renamed = matches!(code.object(group).origin, Origin::Field(..))
        || code.snippet(spawn).contains(&format!("{name} ="));
    // After an exit, a goroutine that takes the exit would be counted and never call `done`.
    let plain = !renamed
        && constant.bytes().all(|byte| byte.is_ascii_digit())
        && block == BlockId(0)
        && graph.loops == 0
        && graph.branches == 0
        && code.body(body).parent == Some(outer)
        && code.agent(outer) == code.agent(code.object(group).body)
        && spawn.contains(add);
    // The statement must start its line.
    let line = text.get(..spawn.start as usize)?.rsplit('\n').next()?;
    let rest = text.get(add.end as usize..)?.strip_prefix(';')?;
    if !plain || !line.trim().is_empty() || !begins_statement(text, spawn.start as usize) {
        return None;
    }
    let begin = text.get(..add.start as usize)?.trim_end_matches([' ', '\t']);
    let own_line = begin.ends_with('\n') && rest.starts_with('\n');
    let start = if own_line { begin.len() as u32 } else { add.start };
    let end = add.end + 1 + u32::from(own_line);
    let at = Span { start: spawn.start, end: spawn.start };
    Some(vec![(at, format!("{call};\n{line}")), (Span { start, end }, String::new())])
}

fn finding(unit: usize, span: Span, name: &str) -> Diagnostic {
    Diagnostic::new(
        LINT.id,
        unit,
        span,
        format!("`{name}.add` is called inside the goroutine that `{name}` counts"),
    )
    .label("`wait` may have returned by now")
    .help(format!("call `{name}.add(1)` before the `go!`, or start the goroutine with `{name}.go(…)`"))
}

/// True if what begins here is a statement of its own, not an argument or a part of another one.
fn begins_statement(text: &str, at: usize) -> bool {
    let lines = text.get(..at).unwrap_or_default().lines().map(str::trim);
    let code = lines.rev().find(|line| !line.is_empty() && !line.starts_with("//"));
    code.is_none_or(|line| {
        let line = line.split(" //").next().unwrap_or(line).trim_end();
        line.ends_with([';', '{', '}'])
    })
}
