//! Sends on channels from which nothing receives.

use super::LINT;
use super::sites::sites;
use crate::analysis::Code;
use crate::diagnostic::Diagnostic;
use crate::ir::{Capacity, ObjectId, Origin, Where};
use crate::link::{Effect, EventKind, Face};

pub(super) fn check(code: Code<'_>, found: &mut Vec<Diagnostic>) {
    for (channel, _) in code.objects() {
        if code.made_here(channel) != Some(Capacity::Exactly(0)) || code.escapes(channel) {
            continue;
        }
        let any =
            |effect: Effect| code.everywhere().any(|(_, _, event)| code.effect(event, channel).has(effect));
        if any(Effect::RECEIVES.and(Effect::CLOSES)) || !any(Effect::SENDS) || is_unclear(code, channel) {
            continue;
        }
        let agent = code.agent(code.object(channel).body);
        let sends = sites(code, channel, Effect::SENDS).unwrap_or_default();
        let send = sends.iter().find(|site| {
            matches!(site.event.kind, EventKind::Send(_, Face::Panics))
                && (code.agent(site.from) != agent
                    || code.effect(site.event, channel).has(Effect::IN_GOROUTINE))
        });
        if let Some(send) = send {
            let message = format!(
                "nothing receives from `{}`: this send waits forever",
                send.code.name_at(send.span(), send.channel)
            );
            found.push(
                Diagnostic::new(LINT.id, send.unit(), send.span(), message)
                    .label("no receiver")
                    .help("receive from it, or do not send"),
            );
        }
    }
    found.extend(code.everywhere().filter_map(|(_, _, event)| match event.kind {
        EventKind::DroppedAtOnce(result) => dropped(code, result),
        _ => None,
    }));
}

/// True if code that is not known sees the channel or a structure that contains it.
fn is_unclear(code: Code<'_>, channel: ObjectId) -> bool {
    let mut object = channel;
    loop {
        let sees = |kind: &EventKind| match kind {
            EventKind::Unknown(call) => {
                let is =
                    |given: Option<ObjectId>| given.is_some_and(|given| code.linked.root(given) == object);
                is(call.receiver) || call.args.iter().any(|arg| is(arg.object))
            }
            EventKind::Dropped(given) | EventKind::Assign(given) => *given == object,
            _ => false,
        };
        if code.everywhere().any(|(_, _, event)| sees(&event.kind)) {
            return true;
        }
        match &code.object(object).origin {
            Origin::Field(of, _) => object = code.linked.root(*of),
            _ => return false,
        }
    }
}

/// A call that starts a goroutine which sends, and drops the channel that it returns.
fn dropped(code: Code<'_>, result: ObjectId) -> Option<Diagnostic> {
    if !code.kind(result).is_channel() {
        return None;
    }
    let made = code.object(result);
    let Origin::Call(path, _) = &made.origin else { return None };
    let there = Code::of(code.program, code.program.resolve(code.index, path)?);
    let (channel, _) = there.objects().find(|(id, _)| there.made_here(*id) == Some(Capacity::Exactly(0)))?;
    let returned =
        |kind: &EventKind| matches!(kind, EventKind::Escape(gone, Where::Returned) if *gone == channel);
    let mut returns = there.everywhere().filter(|(_, _, event)| returned(&event.kind));
    let agent = there.agent(returns.next()?.0);
    let receives = there.everywhere().any(|(_, _, event)| there.effect(event, channel).has(Effect::RECEIVES));
    let sends = sites(there, channel, Effect::SENDS)?;
    let waits = |kind: &EventKind| matches!(kind, EventKind::Send(_, Face::Panics));
    let leaks = sends.iter().any(|site| waits(&site.event.kind) && there.agent(site.from) != agent);
    (leaks && !receives).then(|| {
        let message = "the only receiver of what this starts is dropped here";
        code.finding(LINT.id, made.span, message)
            .label("the goroutine's send has no receiver")
            .help("receive from the result")
    })
}
