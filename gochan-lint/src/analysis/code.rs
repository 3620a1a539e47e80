//! A function with its bodies, events and objects.

use crate::diagnostic::Diagnostic;
use crate::ir::{BlockId, Body, BodyId, BodyKind, Capacity, Function, Object, ObjectId, Origin};
use crate::link::{Event, EventKind, Kind, Linked, Program, Runner, Started};
use crate::source::Span;

/// A function, its graphs and their events.
#[derive(Clone, Copy)]
pub struct Code<'p> {
    /// The program.
    pub program: &'p Program,
    /// The number of the function in the program.
    pub index: usize,
    /// The function as it was read.
    pub function: &'p Function,
    /// The function as it was linked.
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

    /// The events of a block.
    #[must_use]
    pub fn events(self, body: BodyId, block: BlockId) -> &'p [Event] {
        &self.linked.events[body.at()][block.at()].0
    }

    /// All events of a body.
    pub fn all(self, body: BodyId) -> impl Iterator<Item = (BlockId, &'p Event)> {
        let blocks = self.linked.events[body.at()].iter().zip(0..);
        blocks.flat_map(|(events, block)| events.0.iter().map(move |event| (BlockId(block), event)))
    }

    /// All events of the function, with their bodies.
    pub fn everywhere(self) -> impl Iterator<Item = (BodyId, BlockId, &'p Event)> {
        self.bodies()
            .flat_map(move |(body, _)| self.all(body).map(move |(block, event)| (body, block, event)))
    }

    /// All events of a body with their blocks and numbers.
    pub fn places(self, body: BodyId) -> impl Iterator<Item = (BlockId, usize, &'p Event)> {
        let blocks = self.linked.events[body.at()].iter().zip(0..);
        blocks.flat_map(|(events, block)| {
            events.0.iter().enumerate().map(move |(place, event)| (BlockId(block), place, event))
        })
    }

    /// All events in the thread of control of `agent`.
    pub fn of_agent(self, agent: BodyId) -> impl Iterator<Item = (BodyId, BlockId, &'p Event)> {
        let bodies = self.within(agent).filter(move |&(body, _)| self.agent(body) == agent);
        bodies.flat_map(move |(body, _)| self.all(body).map(move |(block, event)| (body, block, event)))
    }

    /// The events of several blocks.
    pub fn events_in(self, body: BodyId, blocks: &[BlockId]) -> impl Iterator<Item = (BlockId, &'p Event)> {
        let blocks = blocks.to_vec();
        blocks
            .into_iter()
            .flat_map(move |block| self.events(body, block).iter().map(move |event| (block, event)))
    }

    /// The body of the goroutine or function in whose thread of control a body runs.
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

    /// True for a closure that a function of the workspace runs in a goroutine or a thread.
    #[must_use]
    pub fn is_by_helper(self, event: &EventKind) -> bool {
        match event {
            EventKind::Spawn(Started::Body(body), None, None) => self.body(*body).kind == BodyKind::Closure,
            _ => false,
        }
    }

    /// True if the body runs on a thread that no goroutine shares: one of its own, or that of a plain `main` or test.
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
        self.runs_on_worker(body, self.linked.in_goroutine)
    }

    /// The same, or that of `#[gochan::main]`.
    #[must_use]
    pub fn is_on_worker(self, body: BodyId) -> bool {
        self.runs_on_worker(body, self.linked.on_worker)
    }

    fn runs_on_worker(self, body: BodyId, whole: bool) -> bool {
        let mut body = Some(body);
        while let Some(this) = body {
            match self.linked.runs[this.at()] {
                Runner::Goroutine => return true,
                Runner::Thread | Runner::Blocking => return false,
                Runner::Inline | Runner::Once => body = self.body(this).parent,
            }
        }
        whole
    }

    /// True if `inner` is `outer` or nested in it.
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

    /// A body and those nested in it, which were read after it and before the next one beside it, unless a closure
    /// belongs to another body.
    pub fn within(self, outer: BodyId) -> impl Iterator<Item = (BodyId, &'p Body)> {
        let first = if self.linked.moved { 0 } else { outer.0 };
        let inner = self.function.bodies[first as usize..].iter().zip(first..);
        let inner = inner.map(|(body, index)| (BodyId(index), body));
        let inside = move |body: BodyId| self.is_within(body, outer);
        inner
            .take_while(move |&(body, _)| self.linked.moved || inside(body))
            .filter(move |&(body, _)| !self.linked.moved || inside(body))
    }

    /// The kind of an object.
    #[must_use]
    pub fn kind(self, object: ObjectId) -> &'p Kind {
        self.linked.kind(object)
    }

    /// An object as it was read.
    #[must_use]
    pub fn object(self, object: ObjectId) -> &'p Object {
        &self.function.objects[object.at()]
    }

    /// All objects except further handles of earlier ones.
    pub fn objects(self) -> impl Iterator<Item = (ObjectId, &'p Object)> {
        let objects = self.function.objects.iter().zip(0..).map(|(object, index)| (ObjectId(index), object));
        objects.filter(move |(id, _)| self.linked.root(*id) == *id)
    }

    /// The name of an object, or "it" for a temporary.
    #[must_use]
    pub fn name(self, object: ObjectId) -> &'p str {
        match self.object(object).name.as_str() {
            "" => "it",
            name => name,
        }
    }

    /// The name of an object as the code at `place` writes it, which may be that of another handle: `w` of `w.add(1)`.
    #[must_use]
    pub fn name_at(self, place: Span, object: ObjectId) -> &'p str {
        operand(self.snippet(place)).unwrap_or_else(|| self.name(object))
    }

    /// The same in another file, if a name is written there.
    #[must_use]
    pub fn written(program: &'p Program, unit: usize, place: Span) -> Option<&'p str> {
        operand(program.units[unit].source.snippet(place))
    }

    /// The object at the start of a chain of methods and fields.
    #[must_use]
    pub fn base(self, mut object: ObjectId) -> ObjectId {
        while let Origin::Method(of, ..) | Origin::Field(of, _) | Origin::Content(of) =
            self.object(object).origin
        {
            object = of;
        }
        object
    }

    /// The object that holds another one: in a field, or behind a lock.
    #[must_use]
    pub fn holder(self, mut object: ObjectId) -> ObjectId {
        loop {
            object = match self.object(object).origin {
                Origin::Field(of, _) => of,
                Origin::Content(guard) => match self.object(guard).origin {
                    Origin::Method(lock, ..) => lock,
                    _ => return object,
                },
                _ => return object,
            };
        }
    }

    /// The capacity of a channel that is made in this function, if its code shows that the object can be nothing else.
    #[must_use]
    pub fn made_here(self, channel: ObjectId) -> Option<Capacity> {
        match self.kind(channel) {
            Kind::Channel(_, Some(capacity)) if !self.object(channel).blurred => Some(*capacity),
            _ => None,
        }
    }

    /// True if the variable, or the list that contains it, is assigned again somewhere.
    #[must_use]
    pub fn is_blurred(self, object: ObjectId) -> bool {
        self.object(object).blurred || self.list_of(object).is_some_and(|list| self.object(list).blurred)
    }

    /// A finding in this function.
    #[must_use]
    pub fn finding(self, lint: &'static str, span: Span, message: impl Into<String>) -> Diagnostic {
        Diagnostic::new(lint, self.linked.unit, span, message)
    }

    /// The path of a macro of gochan in this function's file, if the file can name it.
    #[must_use]
    pub fn macro_path(self, name: &str) -> Option<String> {
        let file = &self.program.units[self.linked.unit].file;
        let imports_it = |(known, path): &(String, Vec<String>)| match known.as_str() {
            "*" => true,
            known => known == name && path.first().is_some_and(|root| root == "gochan"),
        };
        // A module has imports of its own.
        if self.function.module.is_empty() && file.imports.iter().any(imports_it) {
            Some(name.to_owned())
        } else {
            Some(format!("{}::{name}", file.gochan)).filter(|_| !file.gochan.is_empty())
        }
    }

    /// The source text of a place in this function's file.
    #[must_use]
    pub fn snippet(self, span: Span) -> &'p str {
        self.program.units[self.linked.unit].source.snippet(span)
    }
}

