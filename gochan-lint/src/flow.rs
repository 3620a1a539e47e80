//! Questions about paths through a body.

use crate::diagnostic::Diagnostic;
use crate::ir::{BlockId, Body, BodyId, Call, Capacity, EACH, Function, Object, ObjectId, Origin};
use crate::link::{
    Effect, Event, EventKind, Flavour, Kind, Linked, LockMode, Program, RUNS_CLOSURES, Runner, Started,
    effect_of,
};
use crate::lints::Lint;
use crate::source::Span;
use std::collections::VecDeque;

/// A function, its graphs and what happens in them.
#[derive(Clone, Copy)]
pub struct Code<'p> {
    /// The program.
    pub program: &'p Program,
    /// Which function.
    pub index: usize,
    /// As it was read.
    pub function: &'p Function,
    /// As it was linked.
    pub linked: &'p Linked,
}

impl<'p> Code<'p> {
    /// A function of the program.
    #[must_use]
    pub fn of(program: &'p Program, index: usize) -> Code<'p> {
        Code { program, index, function: program.function(index), linked: &program.functions[index] }
    }

    /// All bodies.
    pub fn bodies(self) -> impl Iterator<Item = (BodyId, &'p Body)> {
        self.function.bodies.iter().zip(0..).map(|(body, index)| (BodyId(index), body))
    }

    /// A body.
    #[must_use]
    pub fn body(self, body: BodyId) -> &'p Body {
        &self.function.bodies[body.at()]
    }

