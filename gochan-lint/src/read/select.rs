//! `select!`: its operations first, then an arm each.

use super::Lower;
use super::expr::Value;
use crate::ir::{Arm, Bound, OpKind, Select, Where};
use crate::source::Span;
use gochan_syntax as grammar;
use syn::spanned::Spanned;

impl Lower<'_> {
    pub(super) fn arm_body(&mut self, body: &grammar::ArmBody) -> Value {
        match body {
            grammar::ArmBody::Block(body) => self.dsl_body(body),
            grammar::ArmBody::Expr(expr) => self.expr(expr),
        }
    }

    pub(super) fn select(&mut self, select: &grammar::Select, span: Span) -> Value {
        let mut arms = Vec::new();
        let (mut has_else, mut default_body) = (false, None);
        let mut has_default = false;
        let temporaries = self.temporaries.len();
        for arm in &select.arms {
            match &arm.kind {
                grammar::ArmKind::Default(_) => {
                    has_default = true;
                    default_body = Some(body_span(&arm.body));
                }
                grammar::ArmKind::Else(_) => has_else = true,
                grammar::ArmKind::Receive(receive) => {
                    let channel = self.operand(&receive.channel);
                    let bound = match &receive.binding {
                        grammar::ReceiveBinding::Discard => Bound::Discarded,
                        grammar::ReceiveBinding::Value(_) => Bound::Value,
                        grammar::ReceiveBinding::CommaOk(_) | grammar::ReceiveBinding::Some(_) => {
                            Bound::Checked
                        }
                    };
                    let channel_span = super::span::span_of(&receive.channel);
                    let span = Span::of(receive.arrow.span()).to(channel_span);
                    let guarded = arm.guard.is_some();
                    let pattern = match &receive.binding {
                        grammar::ReceiveBinding::Value(pattern) | grammar::ReceiveBinding::Some(pattern) => {
                            Some(Span::of(pattern.span()))
                        }
                        _ => None,
                    };
                    let span = pattern.map_or(span, |pattern| pattern.to(span));
                    let body = body_span(&arm.body);
                    arms.push(Arm {
                        channel,
                        sends: false,
                        bound,
                        channel_span,
                        span,
                        guarded,
                        pattern,
                        body,
                    });
                }
                grammar::ArmKind::Send(send) => {
                    let channel = self.operand(&send.channel);
                    self.escape(&send.value, Where::Stored);
                    let channel_span = super::span::span_of(&send.channel);
                    let span = channel_span.to(super::span::span_of(&send.value));
                    let bound = if send.result.is_some() { Bound::Checked } else { Bound::Discarded };
                    let guarded = arm.guard.is_some();
                    let (pattern, body) =
                        (send.result.as_ref().map(|result| Span::of(result.span())), body_span(&arm.body));
                    arms.push(Arm {
                        channel,
                        sends: true,
                        bound,
                        channel_span,
                        span,
                        guarded,
                        pattern,
                        body,
                    });
                }
            }
            if let Some(guard) = &arm.guard {
                self.expr(&guard.condition);
            }
        }
        self.end_temporaries(temporaries, &Value::Nothing);
        let empty = select.arms.is_empty();
        let biased = select.biased.is_some();
        let op = Select { arms: arms.clone(), has_default, has_else, biased, default_body };
        self.build.op(OpKind::Select(op), span);
        if empty {
            self.build.diverge(span);
            return Value::Nothing;
        }
        let (before, after) = (self.build.here(), self.build.new_block());
        self.build.begin_branch(false);
        let mut operations = arms.into_iter();
        for arm in &select.arms {
            let block = self.build.new_block();
            self.build.edge(before, block);
            self.build.at(before.map(|_| block));
            self.build.begin_scope();
            if let grammar::ArmKind::Receive(_) | grammar::ArmKind::Send(_) = &arm.kind
                && let Some(operation) = operations.next()
            {
                let span = operation.span;
                self.build.op(OpKind::Arm(operation), span);
            }
            match &arm.kind {
                grammar::ArmKind::Receive(receive) => self.receive_binding(receive, before.map(|_| block)),
                grammar::ArmKind::Send(send) => {
                    if let Some(result) = &send.result {
                        self.pattern(result, Value::Nothing);
                    }
                }
                grammar::ArmKind::Default(word) => self.build.op(OpKind::DefaultArm, Span::of(word.span)),
                grammar::ArmKind::Else(_) => {}
            }
            let value = self.arm_body(&arm.body);
            self.returned_if_branch(value);
            self.build.end_scope();
            self.build.goto_from_here(after);
        }
        self.build.end_branch(false);
        let reached = self.build.is_reached(after);
        self.build.at(before.filter(|_| reached).map(|_| after));
        Value::Nothing
    }

    pub(super) fn receive_binding(&mut self, receive: &grammar::Receive, block: Option<crate::ir::BlockId>) {
        match &receive.binding {
            grammar::ReceiveBinding::Discard => {}
            grammar::ReceiveBinding::Value(pattern) | grammar::ReceiveBinding::Some(pattern) => {
                self.pattern(pattern, Value::Nothing);
            }
            grammar::ReceiveBinding::CommaOk(both) => {
                self.pattern(&both.0, Value::Nothing);
                self.pattern(&both.1, Value::Nothing);
            }
        }
        if let Some((_, otherwise)) = &receive.otherwise {
            let instead = self.build.new_block();
            let goes_on = self.build.new_block();
            self.build.edge(block, instead);
            self.build.edge(block, goes_on);
            self.build.at(block.map(|_| instead));
            self.arm_body(otherwise);
            self.build.goto_from_here(goes_on);
            self.build.at(block.map(|_| goes_on));
        }
    }
}

pub(super) fn body_span(body: &grammar::ArmBody) -> Span {
    match body {
        grammar::ArmBody::Block(body) => Span::of(body.span),
        grammar::ArmBody::Expr(expr) => super::span::span_of(expr),
    }
}