/// What a method or a macro is called with: `a.b` of `a.b.close()` and of `send!(a.b <- v)`.
fn operand(text: &str) -> Option<&str> {
    const LONGEST: usize = 40;
    const METHODS: [&str; 14] = [
        "add",
        "done",
        "wait",
        "send",
        "recv",
        "close",
        "iter",
        "send_async",
        "recv_async",
        "lock",
        "read",
        "write",
        "borrow",
        "borrow_mut",
    ];
    let operand = match text.split_once('!') {
        Some((name, input)) if name.chars().all(|c| c.is_alphanumeric() || matches!(c, '_' | ':')) => {
            let input = input.trim_start().strip_prefix(['(', '[', '{'])?;
            input.split("<-").next()?.trim_end_matches([')', ']', '}'])
        }
        _ => {
            let mut depth = 0;
            let open = text.strip_suffix(')')?.char_indices().rev().find(|(_, c)| {
                depth += i32::from(*c == ')') - i32::from(*c == '(');
                depth < 0
            })?;
            let (operand, method) = text[..open.0].trim_end().rsplit_once('.')?;
            METHODS.contains(&method.trim()).then_some(operand)?
        }
    };
    let operand = operand.trim().trim_start_matches(['&', '*', '(']).trim();
    let simple = |c: char| c.is_alphanumeric() || matches!(c, '_' | '.' | '(' | ')' | '[' | ']');
    let named = operand.starts_with(|c: char| c.is_alphabetic() || c == '_');
    (named && operand.len() <= LONGEST && operand.chars().all(simple)).then_some(operand)
}

#[cfg(test)]
mod tests {
    use super::operand;

    #[test]
    fn the_operand_is_what_was_written() {
        assert_eq!(operand("w.add(1)"), Some("w"));
        assert_eq!(operand("self.items().close()"), Some("self.items()"));
        assert_eq!(operand("send!(self.out <- f(1))"), Some("self.out"));
        assert_eq!(operand("close!(*ch)"), Some("ch"));
        assert_eq!(operand("gochan::close!(ch)"), Some("ch"));
        assert_eq!(operand("f(1).close()"), Some("f(1)"));
        assert_eq!(operand("stop(&ch)"), None);
        assert_eq!(operand("queue.finish()"), None);
        assert_eq!(operand("ch <- 1"), None);
    }
}