    /// What happens in a block.
    #[must_use]
    pub fn events(self, body: BodyId, block: BlockId) -> &'p [Event] {
        &self.linked.events[body.at()][block.at()].0
    }

    /// Everything that happens in a body.
    pub fn all(self, body: BodyId) -> impl Iterator<Item = (BlockId, &'p Event)> {
        let blocks = self.linked.events[body.at()].iter().zip(0..);
        blocks.flat_map(|(events, block)| events.0.iter().map(move |event| (BlockId(block), event)))
    }

    /// Everything that happens in the function, with its body.
    pub fn everywhere(self) -> impl Iterator<Item = (BodyId, BlockId, &'p Event)> {
        self.bodies()
            .flat_map(move |(body, _)| self.all(body).map(move |(block, event)| (body, block, event)))
    }

    /// The goroutine, or the function itself, whose thread of control a body belongs to.
    #[must_use]
    pub fn agent(self, mut body: BodyId) -> BodyId {
        loop {
            let this = self.body(body);
            match this.parent {
                Some(parent) if !self.is_apart(body) => body = parent,
                _ => return body,
            }
        }
    }

    /// True for a body that runs in a goroutine or a thread of its own.
    #[must_use]
    pub fn is_apart(self, body: BodyId) -> bool {
        matches!(self.linked.runs[body.at()], Runner::Goroutine | Runner::Thread)
    }

    /// True if the body runs on a thread that no goroutine shares: that of a plain `main` or test, or its own.
    #[must_use]
    pub fn has_own_thread(self, body: BodyId) -> bool {
        let mut body = Some(body);
        while let Some(this) = body {
            match self.linked.runs[this.at()] {
                Runner::Goroutine => return false,
                Runner::Thread | Runner::Blocking => return true,
                Runner::Inline | Runner::Once => body = self.body(this).parent,
            }
        }
        self.function.on_thread
    }

    /// True if the body runs in a goroutine that was started by code of the workspace.
    #[must_use]
    pub fn is_in_goroutine(self, body: BodyId) -> bool {
        let mut body = Some(body);
        while let Some(this) = body {
            match self.linked.runs[this.at()] {
                Runner::Goroutine => return true,
                Runner::Thread | Runner::Blocking => return false,
                Runner::Inline | Runner::Once => body = self.body(this).parent,
            }
        }
        self.linked.in_goroutine
    }

    /// True if `inner` is `outer` or written somewhere inside of it.
    #[must_use]
    pub fn is_within(self, inner: BodyId, outer: BodyId) -> bool {
        let mut body = Some(inner);
        while let Some(this) = body {
            if this == outer {
                return true;
            }
            body = self.body(this).parent;
        }
        false
    }

    /// Follows every path from the beginning of a body. `step` changes the state at each event; where paths meet their
    /// states are joined until nothing changes.
    pub fn forward<S: Clone + PartialEq>(
        self,
        body: BodyId,
        start: S,
        join: impl Fn(&S, &S) -> S,
        mut step: impl FnMut(&mut S, &'p Event, BlockId),
    ) {
        let blocks = &self.body(body).blocks;
        let mut states: Vec<Option<S>> = vec![None; blocks.len()];
        if blocks.is_empty() {
            return;
        }
        states[0] = Some(start);
        let mut queue = VecDeque::from([BlockId(0)]);
        while let Some(block) = queue.pop_front() {
            let Some(mut state) = states[block.at()].clone() else { continue };
            for event in self.events(body, block) {
                step(&mut state, event, block);
            }
            for &next in &blocks[block.at()].next {
                let Some(slot) = states.get_mut(next.at()) else { continue };
                let joined = slot.as_ref().map_or_else(|| state.clone(), |known| join(known, &state));
                if slot.as_ref() != Some(&joined) {
                    *slot = Some(joined);
                    queue.push_back(next);
                }
            }
        }
    }

    /// True if an event for which `is` holds can come after place number `place` of `block`.
    #[must_use]
    pub fn can_follow(
        self,
        body: BodyId,
        block: BlockId,
        place: usize,
        is: impl Fn(&EventKind) -> bool,
    ) -> Option<&'p Event> {
        self.can_follow_until(body, block, place, is, |_| false)
    }

    /// The same, on ways without an event for which `stops` holds.
    #[must_use]
    pub fn can_follow_until(
        self,
        body: BodyId,
        block: BlockId,
        place: usize,
        is: impl Fn(&EventKind) -> bool,
        stops: impl Fn(&EventKind) -> bool,
    ) -> Option<&'p Event> {
        let look = |events: &'p [Event]| {
            events
                .iter()
                .find(|event| is(&event.kind) || stops(&event.kind))
                .map(|event| (event, is(&event.kind)))
        };
        match look(&self.events(body, block)[place + 1..]) {
            Some((event, true)) => return Some(event),
            Some(_) => return None,
            None => {}
        }
        let blocks = &self.body(body).blocks;
        let mut seen = vec![false; blocks.len()];
        let mut queue: VecDeque<BlockId> = blocks[block.at()].next.iter().copied().collect();
        while let Some(next) = queue.pop_front() {
            if next.at() >= blocks.len() || std::mem::replace(&mut seen[next.at()], true) {
                continue;
            }
            match look(self.events(body, next)) {
                Some((event, true)) => return Some(event),
                Some(_) => continue,
                None => {}
            }
            queue.extend(&blocks[next.at()].next);
        }
        None
    }
}

