//! A loop that does not notice the end of its context.

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
    let params = &code.function.params;
    let contexts = params.iter().filter(|param| *code.kind(param.object) == Kind::Context);
    // A parameter named `_ctx` is ignored on purpose.
    if contexts.clone().any(|param| param.name.starts_with('_')) {
        return;
    }
    let contexts: Vec<ObjectId> = contexts.map(|param| param.object).collect();
    let Some(first) = contexts.first() else { return };
    let mut seen: Vec<(BodyId, BlockId)> = Vec::new();
    for (body, graph) in code.bodies() {
        let has_context =
            !code.is_apart(code.agent(body)) || contexts.iter().any(|context| code.captures(body, *context));
        if !has_context || graph.kind == BodyKind::Defer {
            continue;
        }
        for (block, event) in code.all(body) {
            if !waits(&event.kind) || ends_with_its_senders(code, &event.kind) {
                continue;
            }
            let around = code.cycle(body, block);
            let Some(head) = around.iter().min() else { continue };
            if seen.contains(&(body, *head)) {
                continue;
            }
            seen.push((body, *head));
            if !code.events_in(body, &around).any(|(_, event)| looks(code, event)) {
                found.push(finding(code, event.span, code.name(*first)));
            }
        }
    }
}

fn finding(code: Code<'_>, span: Span, name: &str) -> Diagnostic {
    code.finding(LINT.id, span, format!("this loop waits without checking `{name}`"))
        .label("goes on waiting when the context ends")
        .help(format!("add an arm `<-{name}.done() => …`, or ask `{name}.check()` on each turn"))
}

/// True for events that may wait for an unlimited time.
fn waits(kind: &EventKind) -> bool {
    match kind {
        EventKind::Select(select) => !select.has_default,
        EventKind::Recv(_, _, stops) => *stops != Stops::Nothing,
        EventKind::Send(_, face) => *face != Face::Tries,
        EventKind::Range(..) | EventKind::Block(Wait::Sleep) => true,
        _ => false,
    }
}

/// True for receives from goroutines that are started here and check a context themselves: their end ends the wait.
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

/// True if the event involves any context.
fn looks(code: Code<'_>, event: &Event) -> bool {
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
