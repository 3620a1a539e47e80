//! Sends to a channel whose only receiver leaves its loop at a stop signal.

use super::LINT;
use super::sites::{Site, sites};
use crate::analysis::Code;
use crate::diagnostic::Diagnostic;
use crate::ir::{Arm, Capacity, ObjectId, Origin};
use crate::link::{Effect, Event, EventKind, Face, Kind, Wait};

pub(super) fn check(code: Code<'_>, found: &mut Vec<Diagnostic>) {
    for (channel, _) in code.objects() {
        if code.made_here(channel) != Some(Capacity::Exactly(0)) || code.escapes(channel) {
            continue;
        }
        let Some(receives) = sites(code, channel, Effect::RECEIVES) else { continue };
        let Some(first) = receives.first() else { continue };
        let home = code.agent(code.object(channel).body);
        let agent = code.agent(first.from);
        // The goroutine that makes the channel is followed elsewhere.
        if agent == home || receives.iter().any(|site| code.agent(site.from) != agent || !leaves(code, site))
        {
            continue;
        }
        let sends = sites(code, channel, Effect::SENDS).unwrap_or_default();
        let send = sends.iter().find(|site| {
            site.repeats
                && code.agent(site.from) != agent
                && matches!(site.event.kind, EventKind::Send(_, Face::Panics))
        });
        if let Some(send) = send {
            let name = send.code.name_at(send.span(), send.channel);
            let message = format!("the only receiver of `{name}` leaves when it is told to stop");
            found.push(
                Diagnostic::new(LINT.id, send.unit(), send.span(), message)
                    .label("then waits for a receiver that has left")
                    .help("send in a `select!` with the same stop"),
            );
        }
    }
}

/// True for an arm in a loop beside another arm that leaves the loop, and no value is received after that.
fn leaves(code: Code<'_>, site: &Site<'_>) -> bool {
    let there = site.code;
    let selects = there.all(site.body).filter_map(|(block, event)| match &event.kind {
        EventKind::Select(select) => Some((block, select)),
        _ => None,
    });
    let mut selects = selects.filter(|(block, select)| {
        select.arms.iter().any(|arm| arm.channel == Some(site.channel) && !arm.sends)
            && there.reachable(site.body, *block)[block.at()]
    });
    matches!(site.event.kind, EventKind::Arm(_))
        && selects.any(|(_, select)| {
            let stops = select.arms.iter().filter(|arm| arm.channel != Some(site.channel) && !arm.sends);
            let mut stops = stops.filter(|arm| is_told(code, site, arm));
            stops.any(|arm| ends_loop(site, arm))
        })
}

/// True if the body ends after the arm without another `select!` and without a value from the channel.
fn ends_loop(site: &Site<'_>, stop: &Arm) -> bool {
    let there = site.code;
    let chosen = |event: &Event| matches!(&event.kind, EventKind::Arm(arm) if arm.span == stop.span);
    let Some((block, place, _)) = there.places(site.body).find(|(_, _, event)| chosen(event)) else {
        return false;
    };
    let again = |kind: &EventKind| matches!(kind, EventKind::Select(_));
    let after = there.following_until(site.body, block, place, None, again);
    let drains = |event: &Event| {
        there.effect(event, site.channel).has(Effect::RECEIVES.and(Effect::CLOSES).and(Effect::ESCAPES))
    };
    after.iter().any(|(_, event)| matches!(event.kind, EventKind::Return))
        && !after.iter().any(|(_, event)| drains(event))
}

/// True if the stop may come while the senders still send.
fn is_told(code: Code<'_>, site: &Site<'_>, stop: &Arm) -> bool {
    let Some(channel) = stop.channel else { return false };
    let Some(channel) = outside(code, site, channel) else {
        return matches!(site.code.kind(channel), Kind::Done(_) | Kind::After);
    };
    match code.kind(channel) {
        Kind::After => true,
        Kind::Done(context) => match &code.object(*context).origin {
            Origin::Element(pair, _) | Origin::Field(pair, _) => cancels_early(code, *pair),
            _ => true,
        },
        Kind::Channel(..) => {
            tells_early(code, |event| code.effect(event, channel).has(Effect::SENDS.and(Effect::CLOSES)))
        }
        _ => false,
    }
}

/// The object of the first function that an object of the site's function is.
fn outside(code: Code<'_>, site: &Site<'_>, object: ObjectId) -> Option<ObjectId> {
    if site.code.index == code.index {
        return Some(object);
    }
    let Origin::Field(_, name) = &site.code.object(object).origin else { return None };
    // A field beside the channel's.
    let channels = code.objects().find_map(|(_, known)| match &known.origin {
        Origin::Field(base, field) if site.code.name(site.channel) == field => Some(code.linked.root(*base)),
        _ => None,
    })?;
    let mut fields = code.objects();
    let found = fields.find(|(_, known)| match &known.origin {
        Origin::Field(base, field) => code.linked.root(*base) == channels && field == name,
        _ => false,
    });
    found.map(|(id, _)| id)
}

/// True if the handle of a context made here is released before anything is waited for.
fn cancels_early(code: Code<'_>, pair: ObjectId) -> bool {
    let handle = code.objects().find(|(_, known)| match &known.origin {
        Origin::Element(of, 1) => *of == pair,
        Origin::Field(of, name) => *of == pair && name == "1",
        _ => false,
    });
    handle.is_none_or(|(handle, _)| {
        tells_early(code, |event| matches!(event.kind, EventKind::Cancel(known) if known == handle))
    })
}

/// True if an event that tells the receiver to stop can happen before its goroutine waits for anything.
fn tells_early(code: Code<'_>, tells: impl Fn(&Event) -> bool) -> bool {
    let waits = |event: &Event| match &event.kind {
        EventKind::Wait(_) | EventKind::Join(..) | EventKind::Recv(..) | EventKind::RangeEnd(_) => true,
        EventKind::Block(wait) => *wait == Wait::Scope,
        EventKind::Arm(arm) => !arm.sends,
        EventKind::Call(callee, _) => code.program.functions[*callee].summary.waits,
        _ => false,
    };
    let mut early = false;
    for (body, _) in code.bodies() {
        if !code.all(body).any(|(_, event)| tells(event)) {
            continue;
        }
        // What is deferred runs last.
        if code.body(body).kind == crate::ir::BodyKind::Defer {
            let agent = code.agent(body);
            early |= !code.of_agent(agent).any(|(_, _, event)| waits(event));
            continue;
        }
        code.forward(
            body,
            false,
            |a, b| *a && *b,
            |waited, event, _| {
                early |= tells(event) && !*waited;
                *waited |= waits(event);
            },
        );
    }
    early
}
