//! Branches: `if`, `match`, `?`.

use super::assign::is_deref;
use super::build::Asks;
use super::lower::Lower;
use super::repeat::received;
use super::value::Value;
use crate::ir::{BlockId, ObjectId, OpKind, Origin, Where};
use crate::source::Span;
use syn::Expr;

/// A branch: where it ends, unless it leaves, and its value. See [`Lower::way`].
struct Way {
    object: Option<ObjectId>,
    place: Option<(BlockId, usize)>,
}

impl Lower<'_> {
    pub(super) fn labelled_block(&mut self, block: &syn::ExprBlock) -> Value {
        let Some(name) = &block.label else { return self.block(&block.block) };
        let exit = self.build.new_block();
        self.build.begin_loop(Some(name.name.ident.to_string()), None, exit);
        let value = self.block(&block.block);
        self.build.end_loop();
        self.build.goto(exit);
        value
    }

    pub(super) fn branch(&mut self, branch: &syn::ExprIf) -> Value {
        self.build.begin_scope();
        let temporaries = self.temporaries.len();
        self.look(&branch.cond);
        self.end_temporaries(temporaries, &Value::Nothing);
        let guards: Vec<ObjectId> =
            self.build.owned().into_iter().filter(|object| self.is_guard(&Value::Object(*object))).collect();
        let before = self.build.here();
        let asks =
            if asks_a_flag(&branch.cond) || self.counts(&branch.cond) { Asks::Flag } else { Asks::Other };
        let after = self.build.new_block();
        self.build.begin_branch(asks);
        let (then, otherwise) = (self.build.new_block(), self.build.new_block());
        self.build.edge(before, then);
        self.build.edge(before, otherwise);
        self.build.at(before.map(|_| then));
        let mut ways = Vec::new();
        let value = self.block(&branch.then_branch);
        ways.push(self.way(value));
        let leaves = self.build.here().is_none();
        self.build.goto_from_here(after);
        self.build.at(before.map(|_| otherwise));
        if self.reader.drops_before_else {
            guards.iter().for_each(|guard| self.build.op(OpKind::ScopeEnd(*guard), Span::default()));
        }
        self.ended(&branch.cond);
        if let Some((_, other)) = &branch.else_branch {
            let value = self.expr(other);
            ways.push(self.way(value));
        }
        self.build.goto_from_here(after);
        self.build.end_branch(asks);
        let reached = self.build.is_reached(after);
        self.build.at(before.filter(|_| reached).map(|_| after));
        self.build.end_scope();
        if asks == Asks::Flag && leaves && branch.else_branch.is_none() {
            self.build.flag(after);
        }
        if branch.else_branch.is_none() { Value::Nothing } else { self.meet(ways) }
    }

    /// The end of one of several branches that meet, with its value.
    fn way(&mut self, value: Value) -> Way {
        let place = self.build.place();
        if let Value::Object(object) = value {
            // Its value is followed further only if it is the only branch that does not leave.
            self.returned_if_branch(Value::Object(object));
            return Way { object: Some(object), place };
        }
        self.returned_if_branch(value);
        Way { object: None, place }
    }

    /// The value of branches that meet: that of the only one that does not leave, or a context that is derived here.
    fn meet(&mut self, ways: Vec<Way>) -> Value {
        let coming: Vec<Way> = ways.into_iter().filter(|way| way.place.is_some()).collect();
        let derives = |object: &ObjectId| {
            let object = &self.build.function.objects[object.at()];
            let name = object.name.is_empty();
            name && matches!(&object.origin, Origin::Method(_, name, _) if name.starts_with("with_"))
        };
        let alike = coming.iter().all(|way| way.object.as_ref().is_some_and(derives));
        let Some(object) = coming.first().and_then(|way| way.object).filter(|_| alike || coming.len() == 1)
        else {
            let objects: Vec<ObjectId> = coming.iter().filter_map(|way| way.object).collect();
            return if objects.is_empty() { Value::Nothing } else { Value::OneOf(objects) };
        };
        coming.into_iter().filter_map(|way| way.place).for_each(|place| self.build.retract(place));
        if !self.build.function.objects[object.at()].name.is_empty() {
            // It was made in the scope of a branch, but is dropped at the end of the surrounding scope.
            self.build.disown(object);
            self.build.own(object);
        }
        Value::Object(object)
    }

    /// True for conditions that hold only once: `n == 5` where `n` is a variable that this code counts, and comparisons
    /// with an upper bound, as in `i == last`.
    pub(super) fn counts(&self, condition: &Expr) -> bool {
        let Expr::Binary(both) = condition else { return false };
        let counted = |side: &Expr| {
            let Expr::Path(path) = side else { return false };
            let object = path.path.get_ident().and_then(|name| self.build.lookup_ident(name));
            object.is_some_and(|object| {
                matches!(self.build.function.objects[object.at()].origin, Origin::Plain(_))
            })
        };
        matches!(both.op, syn::BinOp::Eq(_))
            && (counted(&both.left) || is_upper_bound(&both.left) || is_upper_bound(&both.right))
    }

    /// The value of a branch is not followed further.
    pub(super) fn returned_if_branch(&mut self, value: Value) {
        self.goes(value, Where::Given);
    }

    pub(super) fn choice(&mut self, choice: &syn::ExprMatch) -> Value {
        self.build.begin_scope();
        let value = self.scrutinee(&choice.expr);
        // An arm that does not take the guard drops it.
        let guard = match value {
            Value::Object(object) if self.is_guard(&value) => Some(object),
            _ => None,
        };
        let (before, after) = (self.build.here(), self.build.new_block());
        self.build.begin_branch(Asks::Other);
        let mut leaves = false;
        let mut ways = Vec::new();
        for arm in &choice.arms {
            let block = self.build.new_block();
            self.build.edge(before, block);
            self.build.at(before.map(|_| block));
            self.build.begin_scope();
            self.pattern(&arm.pat, value.clone());
            if is_nothing(&arm.pat) {
                self.channel_ended(&value);
            }
            let temporaries = self.temporaries.len();
            let result = self.expr(&arm.body);
            self.end_temporaries(temporaries, &result);
            self.moves_out(&arm.body, &result);
            let goes_on = matches!((&result, guard), (Value::Object(a), Some(b)) if *a == b);
            ways.push(self.way(result));
            if let Some(guard) = guard.filter(|_| !goes_on) {
                self.build.op(OpKind::ScopeEnd(guard), Span::default());
            }
            self.build.end_scope();
            leaves |= self.build.here().is_none();
            self.build.goto_from_here(after);
        }
        self.build.end_branch(Asks::Other);
        let reached = self.build.is_reached(after);
        self.build.at(before.filter(|_| reached).map(|_| after));
        self.build.end_scope();
        if leaves && asks_a_flag(&choice.expr) {
            self.build.flag(after);
        }
        self.meet(ways)
    }

    /// The expression that is matched on or looped over. Guards in it live until the end of the `match` or loop.
    pub(super) fn scrutinee(&mut self, expr: &Expr) -> Value {
        let before = self.temporaries.len();
        let value = self.expr(expr);
        let mut value = value;
        if is_content(expr) && self.is_guard(&value) {
            // The content is matched on, not the guard.
            value = Value::Nothing;
        }
        for guard in self.temporaries.split_off(before) {
            let is_value = matches!(value, Value::Object(found) if found == guard);
            if !is_value && self.build.function.objects[guard.at()].name.is_empty() {
                self.build.own(guard);
            }
        }
        value
    }

    /// The channel whose `recv` returned `value` is closed and empty.
    pub(super) fn channel_ended(&mut self, value: &Value) {
        if let Value::Object(received) = value
            && let Origin::Method(channel, name, _) = &self.build.function.objects[received.at()].origin
            && name == "recv"
        {
            self.build.op(OpKind::RangeEnd(*channel), Span::default());
        }
    }

    /// The same in the `else` of `if let Some(v) = ch.recv()`.
    fn ended(&mut self, condition: &Expr) {
        if let Some((_, call)) = received(condition)
            && let Expr::Path(path) = &*call.receiver
            && let Some(name) = path.path.get_ident()
            && let Some(channel) = self.build.lookup_ident(name)
        {
            self.build.op(OpKind::RangeEnd(channel), Span::default());
        }
    }

    /// `?`: continues, or leaves because `value` is `None` or an error.
    pub(super) fn maybe_leave(&mut self, value: &Value, span: Span) {
        let before = self.build.here();
        let goes_on = self.build.new_block();
        self.build.begin_branch(Asks::Other);
        let leaves = self.build.new_block();
        self.build.edge(before, leaves);
        self.build.edge(before, goes_on);
        self.build.at(before.map(|_| leaves));
        self.channel_ended(value);
        self.build.leave(OpKind::Return, span);
        self.build.end_branch(Asks::Other);
        self.build.at(before.map(|_| goes_on));
    }
}

