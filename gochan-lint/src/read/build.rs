//! Building the graphs of one function: blocks, scopes, names, and the ways out of them.

use crate::ir::{Block, BlockId, Body, BodyId, BodyKind, Function, Object, ObjectId, Op, OpKind, Origin, Ty};
use crate::source::Span;

/// A function that is being read.
pub(super) struct Builder {
    pub(super) function: Function,
    frames: Vec<Frame>,
}

/// A body that is being read.
struct Frame {
    body: BodyId,
    /// Where operations go; none while what follows cannot be reached.
    block: Option<BlockId>,
    scopes: Vec<Scope>,
    loops: Vec<Loop>,
    branches: u32,
    guards: u32,
}

#[derive(Default)]
struct Scope {
    names: Vec<(String, ObjectId)>,
    /// What ends with the scope, in the order in which it came.
    owned: Vec<Owned>,
    /// What follows in it is reached only if a flag said so.
    flagged: bool,
}

#[derive(Clone, Copy)]
enum Owned {
    Variable(ObjectId),
    Deferred(BodyId, Span),
}

struct Loop {
    label: Option<String>,
    /// None for a labelled block.
    head: Option<BlockId>,
    exit: BlockId,
    /// How many scopes are outside.
    scopes: usize,
    /// How often it turns, if that is written there.
    turns: Option<u64>,
}

impl Builder {
    pub(super) fn new(function: Function) -> Builder {
        Builder { function, frames: Vec::new() }
    }

    // Bodies.

    pub(super) fn begin_body(&mut self, kind: BodyKind, span: Span) -> BodyId {
        let body = BodyId(self.function.bodies.len() as u32);
        let parent = self.frames.last().map(|frame| frame.body);
        self.function.bodies.push(Body {
            kind,
            parent,
            params: Vec::new(),
            blocks: vec![Block { turns: Some(1), ..Block::default() }],
            span,
            is_async: false,
        });
        self.frames.push(Frame {
            body,
            block: Some(BlockId(0)),
            scopes: vec![Scope::default()],
            loops: Vec::new(),
            branches: 0,
            guards: 0,
        });
        body
    }

    pub(super) fn end_body(&mut self) {
        self.op(OpKind::Return, Span::default());
        self.leave_scopes(0);
        let end = self.new_block();
        self.goto(end);
        let Some(frame) = self.frames.pop() else { return };
        // The ways out were noted as leading to no block yet.
        for block in &mut self.function.bodies[frame.body.at()].blocks {
            for next in &mut block.next {
                if *next == END {
                    *next = end;
                }
            }
        }
    }

    /// The body that is being read runs when a future is polled.
    pub(super) fn set_async(&mut self) {
        let body = self.body();
        self.function.bodies[body.at()].is_async = true;
    }

    pub(super) fn add_param(&mut self, object: ObjectId) {
        let body = self.body();
        self.function.bodies[body.at()].params.push(object);
    }

    fn frame(&mut self) -> &mut Frame {
        self.frames.last_mut().expect("a body is being read")
    }

    pub(super) fn body(&self) -> BodyId {
        self.frames.last().expect("a body is being read").body
    }

    // Blocks.

    pub(super) fn new_block(&mut self) -> BlockId {
        let frame = self.frames.last().expect("a body is being read");
        let loops = frame.loops.iter().filter(|around| around.head.is_some()).count() as u32;
        let turns = frame.loops.iter().filter(|around| around.head.is_some());
        let turns = turns.into_iter().try_fold(1u64, |all, around| all.checked_mul(around.turns?));
        let (branches, guarded) = (frame.branches, frame.guards > 0);
        let flagged = frame.scopes.iter().any(|scope| scope.flagged);
        let blocks = &mut self.function.bodies[frame.body.at()].blocks;
        blocks.push(Block { loops, turns, branches, guarded, flagged, ..Block::default() });
        BlockId(blocks.len() as u32 - 1)
    }

    pub(super) fn here(&self) -> Option<BlockId> {
        self.frames.last().and_then(|frame| frame.block)
    }

    /// Goes on in `block`, without a way there from here.
    pub(super) fn at(&mut self, block: Option<BlockId>) {
        self.frame().block = block;
    }

