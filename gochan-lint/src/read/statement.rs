//! Blocks, statements and the temporaries that live until their end.

use super::assign::is_deref;
use super::call::is_literal;
use super::lower::Lower;
use super::shown::{known_better, shown};
use super::span::span_of;
use super::types::ty;
use super::value::Value;
use crate::ir::{OpKind, Origin, Ty, Where};
use crate::source::Span;
use syn::spanned::Spanned;
use syn::{Expr, Pat, Stmt};

impl Lower<'_> {
    pub(super) fn block(&mut self, block: &syn::Block) -> Value {
        self.build.begin_scope();
        let value = self.statements(&block.stmts);
        if let Some(Stmt::Expr(last, None)) = block.stmts.last() {
            self.moves_out(last, &value);
        }
        self.build.end_scope();
        value
    }

    /// The value of a block is not dropped at the block's end.
    pub(super) fn moves_out(&mut self, expr: &Expr, value: &Value) {
        match (expr, value) {
            (Expr::Path(_), Value::Object(object)) => self.build.disown(*object),
            (Expr::Paren(inner), value) => self.moves_out(&inner.expr, value),
            // `Ok((ctx, cancel))`
            (Expr::Call(call), Value::Tuple(_)) if call.args.len() == 1 => {
                self.moves_out(&call.args[0], value);
            }
            (Expr::Tuple(tuple), Value::Tuple(parts)) => {
                tuple.elems.iter().zip(parts).for_each(|(element, part)| {
                    self.moves_out(element, part);
                    // Handles that leave in one tuple are not followed separately.
                    if let (Expr::Path(_), Value::Object(object)) = (element, part) {
                        self.build.op(OpKind::Escape(*object, Where::Given), span_of(element));
                    }
                });
            }
            _ => {}
        }
    }

    pub(super) fn statements(&mut self, statements: &[Stmt]) -> Value {
        let mut last = Value::Nothing;
        for (index, statement) in statements.iter().enumerate() {
            last = Value::Nothing;
            let before = self.temporaries.len();
            match statement {
                Stmt::Local(local) => self.local(local),
                Stmt::Item(item) => self.reader.item(item, &super::reader::Around::default()),
                Stmt::Expr(expr, None) if index + 1 == statements.len() => last = self.expr(expr),
                Stmt::Expr(expr, _) => {
                    let value = self.expr(expr);
                    self.unused(value, expr);
                }
                Stmt::Macro(call) => {
                    let value = self.macro_call(&call.mac);
                    if call.semi_token.is_none() && index + 1 == statements.len() {
                        last = value;
                    }
                }
            }
            self.end_temporaries(before, &last);
        }
        last
    }

    /// Guards without a name are dropped, except those that are part of `value`.
    pub(super) fn end_temporaries(&mut self, before: usize, value: &Value) {
        for guard in self.temporaries.split_off(before.min(self.temporaries.len())) {
            let goes_on = matches!(value, Value::Object(object) if *object == guard);
            if !goes_on && self.build.function.objects[guard.at()].name.is_empty() {
                self.build.op(OpKind::ScopeEnd(guard), Span::default());
            }
        }
    }

    /// An unused value is dropped at the end of its statement.
    pub(super) fn unused(&mut self, value: Value, expr: &Expr) {
        if let Value::Object(object) = value
            && self.build.function.objects[object.at()].name.is_empty()
        {
            self.build.op(OpKind::DroppedAtOnce(object), span_of(expr));
        }
    }

    pub(super) fn local(&mut self, local: &syn::Local) {
        let Some(init) = &local.init else {
            if let Pat::Type(typed) = &local.pat {
                let object = self.typed("", &ty(&typed.ty), Span::of(typed.pat.span()));
                self.build.blur(object);
                self.pattern(&typed.pat, Value::Object(object));
            } else {
                self.pattern(&local.pat, Value::Nothing);
            }
            self.declared(&local.pat);
            return;
        };
        let temporaries = self.temporaries.len();
        let value = self.expr(&init.expr);
        let mut value = match self.taken(value, &init.expr) {
            Value::OneOf(_) => Value::Nothing,
            value => value,
        };
        if is_deref(&init.expr) && self.is_guard(&value) {
            value = Value::Nothing;
        }
        let plain = match &local.pat {
            Pat::Ident(_) => Some(&local.pat),
            Pat::Type(typed) if !matches!(*typed.pat, Pat::Wild(_)) => Some(&*typed.pat),
            _ => None,
        };
        if let (Value::Nothing | Value::Number(_), Some(pattern), None) = (&value, plain, &init.diverge) {
            let shown = match &local.pat {
                Pat::Type(typed) => known_better(ty(&typed.ty), &init.expr),
                _ => shown(&init.expr),
            };
            if shown != Ty::Unknown {
                let origin = match &local.pat {
                    Pat::Type(_) => Origin::Typed(shown),
                    _ => Origin::Plain(shown),
                };
                let object = self.build.object("", origin, Span::of(pattern.span()));
                if is_literal(&init.expr) && !self.fields.is_empty() {
                    let fields = std::mem::take(&mut self.fields);
                    self.build.function.fresh.push((object, fields));
                }
                value = Value::Object(object);
            }
        }
        if let Some((_, otherwise)) = &init.diverge {
            // Temporaries are dropped before the `else`, in all editions.
            self.end_temporaries(temporaries, &value);
            let (before, after) = (self.build.here(), self.build.new_block());
            let branch = self.build.new_block();
            self.build.edge(before, branch);
            self.build.edge(before, after);
            self.build.at(before.map(|_| branch));
            if let (Value::Object(guard), true) = (&value, self.is_guard(&value)) {
                self.build.op(OpKind::ScopeEnd(*guard), Span::default());
            }
            self.channel_ended(&value);
            self.expr(otherwise);
            self.build.goto_from_here(after);
            self.build.at(before.map(|_| after));
        }
        if let (Value::Object(object), Pat::Type(typed)) = (&value, &local.pat) {
            let object = &mut self.build.function.objects[object.at()];
            if object.name.is_empty() && matches!(object.origin, Origin::Call(..) | Origin::Method(..)) {
                object.written = known_better(ty(&typed.ty), &init.expr);
            }
        } else if let Value::Object(object) = &value
            && matches!(&self.build.function.objects[object.at()].origin, Origin::Method(_, name, _) if name == "collect")
        {
            self.build.function.objects[object.at()].written = shown(&init.expr);
        }
        self.pattern(&local.pat, value);
    }

    /// The names of the pattern have no value yet.
    fn declared(&mut self, pattern: &Pat) {
        match pattern {
            Pat::Ident(name) => {
                if let Some(variable) = self.build.lookup_ident(&name.ident) {
                    self.build.declare(variable);
                }
            }
            Pat::Type(typed) => self.declared(&typed.pat),
            Pat::Tuple(tuple) => tuple.elems.iter().for_each(|element| self.declared(element)),
            _ => {}
        }
    }

    /// The value moves to a new owner: if it is a plain variable, the variable no longer drops it.
    pub(super) fn taken(&mut self, value: Value, expr: &Expr) -> Value {
        if let (Value::Object(object), Expr::Path(_)) = (&value, expr) {
            let object = *object;
            self.build.disown(object);
            self.build.own(object);
        }
        value
    }
}