/// What many lints ask.
impl<'p> Code<'p> {
    /// What an object is.
    #[must_use]
    pub fn kind(self, object: ObjectId) -> &'p Kind {
        self.linked.kind(object)
    }

    /// An object as it was read.
    #[must_use]
    pub fn object(self, object: ObjectId) -> &'p Object {
        &self.function.objects[object.at()]
    }

    /// What an object is called; a temporary by what it is.
    #[must_use]
    pub fn name(self, object: ObjectId) -> &'p str {
        match self.object(object).name.as_str() {
            "" => "it",
            name => name,
        }
    }

    /// A finding in this function.
    #[must_use]
    pub fn finding(self, lint: &Lint, span: Span, message: impl Into<String>) -> Diagnostic {
        Diagnostic::new(lint.id, self.linked.unit, span, message)
    }

    /// How a macro of gochan is called in this function's file.
    #[must_use]
    pub fn macro_path(self, name: &str) -> String {
        let file = &self.program.units[self.linked.unit].file;
        let brought_in = |(known, path): &(String, Vec<String>)| match known.as_str() {
            "*" => true,
            known => known == name && path.first().is_some_and(|root| root == "gochan"),
        };
        if file.imports.iter().any(brought_in) { name.to_owned() } else { format!("{}::{name}", file.gochan) }
    }

    /// The text of a place in this function's file.
    #[must_use]
    pub fn snippet(self, span: Span) -> &'p str {
        self.program.units[self.linked.unit].source.snippet(span)
    }

    /// Every object that is no other handle of an earlier one.
    pub fn objects(self) -> impl Iterator<Item = (ObjectId, &'p Object)> {
        let objects = self.function.objects.iter().zip(0..).map(|(object, index)| (ObjectId(index), object));
        objects.filter(move |(id, _)| self.linked.root(*id) == *id)
    }

    /// Everything that happens in the thread of control of `agent`.
    pub fn of_agent(self, agent: BodyId) -> impl Iterator<Item = (BodyId, BlockId, &'p Event)> {
        self.everywhere().filter(move |&(body, ..)| self.agent(body) == agent)
    }

    /// The capacity of a channel that is made in this function and that its code shows to be the only thing that the
    /// object can be.
    #[must_use]
    pub fn made_here(self, channel: ObjectId) -> Option<Capacity> {
        match self.kind(channel) {
            Kind::Channel(_, Some(capacity)) if !self.object(channel).blurred => Some(*capacity),
            _ => None,
        }
    }

    /// What an event does with an object.
    #[must_use]
    pub fn effect(self, event: &Event, object: ObjectId) -> Effect {
        effect_of(self.program, self.index, &event.kind, object)
    }

    /// True if something unknown gets hold of the object.
    #[must_use]
    pub fn escapes(self, object: ObjectId) -> bool {
        self.everywhere().any(|(_, _, event)| self.effect(event, object).has(Effect::ESCAPES))
    }

    /// True if an event mentions the object in any way but by the end of its scope.
    #[must_use]
    pub fn mentions(self, event: &Event, object: ObjectId) -> bool {
        let is = |other: &ObjectId| self.linked.root(*other) == object;
        let any = |objects: &[Option<ObjectId>]| objects.iter().flatten().any(is);
        match &event.kind {
            EventKind::Send(other, _)
            | EventKind::Recv(other, ..)
            | EventKind::Range(other, _)
            | EventKind::Close(other, _)
            | EventKind::Add(other, _)
            | EventKind::Done(other)
            | EventKind::Wait(other)
            | EventKind::Cancel(other)
            | EventKind::Lock(other, ..)
            | EventKind::Derive(other, ..)
            | EventKind::DroppedAtOnce(other)
            | EventKind::Dropped(other)
            | EventKind::Escape(other, _)
            | EventKind::Use(other)
            | EventKind::CondWait(other, _)
            | EventKind::Once(other, _)
            | EventKind::Store(other)
            | EventKind::Assign(other) => is(other),
            EventKind::Join(handle, _) => handle.as_ref().is_some_and(is),
            EventKind::Call(_, handed) => any(handed),
            EventKind::Spawn(Started::Function(_, handed), group, _) => any(handed) || any(&[*group]),
            EventKind::Spawn(Started::Unknown(objects), group, _) => objects.iter().any(is) || any(&[*group]),
            EventKind::Spawn(Started::Body(_), group, _) => any(&[*group]),
            EventKind::Unknown(call) => {
                any(&[call.receiver]) || call.args.iter().any(|arg| any(&[arg.object]))
            }
            EventKind::Arm(arm) => any(&[arm.channel]),
            EventKind::Select(select) => select.arms.iter().any(|arm| any(&[arm.channel])),
            _ => false,
        }
    }

    /// True if the body, or one that is written inside of it, mentions the object.
    #[must_use]
    pub fn captures(self, body: BodyId, object: ObjectId) -> bool {
        self.bodies()
            .filter(|&(inner, _)| self.is_within(inner, body))
            .any(|(inner, _)| self.all(inner).any(|(_, event)| self.mentions(event, object)))
    }

    /// The blocks that can be reached from the end of `block`.
    #[must_use]
    pub fn reachable(self, body: BodyId, block: BlockId) -> Vec<bool> {
        let blocks = &self.body(body).blocks;
        let mut seen = vec![false; blocks.len()];
        let mut queue: Vec<BlockId> = blocks[block.at()].next.clone();
        while let Some(next) = queue.pop() {
            if next.at() < blocks.len() && !std::mem::replace(&mut seen[next.at()], true) {
                queue.extend(&blocks[next.at()].next);
            }
        }
        seen
    }

    /// The blocks of the loop around `block`: what can come after it and before it again. Empty if there is no loop.
    #[must_use]
    pub fn cycle(self, body: BodyId, block: BlockId) -> Vec<BlockId> {
        let after = self.reachable(body, block);
        if !after[block.at()] {
            return Vec::new();
        }
        let blocks = (0..after.len()).map(|index| BlockId(index as u32));
        blocks
            .filter(|&other| after[other.at()] && (other == block || self.reachable(body, other)[block.at()]))
            .collect()
    }

    /// The events of several blocks.
    pub fn events_in(self, body: BodyId, blocks: &[BlockId]) -> impl Iterator<Item = (BlockId, &'p Event)> {
        let blocks = blocks.to_vec();
        blocks
            .into_iter()
            .flat_map(move |block| self.events(body, block).iter().map(move |event| (block, event)))
    }

    /// True if the body can end.
    #[must_use]
    pub fn can_end(self, body: BodyId) -> bool {
        let blocks = &self.body(body).blocks;
        blocks.len() < 2 || self.reachable(body, BlockId(0))[blocks.len() - 1]
    }

    /// The last path segments of an unknown call are these.
    #[must_use]
    pub fn is_path(call: &Call, end: &[&str]) -> bool {
        !call.is_method
            && call.path.len() >= end.len()
            && call.path[call.path.len() - end.len()..].iter().zip(end).all(|(a, b)| a == b)
    }

    /// Everything that can come after place number `place` of `block`.
    #[must_use]
    pub fn following(self, body: BodyId, block: BlockId, place: usize) -> Vec<(BlockId, &'p Event)> {
        let mut found: Vec<_> =
            self.events(body, block)[place + 1..].iter().map(|event| (block, event)).collect();
        let after = self.reachable(body, block);
        let blocks = (0..after.len()).filter(|&index| after[index]).map(|index| BlockId(index as u32));
        found.extend(blocks.flat_map(|next| self.events(body, next).iter().map(move |event| (next, event))));
        found
    }

    /// The same, on ways without an event for which `stops` holds and not through block `avoided`.
    #[must_use]
    pub fn following_until(
        self,
        body: BodyId,
        block: BlockId,
        place: usize,
        avoided: Option<BlockId>,
        stops: impl Fn(&EventKind) -> bool,
    ) -> Vec<(BlockId, &'p Event)> {
        let blocks = &self.body(body).blocks;
        let mut found = Vec::new();
        let mut seen = vec![false; blocks.len()];
        if let Some(avoided) = avoided {
            seen[avoided.at()] = true;
        }
        let mut queue = VecDeque::from([(block, place + 1)]);
        while let Some((block, from)) = queue.pop_front() {
            let events = &self.events(body, block)[from..];
            let open = events.iter().take_while(|event| !stops(&event.kind)).count();
            found.extend(events[..open].iter().map(|event| (block, event)));
            if open == events.len() {
                let next = blocks[block.at()].next.iter().copied();
                let next = next.filter(|next| next.at() < blocks.len());
                queue.extend(
                    next.filter(|next| !std::mem::replace(&mut seen[next.at()], true)).map(|next| (next, 0)),
                );
            }
        }
        found
    }

    /// Where the next turn begins that a close in `block` is the last one of: it asks a flag or a count, or stands under
    /// some condition in a loop over the channel itself.
    #[must_use]
    pub fn last_turn(self, body: BodyId, block: BlockId, channel: ObjectId) -> Option<BlockId> {
        let blocks = &self.body(body).blocks;
        let around = self.cycle(body, block);
        let head = *around.iter().min()?;
        let ranged = self
            .events_in(body, &around)
            .any(|(_, event)| matches!(event.kind, EventKind::Range(over, _) if over == channel));
        let conditional = blocks[block.at()].branches > blocks[head.at()].branches;
        (blocks[block.at()].guarded || ranged && conditional).then_some(head)
    }

    /// The list that an object is an element of, by number or as each in its turn.
    #[must_use]
    pub fn list_of(self, object: ObjectId) -> Option<ObjectId> {
        match &self.object(object).origin {
            Origin::Field(list, name) if name.starts_with('[') => Some(self.linked.root(*list)),
            _ => None,
        }
    }

    /// The list that a loop goes through from end to end, if the object is each of its elements.
    #[must_use]
    pub fn each_of(self, object: ObjectId) -> Option<ObjectId> {
        const WHOLE: [&str; 7] =
            ["iter", "iter_mut", "into_iter", "values", "values_mut", "into_values", "rev"];
        let Origin::Field(list, name) = &self.object(object).origin else { return None };
        let mut list = self.linked.root(*list);
        while let Origin::Method(of, name, _) = &self.object(list).origin {
            if !WHOLE.contains(&name.as_str()) {
                return None;
            }
            list = self.linked.root(*of);
        }
        (name == EACH).then_some(list)
    }

    /// True if other elements may be in the list after this, or in other places.
    #[must_use]
    pub fn rearranges(self, kind: &EventKind, list: ObjectId) -> bool {
        const CALM: [&str; 14] = [
            "len",
            "is_empty",
            "iter",
            "values",
            "keys",
            "push",
            "push_back",
            "extend",
            "clone",
            "to_vec",
            "first",
            "last",
            "contains",
            "capacity",
        ];
        let is = |object: &ObjectId| self.linked.root(*object) == list;
        match kind {
            EventKind::New(object)
            | EventKind::Assign(object)
            | EventKind::Store(object)
            | EventKind::Escape(object, _) => is(object),
            EventKind::Call(_, handed) => handed.iter().flatten().any(is),
            EventKind::Unknown(call) => {
                let calm = call.is_method && CALM.contains(&call.path[0].as_str());
                !calm && call.receiver.as_ref().is_some_and(is)
                    || call.args.iter().filter_map(|arg| arg.object.as_ref()).any(is)
            }
            _ => false,
        }
    }

    /// True if the variable is assigned again somewhere, or the list that it is in.
    #[must_use]
    pub fn is_blurred(self, object: ObjectId) -> bool {
        self.object(object).blurred || self.list_of(object).is_some_and(|list| self.object(list).blurred)
    }

    /// Every event of a body with its block and place.
    pub fn places(self, body: BodyId) -> impl Iterator<Item = (BlockId, usize, &'p Event)> {
        let blocks = self.linked.events[body.at()].iter().zip(0..);
        blocks.flat_map(|(events, block)| {
            events.0.iter().enumerate().map(move |(place, event)| (BlockId(block), place, event))
        })
    }

    /// What a chain of methods and fields begins with.
    #[must_use]
    pub fn base(self, mut object: ObjectId) -> ObjectId {
        while let Origin::Method(of, ..) | Origin::Field(of, _) = self.object(object).origin {
            object = of;
        }
        object
    }

    /// What happens in the closures that a call surely runs before it returns: `list.iter().for_each(|item| …)`.
    pub fn during(self, call: &Call) -> impl Iterator<Item = &'p Event> {
        let runs = call.is_method && RUNS_CLOSURES.contains(&call.path[0].as_str());
        let given: Vec<ObjectId> = call.args.iter().filter(|_| runs).filter_map(|arg| arg.object).collect();
        let closures = given.into_iter().filter_map(move |object| match self.object(object).origin {
            Origin::Closure(body) => Some(body),
            _ => None,
        });
        closures.flat_map(move |body| self.all(body).map(|(_, event)| event))
    }

    /// Follows the guards of a body: `at` is told of each event and of the guards that live then.
    pub fn guards(self, body: BodyId, mut at: impl FnMut(&'p Event, BlockId, &[Held])) {
        // Of a guard that is known by its type nobody knows the lock.
        let by_type = self.linked.kinds.iter().zip(0..).filter_map(|(kind, index)| {
            let (Kind::Held(flavour), guard) = (kind, ObjectId(index)) else { return None };
            let (mode, span) = (LockMode::Exclusive, self.object(guard).span);
            Some(Held { guard, lock: guard, mode, flavour: *flavour, span })
        });
        let mut taken: Vec<Held> = by_type.collect();
        let params = &self.body(body).params;
        let start = taken.iter().filter(|held| params.contains(&held.guard)).copied().collect::<Vec<_>>();
        for (_, event) in self.all(body) {
            if let EventKind::Lock(lock, mode, guard, flavour) = event.kind {
                let span = event.span;
                taken.push(Held { guard: self.linked.root(guard), lock, mode, flavour, span });
            }
        }
        if taken.is_empty() {
            return;
        }
        let union = |a: &Vec<Held>, b: &Vec<Held>| {
            let mut both = a.clone();
            both.extend(b.iter().filter(|held| !a.contains(held)));
            both.sort();
            both
        };
        self.forward(body, start, union, |live, event, block| {
            at(event, block, live);
            let gone = |live: &mut Vec<Held>, guard: ObjectId| live.retain(|held| held.guard != guard);
            match &event.kind {
                EventKind::New(guard) => {
                    if let Some(held) = taken.iter().find(|held| held.guard == *guard) {
                        gone(live, *guard);
                        live.push(*held);
                        live.sort();
                    }
                }
                EventKind::ScopeEnd(guard)
                | EventKind::Dropped(guard)
                | EventKind::DroppedAtOnce(guard)
                | EventKind::Assign(guard)
                | EventKind::Escape(guard, _) => gone(live, *guard),
                EventKind::Call(_, handed) => handed.iter().flatten().for_each(|guard| gone(live, *guard)),
                _ => {}
            }
        });
    }
}