    pub(super) fn edge(&mut self, from: Option<BlockId>, to: BlockId) {
        if let Some(from) = from {
            let body = self.body();
            self.function.bodies[body.at()].blocks[from.at()].next.push(to);
        }
    }

    /// Goes on in `block`, which follows what was read last.
    pub(super) fn goto(&mut self, block: BlockId) {
        self.edge(self.here(), block);
        self.at(Some(block));
    }

    /// What was read last leads to `block`; what follows has yet to be said.
    pub(super) fn goto_from_here(&mut self, block: BlockId) {
        self.edge(self.here(), block);
        self.at(None);
    }

    /// True if there is a way to `block`.
    pub(super) fn is_reached(&self, block: BlockId) -> bool {
        let body = self.body();
        self.function.bodies[body.at()].blocks.iter().any(|from| from.next.contains(&block))
    }

    pub(super) fn op(&mut self, kind: OpKind, span: Span) {
        if let Some(block) = self.here() {
            let body = self.body();
            self.function.bodies[body.at()].blocks[block.at()].ops.push(Op { kind, span });
        }
    }

    /// Where the next operation will stand.
    pub(super) fn place(&self) -> Option<(BlockId, usize)> {
        let (block, body) = (self.here()?, self.body());
        Some((block, self.function.bodies[body.at()].blocks[block.at()].ops.len()))
    }

    /// Takes an operation back.
    pub(super) fn retract(&mut self, (block, index): (BlockId, usize)) {
        let body = self.body();
        let ops = &mut self.function.bodies[body.at()].blocks[block.at()].ops;
        if index < ops.len() {
            ops.remove(index);
        }
    }

    // Objects and names.

    pub(super) fn object(&mut self, name: &str, origin: Origin, span: Span) -> ObjectId {
        let body = self.body();
        let loops = self.here().map_or(0, |block| self.function.bodies[body.at()].blocks[block.at()].loops);
        let name = name.to_owned();
        self.function.objects.push(Object {
            name,
            origin,
            written: Ty::Unknown,
            body,
            loops,
            span,
            blurred: false,
        });
        ObjectId(self.function.objects.len() as u32 - 1)
    }

    /// The object of a field, the same for each mention.
    pub(super) fn field(&mut self, base: ObjectId, field: &str, span: Span) -> ObjectId {
        let known = self.function.objects.iter().position(
            |object| matches!(&object.origin, Origin::Field(of, name) if *of == base && name == field),
        );
        match known {
            Some(index) => ObjectId(index as u32),
            None => {
                let (body, loops) = {
                    let base = &self.function.objects[base.at()];
                    (base.body, base.loops)
                };
                let id = self.object(field, Origin::Field(base, field.to_owned()), span);
                let object = &mut self.function.objects[id.at()];
                (object.body, object.loops) = (body, loops);
                id
            }
        }
    }

    pub(super) fn blur(&mut self, object: ObjectId) {
        self.function.objects[object.at()].blurred = true;
    }

    pub(super) fn lookup(&self, name: &str) -> Option<ObjectId> {
        let scopes = self.frames.iter().rev().flat_map(|frame| frame.scopes.iter().rev());
        scopes.flat_map(|scope| scope.names.iter().rev()).find(|(known, _)| known == name).map(|&(_, id)| id)
    }

    /// The same, of a name as it stands there.
    pub(super) fn lookup_ident(&self, name: &proc_macro2::Ident) -> Option<ObjectId> {
        let scopes = self.frames.iter().rev().flat_map(|frame| frame.scopes.iter().rev());
        scopes
            .flat_map(|scope| scope.names.iter().rev())
            .find(|(known, _)| name == known.as_str())
            .map(|&(_, id)| id)
    }

    /// Makes `name` mean `object` in the innermost scope.
    pub(super) fn bind(&mut self, name: &str, object: ObjectId) {
        if self.function.objects[object.at()].name.is_empty() {
            name.clone_into(&mut self.function.objects[object.at()].name);
        }
        let scope = self.frame().scopes.last_mut().expect("a scope is open");
        scope.names.push((name.to_owned(), object));
    }

