//! Loops.

use super::lower::Lower;
use super::span::{first_token, span_of};
use super::value::Value;
use crate::ir::{Call, OpKind, Origin};
use crate::source::Span;
use syn::{Expr, Pat};

impl Lower<'_> {
    /// `loop`, or `while` with its condition.
    pub(super) fn repeat(
        &mut self,
        name: Option<&syn::Label>,
        condition: Option<&Expr>,
        body: impl FnOnce(&mut Self),
    ) {
        let (head, exit) = self.begin_repeat(name);
        self.build.begin_scope();
        if let Some(condition) = condition {
            let temporaries = self.temporaries.len();
            self.look(condition);
            self.end_temporaries(temporaries, &Value::Nothing);
            let here = self.build.here();
            if !is_true(condition) {
                self.build.edge(here, exit);
            }
            let inside = self.build.new_block();
            self.build.goto(inside);
        }
        body(self);
        self.build.end_scope();
        self.end_repeat(head, exit);
    }

    pub(super) fn begin_repeat(
        &mut self,
        name: Option<&syn::Label>,
    ) -> (crate::ir::BlockId, crate::ir::BlockId) {
        let exit = self.build.new_block();
        let before = self.build.here();
        // The head is inside the loop, the exit outside.
        self.build.begin_loop(name.map(|name| name.name.ident.to_string()), Some(exit), exit);
        let head = self.build.new_block();
        self.build.set_loop_head(head);
        self.build.edge(before, head);
        self.build.at(before.map(|_| head));
        (head, exit)
    }

    pub(super) fn end_repeat(&mut self, head: crate::ir::BlockId, exit: crate::ir::BlockId) {
        self.build.goto_from_here(head);
        self.build.end_loop();
        let reached = self.build.is_reached(exit);
        self.build.at(reached.then_some(exit));
    }

    pub(super) fn for_loop(&mut self, around: &syn::ExprForLoop) -> Value {
        self.build.begin_scope();
        let source = self.scrutinee(&around.expr);
        let span = span_of(&around.expr);
        let (head, exit) = self.begin_repeat(around.label.as_ref());
        let turns = self.turns(&around.expr);
        self.build.set_turns(turns);
        if let Value::Object(object) = source {
            self.build.op(OpKind::Range(object, None), span);
        }
        let here = self.build.here();
        let (ended, inside) = (self.build.new_block(), self.build.new_block());
        self.build.edge(here, ended);
        self.build.edge(here, inside);
        self.build.at(here.map(|_| ended));
        if let Value::Object(object) = source {
            self.build.op(OpKind::RangeEnd(object), span);
        }
        self.build.edge(here.map(|_| ended), exit);
        self.build.at(here.map(|_| inside));
        self.build.op(OpKind::Next, span);
        self.build.begin_scope();
        let element = match source {
            // Another object on each turn.
            Value::Object(list) => {
                let origin = Origin::Field(list, crate::ir::EACH.to_owned());
                Value::Object(self.build.object("", origin, span))
            }
            _ => Value::Nothing,
        };
        self.pattern(&around.pat, element);
        self.block(&around.body);
        self.build.end_scope();
        self.end_repeat(head, exit);
        self.build.end_scope();
        Value::Nothing
    }

    /// `while let Some(v) = ch.recv()`: a range, if `ch` is a channel.
    pub(super) fn while_received(&mut self, around: &syn::ExprWhile) -> Value {
        let Some((pattern, call)) = received(&around.cond) else { return Value::Nothing };
        let (head, exit) = self.begin_repeat(around.label.as_ref());
        let temporaries = self.temporaries.len();
        let receiver = self.expr(&call.receiver);
        // Guards in the condition live until the end of the turn.
        let guards = self.temporaries.split_off(temporaries);
        let span = span_of(&around.cond).to(Span::of(call.paren_token.span.close()));
        let span = Span::of(first_token(&call.receiver)).to(span);
        if let Value::Object(object) = receiver {
            let path = vec![call.method.to_string()];
            let result = self.build.object("", Origin::Method(object, path[0].clone(), Vec::new()), span);
            let call = Call {
                path,
                receiver: Some(object),
                is_method: true,
                args: Vec::new(),
                generics: Vec::new(),
                result: Some(result),
            };
            self.build.op(OpKind::Range(object, Some(call)), span);
        }
        let here = self.build.here();
        let (ended, inside) = (self.build.new_block(), self.build.new_block());
        self.build.edge(here, ended);
        self.build.edge(here, inside);
        self.build.at(here.map(|_| ended));
        if let Value::Object(object) = receiver {
            self.build.op(OpKind::RangeEnd(object), span);
        }
        guards.iter().for_each(|guard| self.build.op(OpKind::ScopeEnd(*guard), Span::default()));
        self.build.edge(here.map(|_| ended), exit);
        self.build.at(here.map(|_| inside));
        self.build.begin_scope();
        guards.iter().for_each(|guard| self.build.own(*guard));
        self.pattern(pattern, Value::Nothing);
        self.block(&around.body);
        self.build.end_scope();
        self.end_repeat(head, exit);
        Value::Nothing
    }

    /// The number of turns of a loop over `source`, if it is known.
    pub(super) fn turns(&mut self, source: &Expr) -> Option<u64> {
        let Expr::Range(range) = source else { return None };
        let mut bound = |end: &Option<Box<Expr>>| match self.expr(end.as_ref()?) {
            Value::Number(number) => Some(number),
            _ => None,
        };
        let (start, end) = (bound(&range.start)?, bound(&range.end)?);
        let more = i64::from(matches!(range.limits, syn::RangeLimits::Closed(_)));
        u64::try_from(end.checked_sub(start)?.checked_add(more)?).ok()
    }
}

/// The pattern and the call of `let Some(v) = ch.recv()`.
pub(super) fn received(condition: &Expr) -> Option<(&Pat, &syn::ExprMethodCall)> {
    let Expr::Let(condition) = condition else { return None };
    let Expr::MethodCall(call) = &*condition.expr else { return None };
    let some = matches!(&*condition.pat, Pat::TupleStruct(pattern) if pattern.path.is_ident("Some"));
    (some && call.method == "recv" && call.args.is_empty()).then_some((&*condition.pat, call))
}

/// `while true`
pub(super) fn is_true(condition: &Expr) -> bool {
    matches!(condition, Expr::Lit(syn::ExprLit { lit: syn::Lit::Bool(value), .. }) if value.value)
}