/// `*m.lock()`, `&*m.lock()`
fn is_content(expr: &Expr) -> bool {
    match expr {
        Expr::Reference(inner) => is_content(&inner.expr),
        expr => is_deref(expr),
    }
}

/// True for `None` and `Err(_)`.
fn is_nothing(pattern: &syn::Pat) -> bool {
    match pattern {
        syn::Pat::Ident(name) => name.ident == "None",
        syn::Pat::Path(path) => path.path.segments.last().is_some_and(|last| last.ident == "None"),
        syn::Pat::TupleStruct(tuple) => tuple.path.segments.last().is_some_and(|last| last.ident == "Err"),
        _ => false,
    }
}

/// True for `if flag`, `if !self.closed`, `if done.swap(true)`, `if left.fetch_sub(1) == 1`.
pub(super) fn asks_a_flag(condition: &Expr) -> bool {
    match condition {
        Expr::Path(_) | Expr::Field(_) => true,
        Expr::Unary(inner) => asks_a_flag(&inner.expr),
        Expr::Paren(inner) => asks_a_flag(&inner.expr),
        Expr::Binary(both) => {
            matches!(both.op, syn::BinOp::And(_) | syn::BinOp::Or(_))
                && (asks_a_flag(&both.left) || asks_a_flag(&both.right))
                || [&both.left, &both.right]
                    .iter()
                    .any(|side| matches!(***side, Expr::MethodCall(_)) && asks_a_flag(side))
        }
        Expr::MethodCall(call) => {
            let name = call.method.to_string();
            name.starts_with("fetch_")
                || matches!(
                    name.as_str(),
                    "is_empty"
                        | "swap"
                        | "compare_exchange"
                        | "is_ok"
                        | "is_closed"
                        | "load"
                        | "is_none"
                        | "is_some"
                        | "take"
                        | "replace"
                        | "insert"
                        | "get"
                )
        }
        Expr::Let(condition) => asks_a_flag(&condition.expr),
        Expr::Macro(_) => false,
        _ => false,
    }
}

/// True for `last`, `items.len()`, `total - 1`.
fn is_upper_bound(expr: &Expr) -> bool {
    const ENDS: [&str; 6] = ["last", "len", "count", "total", "end", "size"];
    match expr {
        Expr::Path(path) => path
            .path
            .get_ident()
            .is_some_and(|name| ENDS.iter().any(|end| name == end) || name.to_string().ends_with("_count")),
        Expr::MethodCall(call) => ENDS.iter().any(|end| call.method == end),
        Expr::Binary(both) => is_upper_bound(&both.left) || is_upper_bound(&both.right),
        Expr::Paren(inner) => is_upper_bound(&inner.expr),
        _ => false,
    }
}