    /// The innermost scope drops `object` at its end.
    pub(super) fn own(&mut self, object: ObjectId) {
        let scope = self.frame().scopes.last_mut().expect("a scope is open");
        scope.owned.push(Owned::Variable(object));
    }

    /// `object` moves on: no scope of this body drops it any more.
    pub(super) fn disown(&mut self, object: ObjectId) {
        for scope in &mut self.frame().scopes {
            scope.owned.retain(|owned| !matches!(owned, Owned::Variable(known) if *known == object));
        }
    }

    pub(super) fn defer(&mut self, body: BodyId, span: Span) {
        self.op(OpKind::Defer(body), span);
        let scope = self.frame().scopes.last_mut().expect("a scope is open");
        scope.owned.push(Owned::Deferred(body, span));
    }

    // Scopes and ways out of them.

    pub(super) fn begin_scope(&mut self) {
        self.frame().scopes.push(Scope::default());
    }

    pub(super) fn end_scope(&mut self) {
        let depth = self.frame().scopes.len() - 1;
        self.leave_scopes(depth);
        self.frame().scopes.pop();
    }

    /// What happens on the way out of all scopes but the outermost `depth`.
    fn leave_scopes(&mut self, depth: usize) {
        let frame = self.frame();
        let ending: Vec<Owned> =
            frame.scopes[depth..].iter().rev().flat_map(|scope| scope.owned.iter().rev().copied()).collect();
        for owned in ending {
            match owned {
                Owned::Variable(object) => self.op(OpKind::ScopeEnd(object), Span::default()),
                Owned::Deferred(body, span) => self.op(OpKind::RunDeferred(body), span),
            }
        }
    }

    /// Leaves the body from here; what follows cannot be reached.
    pub(super) fn leave(&mut self, kind: OpKind, span: Span) {
        self.op(kind, span);
        self.leave_scopes(0);
        self.edge(self.here(), END);
        self.at(None);
    }

    /// Never comes back: no way out, not even past the deferred calls.
    pub(super) fn diverge(&mut self, span: Span) {
        self.op(OpKind::Diverge, span);
        self.at(None);
    }

    pub(super) fn begin_loop(&mut self, label: Option<String>, head: Option<BlockId>, exit: BlockId) {
        let scopes = self.frame().scopes.len();
        self.frame().loops.push(Loop { label, head, exit, scopes, turns: None });
    }

    pub(super) fn set_turns(&mut self, turns: Option<u64>) {
        if let Some(innermost) = self.frame().loops.last_mut() {
            innermost.turns = turns;
        }
    }

    /// What follows may be left out; `guarded`: because of a flag.
    pub(super) fn begin_branch(&mut self, guarded: bool) {
        let frame = self.frame();
        frame.branches += 1;
        frame.guards += u32::from(guarded);
    }

    pub(super) fn end_branch(&mut self, guarded: bool) {
        let frame = self.frame();
        frame.branches -= 1;
        frame.guards -= u32::from(guarded);
    }

    /// What follows, from `block` on, is reached only if a flag said so.
    pub(super) fn flag(&mut self, block: BlockId) {
        let body = self.body();
        self.function.bodies[body.at()].blocks[block.at()].flagged = true;
        if let Some(scope) = self.frame().scopes.last_mut() {
            scope.flagged = true;
        }
    }

    /// The head of the innermost loop, which is made after the loop has begun.
    pub(super) fn set_loop_head(&mut self, head: BlockId) {
        if let Some(innermost) = self.frame().loops.last_mut() {
            innermost.head = Some(head);
        }
    }

    pub(super) fn end_loop(&mut self) {
        self.frame().loops.pop();
    }

    /// `break` or `continue`; what follows cannot be reached.
    pub(super) fn jump(&mut self, label: Option<&str>, again: bool) {
        let target = self.frame().loops.iter().rev().find(|around| match label {
            Some(label) => around.label.as_deref() == Some(label),
            None => around.head.is_some(),
        });
        let target =
            target.map(|around| (around.scopes, if again { around.head } else { Some(around.exit) }));
        if let Some((scopes, Some(block))) = target {
            self.leave_scopes(scopes);
            self.edge(self.here(), block);
        }
        self.at(None);
    }
}

/// Stands for the end of a body while it is being read.
const END: BlockId = BlockId(u32::MAX);