/// A guard that lives.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Held {
    /// The guard.
    pub guard: ObjectId,
    /// What it locks.
    pub lock: ObjectId,
    /// How.
    pub mode: LockMode,
    /// Whose lock it is.
    pub flavour: Flavour,
    /// Where it was taken.
    pub span: Span,
}

/// What an object of the caller is inside of the function it is handed to, by itself or as the field of what is.
#[must_use]
pub fn seen_inside(
    code: Code<'_>,
    callee: usize,
    handed: &[Option<ObjectId>],
    object: ObjectId,
) -> Option<ObjectId> {
    let there = Code::of(code.program, callee);
    let param = |object: ObjectId| {
        let index = handed.iter().position(|handed| *handed == Some(object))?;
        there.function.params.get(index).map(|param| param.object)
    };
    param(object).or_else(|| {
        let Origin::Field(base, name) = &code.object(object).origin else { return None };
        if name == EACH {
            return None;
        }
        let base = param(code.linked.root(*base))?;
        let mut objects = there.objects();
        let found = objects.find(|(_, field)| {
            matches!(&field.origin, Origin::Field(of, field) if there.linked.root(*of) == base && field == name)
        });
        found.map(|(id, _)| id)
    })
}

/// True if a function does something whenever it is called, as far as its branches show.
#[must_use]
pub fn surely_does(code: Code<'_>, callee: usize, is: impl Fn(&EventKind) -> bool) -> bool {
    let there = Code::of(code.program, callee);
    there.all(BodyId(0)).any(|(block, event)| {
        let graph = &there.body(BodyId(0)).blocks[block.at()];
        graph.branches == 0 && graph.loops == 0 && !graph.flagged && is(&event.kind)
    })
}
