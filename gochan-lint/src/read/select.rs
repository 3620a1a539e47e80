//! `select!`: first its operations, then its arms.

use super::build::Asks;
use super::lower::Lower;
use super::span::span_of;
use super::value::Value;
use crate::ir::{Arm, BlockId, Bound, OpKind, Select, Where};
use crate::source::Span;
use gochan_syntax as grammar;
use proc_macro2::{TokenStream, TokenTree};
use quote::ToTokens;
use syn::spanned::Spanned;

impl Lower<'_> {
    pub(super) fn arm_body(&mut self, body: &grammar::ArmBody) -> Value {
        match body {
            grammar::ArmBody::Block(body) => self.dsl_body(body),
            grammar::ArmBody::Expr(expr) => self.expr(expr),
        }
    }

    pub(super) fn select(&mut self, select: &grammar::Select, span: Span) -> Value {
        let temporaries = self.temporaries.len();
        let op = self.operations(select);
        self.end_temporaries(temporaries, &Value::Nothing);
        let arms = op.arms.clone();
        self.build.op(OpKind::Select(op), span);
        if select.arms.is_empty() {
            self.build.diverge(span);
            return Value::Nothing;
        }
        let (before, after) = (self.build.here(), self.build.new_block());
        self.build.begin_branch(Asks::Other);
        let mut operations = arms.into_iter();
        for arm in &select.arms {
            let block = self.build.new_block();
            self.build.edge(before, block);
            self.build.at(before.map(|_| block));
            self.build.begin_scope();
            let operates = matches!(arm.kind, grammar::ArmKind::Receive(_) | grammar::ArmKind::Send(_));
            let operation = if operates { operations.next() } else { None };
            self.arm(arm, operation, before.map(|_| block));
            self.build.end_scope();
            self.build.goto_from_here(after);
        }
        self.build.end_branch(Asks::Other);
        let reached = self.build.is_reached(after);
        self.build.at(before.filter(|_| reached).map(|_| after));
        Value::Nothing
    }

    /// Reads the channels, values and guards of all arms, which `select!` evaluates before it chooses an arm.
    fn operations(&mut self, select: &grammar::Select) -> Select {
        let mut op = Select {
            arms: Vec::new(),
            has_default: false,
            has_else: false,
            biased: select.biased.is_some(),
            default_body: None,
        };
        for arm in &select.arms {
            match &arm.kind {
                grammar::ArmKind::Default(_) => {
                    op.has_default = true;
                    op.default_body = Some(body_span(&arm.body));
                }
                grammar::ArmKind::Else(_) => op.has_else = true,
                grammar::ArmKind::Receive(receive) => {
                    let operation = self.receive_operation(receive, arm);
                    op.arms.push(operation);
                }
                grammar::ArmKind::Send(send) => {
                    let operation = self.send_operation(send, arm);
                    op.arms.push(operation);
                }
            }
            if let Some(guard) = &arm.guard {
                self.expr(&guard.condition);
            }
        }
        op
    }

    fn receive_operation(&mut self, receive: &grammar::Receive, arm: &grammar::Arm) -> Arm {
        let channel = self.operand(&receive.channel);
        let bound = match &receive.binding {
            grammar::ReceiveBinding::Discard => Bound::Discarded,
            grammar::ReceiveBinding::Value(_) => Bound::Value,
            grammar::ReceiveBinding::CommaOk(_) | grammar::ReceiveBinding::Some(_) => Bound::Checked,
        };
        let pattern = match &receive.binding {
            grammar::ReceiveBinding::Value(pattern) | grammar::ReceiveBinding::Some(pattern) => {
                Some(Span::of(pattern.span()))
            }
            _ => None,
        };
        let channel_span = span_of(&receive.channel);
        let span = Span::of(receive.arrow.span()).to(channel_span);
        Arm {
            channel,
            sends: false,
            bound,
            channel_span,
            span: pattern.map_or(span, |pattern| pattern.to(span)),
            guarded: arm.guard.is_some(),
            pattern,
            shadows: self.shadowed(&receive.binding, &arm.body),
            body: body_span(&arm.body),
        }
    }

    /// The mutable variable that the binding of an arm hides, if the arm does not mention the name.
    fn shadowed(&self, binding: &grammar::ReceiveBinding, body: &grammar::ArmBody) -> Option<Span> {
        let grammar::ReceiveBinding::Value(pattern) = binding else { return None };
        let syn::Pat::Ident(name) = pattern else { return None };
        if name.mutability.is_some() || name.by_ref.is_some() || name.subpat.is_some() {
            return None;
        }
        let name = name.ident.to_string();
        let outside = self.build.lookup(&name)?;
        let span = *self.build.mutable.get(&(name.clone(), outside))?;
        let mentioned = match body {
            grammar::ArmBody::Block(body) => mentions(&body.tokens, &name),
            grammar::ArmBody::Expr(expr) => mentions(&expr.to_token_stream(), &name),
        };
        (!mentioned).then_some(span)
    }

    fn send_operation(&mut self, send: &grammar::SelectSend, arm: &grammar::Arm) -> Arm {
        let channel = self.operand(&send.channel);
        self.escape(&send.value, Where::Stored);
        let channel_span = span_of(&send.channel);
        Arm {
            channel,
            sends: true,
            bound: if send.result.is_some() { Bound::Checked } else { Bound::Discarded },
            channel_span,
            span: channel_span.to(span_of(&send.value)),
            guarded: arm.guard.is_some(),
            pattern: send.result.as_ref().map(|result| Span::of(result.span())),
            shadows: None,
            body: body_span(&arm.body),
        }
    }

    /// Reads what happens once the arm is chosen: its operation, its bindings, its body.
    fn arm(&mut self, arm: &grammar::Arm, operation: Option<Arm>, block: Option<BlockId>) {
        if let Some(operation) = operation {
            let span = operation.span;
            self.build.op(OpKind::Arm(operation), span);
        }
        match &arm.kind {
            grammar::ArmKind::Receive(receive) => self.receive_binding(receive, block),
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
    }

    pub(super) fn receive_binding(&mut self, receive: &grammar::Receive, block: Option<BlockId>) {
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

/// True if the tokens contain the name, also within a text such as `"{n}"`.
fn mentions(tokens: &TokenStream, name: &str) -> bool {
    tokens.clone().into_iter().any(|token| match token {
        TokenTree::Ident(found) => found == name,
        TokenTree::Group(group) => mentions(&group.stream(), name),
        TokenTree::Literal(text) => text.to_string().contains(name),
        TokenTree::Punct(_) => false,
    })
}

pub(super) fn body_span(body: &grammar::ArmBody) -> Span {
    match body {
        grammar::ArmBody::Block(body) => Span::of(body.span),
        grammar::ArmBody::Expr(expr) => span_of(expr),
    }
}
