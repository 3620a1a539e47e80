//! A loop that does not hear its context end.

use super::prelude::*;

pub(super) const LINT: Lint = Lint {
    id: "ctx_not_selected",
    level: Level::Warn,
    summary: "a loop that waits without checking the context of its function",
    explanation: "\
A caller that passes a context expects the function to return when the context ends. A loop that waits, in a \
`select!` or in a plain operation, and neither checks `ctx.done()` nor passes the context on, does not return: the \
caller's cancellation has no effect, and the goroutine leaks.

Add an arm `<-ctx.done() => return …`, or call `ctx.check()?` in each iteration.",
    at_run_time: "\
The goroutine continues after the cancellation; a test reports it as leaked, with the place where it waits.",
    near: "Go's `contextcheck`, distantly.",
    bad: "\
fn pump(ctx: &Context, from: &Receiver<u32>, to: &Sender<u32>) {
    loop {
        let Some(n) = from.recv() else { return };
        send!(to <- n);
    }
}",
    good: "\
fn pump(ctx: &Context, from: &Receiver<u32>, to: &Sender<u32>) {
    loop {
        select! {
            Some(n) = <-from else { return } => select! { to <- n => {}, <-ctx.done() => return },
            <-ctx.done() => return,
        }
    }
}",
    check: Check::Function(check),
};

fn check(code: Code<'_>, found: &mut Vec<Diagnostic>) {
    let contexts: Vec<ObjectId> = code
        .function
        .params
        .iter()
        .map(|param| param.object)
        .filter(|id| *code.kind(*id) == Kind::Context)
        .collect();
    if contexts.is_empty()
        || code
            .function
            .params
            .iter()
            .any(|param| param.name.starts_with('_') && contexts.contains(&param.object))
    {
        return;
    }
    let mut seen: Vec<(BodyId, BlockId)> = Vec::new();
    for (body, _) in code.bodies() {
        let sees =
            !code.is_apart(code.agent(body)) || contexts.iter().any(|context| code.captures(body, *context));
        if !sees || code.body(body).kind == BodyKind::Defer {
            continue;
        }
        for (block, event) in code.all(body) {
            let waits = match &event.kind {
                EventKind::Select(select) => !select.has_default,
                EventKind::Recv(_, _, stops) => *stops != Stops::Nothing,
                EventKind::Send(_, face) => *face != Face::Tries,
                EventKind::Range(..) | EventKind::Block(Wait::Sleep) => true,
                _ => false,
            };
            if !waits || ends_with_its_senders(code, &event.kind) {
                continue;
            }
            let around = code.cycle(body, block);
            let Some(first) = around.iter().min() else { continue };
            if seen.contains(&(body, *first)) {
                continue;
            }
            seen.push((body, *first));
            if !code.events_in(body, &around).any(|(_, event)| looks(code, event)) {
                let name = code.name(contexts[0]);
                found.push(
                    code.finding(&LINT, event.span, format!("this loop waits without checking `{name}`"))
                        .label("goes on waiting when the context ends")
                        .help(format!(
                            "add an arm `<-{name}.done() => …`, or ask `{name}.check()` on each turn"
                        )),
                );
            }
        }
    }
}

/// True for what comes from goroutines that are started here and look at a context themselves: they end, and so does it.
fn ends_with_its_senders(code: Code<'_>, kind: &EventKind) -> bool {
    let (EventKind::Range(channel, _) | EventKind::Recv(channel, ..)) = *kind else { return false };
    code.made_here(channel).is_some()
        && code.everywhere().any(|(_, _, event)| match &event.kind {
            EventKind::Spawn(started, ..) => {
                let has = match started {
                    Started::Body(inner) => code.captures(*inner, channel),
                    _ => code.mentions(event, channel),
                };
                has && looks(code, event)
            }
            _ => false,
        })
}

/// True if the event has to do with any context.
fn looks(code: Code<'_>, event: &crate::link::Event) -> bool {
    let is_context = |id: ObjectId| {
        matches!(code.kind(id), Kind::Context | Kind::Done(_) | Kind::ContextAndCancel | Kind::Cancel)
    };
    let inner = match event.kind {
        EventKind::RunDeferred(inner) | EventKind::Spawn(Started::Body(inner), ..) => Some(inner),
        _ => None,
    };
    let objects =
        (0..code.function.objects.len()).map(|index| ObjectId(index as u32)).filter(|id| is_context(*id));
    objects
        .into_iter()
        .any(|id| code.mentions(event, id) || inner.is_some_and(|inner| code.captures(inner, id)))
}
