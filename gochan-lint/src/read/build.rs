//! Builds the graphs of a function: blocks, scopes, names, and the exits from them.

use super::value::Value;
use crate::ir::{Block, BlockId, Body, BodyId, BodyKind, Function, ObjectId, Op, OpKind};
use crate::source::Span;
use std::collections::{HashMap, HashSet};

/// A function that is being read.
pub(super) struct Builder {
    pub(super) function: Function,
    pub(super) frames: Vec<Frame>,
    /// The parts of the tuples that variables hold.
    pub(super) tuples: HashMap<ObjectId, Vec<Value>>,
    /// Variables that have no value yet.
    pub(super) declared: HashSet<ObjectId>,
    /// What the locks of guards protect.
    pub(super) contents: HashMap<ObjectId, ObjectId>,
    /// The names that are bound with `mut`, and where.
    pub(super) mutable: HashMap<(String, ObjectId), Span>,
}

/// A body that is being read.
pub(super) struct Frame {
    body: BodyId,
    /// The block that operations are added to, or `None` while the code is unreachable.
    block: Option<BlockId>,
    pub(super) scopes: Vec<Scope>,
    loops: Vec<Loop>,
    branches: u32,
    guards: u32,
}

#[derive(Default)]
pub(super) struct Scope {
    pub(super) names: Vec<(String, ObjectId)>,
    /// What is dropped or run at the end of the scope, in the order of its creation.
    pub(super) owned: Vec<Owned>,
    /// The rest of the scope is reached only if a flag allows it.
    flagged: bool,
}

#[derive(Clone, Copy)]
pub(super) enum Owned {
    Variable(ObjectId),
    Deferred(BodyId, Span),
}

pub(super) struct Loop {
    label: Option<String>,
    /// None for a labelled block.
    head: Option<BlockId>,
    exit: BlockId,
    /// The number of scopes around it.
    scopes: usize,
    /// How often it turns, if the code shows it.
    turns: Option<u64>,
}

/// What a branch depends on.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Asks {
    /// A flag or a count, as in `if !self.closed` or `if left.fetch_sub(1) == 1`.
    Flag,
    /// Any other condition.
    Other,
}

/// How a loop is left.
#[derive(Clone, Copy)]
pub(super) enum Jump {
    Break,
    Continue,
}

impl Builder {
    pub(super) fn new(function: Function) -> Builder {
        Builder {
            function,
            frames: Vec::new(),
            tuples: HashMap::new(),
            declared: HashSet::new(),
            contents: HashMap::new(),
            mutable: HashMap::new(),
        }
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
        // Exits were recorded before their target existed.
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

    pub(super) fn frame(&mut self) -> &mut Frame {
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

    /// Continues in `block`, without an edge from the current one.
    pub(super) fn at(&mut self, block: Option<BlockId>) {
        self.frame().block = block;
    }

    pub(super) fn edge(&mut self, from: Option<BlockId>, to: BlockId) {
        if let Some(from) = from {
            let body = self.body();
            self.function.bodies[body.at()].blocks[from.at()].next.push(to);
        }
    }

    /// Continues in `block`, with an edge from the current one.
    pub(super) fn goto(&mut self, block: BlockId) {
        self.edge(self.here(), block);
        self.at(Some(block));
    }

    /// Adds an edge from the current block to `block`. The next block is still to be set.
    pub(super) fn goto_from_here(&mut self, block: BlockId) {
        self.edge(self.here(), block);
        self.at(None);
    }

    /// True if an edge leads to `block`.
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

    /// The place of the next operation.
    pub(super) fn place(&self) -> Option<(BlockId, usize)> {
        let (block, body) = (self.here()?, self.body());
        Some((block, self.function.bodies[body.at()].blocks[block.at()].ops.len()))
    }

    /// Removes an operation.
    pub(super) fn retract(&mut self, (block, index): (BlockId, usize)) {
        let body = self.body();
        let ops = &mut self.function.bodies[body.at()].blocks[block.at()].ops;
        if index < ops.len() {
            ops.remove(index);
        }
    }

    /// The innermost scope drops `object` at its end.
    pub(super) fn own(&mut self, object: ObjectId) {
        let scope = self.frame().scopes.last_mut().expect("a scope is open");
        scope.owned.push(Owned::Variable(object));
    }

    /// What the innermost scope drops at its end.
    pub(super) fn owned(&self) -> Vec<ObjectId> {
        let scope = self.frames.last().and_then(|frame| frame.scopes.last());
        let owned = scope.into_iter().flat_map(|scope| &scope.owned);
        let objects = owned.filter_map(|owned| match owned {
            Owned::Variable(object) => Some(*object),
            Owned::Deferred(..) => None,
        });
        objects.collect()
    }

    /// `object` is moved: no scope of this body drops it any more.
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

    // Scopes and exits from them.

    pub(super) fn begin_scope(&mut self) {
        self.frame().scopes.push(Scope::default());
    }

    pub(super) fn end_scope(&mut self) {
        let depth = self.frame().scopes.len() - 1;
        self.leave_scopes(depth);
        self.frame().scopes.pop();
    }

    /// Adds what happens at the exit from all scopes but the outermost `depth`.
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

    /// Leaves the body. The following code is unreachable.
    pub(super) fn leave(&mut self, kind: OpKind, span: Span) {
        self.op(kind, span);
        self.leave_scopes(0);
        self.edge(self.here(), END);
        self.at(None);
    }

    /// Does not return: no exit, not even through the deferred calls.
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

    /// The following blocks may be skipped.
    pub(super) fn begin_branch(&mut self, asks: Asks) {
        let frame = self.frame();
        frame.branches += 1;
        frame.guards += u32::from(asks == Asks::Flag);
    }

    pub(super) fn end_branch(&mut self, asks: Asks) {
        let frame = self.frame();
        frame.branches -= 1;
        frame.guards -= u32::from(asks == Asks::Flag);
    }

    /// `block` and the rest of the scope are reached only if a flag allows it.
    pub(super) fn flag(&mut self, block: BlockId) {
        let body = self.body();
        self.function.bodies[body.at()].blocks[block.at()].flagged = true;
        if let Some(scope) = self.frame().scopes.last_mut() {
            scope.flagged = true;
        }
    }

    /// Sets the head of the innermost loop, whose block is made after the loop has begun.
    pub(super) fn set_loop_head(&mut self, head: BlockId) {
        if let Some(innermost) = self.frame().loops.last_mut() {
            innermost.head = Some(head);
        }
    }

    pub(super) fn end_loop(&mut self) {
        self.frame().loops.pop();
    }

    /// `break` or `continue`. The following code is unreachable.
    pub(super) fn jump(&mut self, label: Option<&str>, jump: Jump) {
        let target = self.frame().loops.iter().rev().find(|around| match label {
            Some(label) => around.label.as_deref() == Some(label),
            None => around.head.is_some(),
        });
        let target = target.map(|around| match jump {
            Jump::Break => (around.scopes, Some(around.exit)),
            Jump::Continue => (around.scopes, around.head),
        });
        if let Some((scopes, Some(block))) = target {
            self.leave_scopes(scopes);
            self.edge(self.here(), block);
        }
        self.at(None);
    }
}

/// The exit of a body while it is being read.
const END: BlockId = BlockId(u32::MAX);
