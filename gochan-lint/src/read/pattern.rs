//! Patterns, which bind names.

use super::lower::Lower;
use super::types::ty;
use super::value::Value;
use crate::ir::{ObjectId, OpKind, Origin};
use crate::source::Span;
use syn::Pat;
use syn::spanned::Spanned;

impl Lower<'_> {
    /// Binds the names of `pattern` to the parts of `value`.
    pub(super) fn pattern(&mut self, pattern: &Pat, value: Value) {
        match pattern {
            Pat::Ident(name) => {
                if let Some((_, inner)) = &name.subpat {
                    self.pattern(inner, Value::Nothing);
                }
                let span = Span::of(name.ident.span());
                let text = name.ident.to_string();
                self.name(&text, value, span);
                if name.mutability.is_some()
                    && let Some(object) = self.build.lookup(&text)
                {
                    self.build.mutable.insert((text, object), span);
                }
            }
            Pat::Type(typed) => {
                let value = match value {
                    Value::Nothing => {
                        let object = self.typed("", &ty(&typed.ty), Span::of(typed.pat.span()));
                        Value::Object(object)
                    }
                    value => value,
                };
                self.pattern(&typed.pat, value);
            }
            Pat::Wild(wild) => self.wildcard(value, Span::of(wild.underscore_token.span)),
            Pat::Tuple(tuple) => self.tuple_pattern(tuple, value),
            Pat::TupleStruct(tuple) => self.tuple_struct_pattern(tuple, value),
            Pat::Reference(reference) => self.pattern(&reference.pat, value),
            Pat::Paren(inner) => self.pattern(&inner.pat, value),
            Pat::Struct(fields) => self.struct_pattern(fields, &value),
            Pat::Slice(slice) => {
                slice.elems.iter().for_each(|element| self.pattern(element, Value::Nothing));
            }
            Pat::Guard(guarded) => {
                self.pattern(&guarded.pat, value);
                self.look(&guarded.guard);
            }
            // All cases bind the same names; the first one does here.
            Pat::Or(cases) => {
                if let Some(first) = cases.cases.first() {
                    self.pattern(first, value);
                }
            }
            _ => {}
        }
    }

    fn tuple_struct_pattern(&mut self, tuple: &syn::PatTupleStruct, value: Value) {
        // `Some(x)`, `Ok(x)`: the same handle, as far as we are concerned.
        let last = tuple.path.segments.last();
        let wraps = last.is_some_and(|last| ["Some", "Ok"].iter().any(|name| last.ident == name));
        if wraps && tuple.elems.len() == 1 {
            tuple.elems.iter().for_each(|element| self.pattern(element, value.clone()));
            return;
        }
        let mut counted = true;
        for (index, element) in tuple.elems.iter().enumerate() {
            counted &= !matches!(element, Pat::Rest(_));
            let part = match (&value, element) {
                (Value::Object(object), Pat::Ident(name)) if counted => {
                    let span = Span::of(name.ident.span());
                    let part = self.build.field(*object, &index.to_string(), span);
                    // Reports use the name instead of the field's number.
                    self.build.function.objects[part.at()].name = name.ident.to_string();
                    Value::Object(part)
                }
                _ => Value::Nothing,
            };
            self.pattern(element, part);
        }
    }

    fn struct_pattern(&mut self, fields: &syn::PatStruct, value: &Value) {
        for field in &fields.fields {
            let part = match (value, &field.member) {
                (Value::Object(object), syn::Member::Named(name)) => {
                    let span = Span::of(name.span());
                    Value::Object(self.build.field(*object, &name.to_string(), span))
                }
                _ => Value::Nothing,
            };
            self.pattern(&field.pat, part);
        }
    }

    fn tuple_pattern(&mut self, tuple: &syn::PatTuple, value: Value) {
        let value = match &value {
            Value::Object(object) => self.build.parts(*object).map_or(value, Value::Tuple),
            _ => value,
        };
        let rest = tuple.elems.iter().position(|element| matches!(element, Pat::Rest(_)));
        for (index, element) in tuple.elems.iter().enumerate() {
            let span = Span::of(element.span());
            if let (Pat::Rest(_), Value::Object(object)) = (element, &value) {
                // Parts skipped by `..` are dropped at the end of the statement.
                let left_out = self.element(*object, index as u32, span);
                self.build.op(OpKind::New(left_out), span);
                self.build.op(OpKind::DroppedAtOnce(left_out), span);
                continue;
            }
            let part = match &value {
                Value::Tuple(parts) if rest.is_none_or(|rest| index < rest) => {
                    parts.get(index).cloned().unwrap_or(Value::Nothing)
                }
                Value::Object(object) if rest.is_none_or(|rest| index < rest) => {
                    Value::Object(self.element(*object, index as u32, span))
                }
                _ => Value::Nothing,
            };
            self.pattern(element, part);
        }
    }

    pub(super) fn element(&mut self, object: ObjectId, index: u32, span: Span) -> ObjectId {
        self.build.object("", Origin::Element(object, index), span)
    }

    fn wildcard(&mut self, value: Value, span: Span) {
        match value {
            Value::Object(object) => {
                // `let _ = place` does not drop a named place.
                if self.build.function.objects[object.at()].name.is_empty() {
                    self.build.op(OpKind::New(object), span);
                    self.build.op(OpKind::DroppedAtOnce(object), span);
                }
            }
            Value::Tuple(parts) => parts.into_iter().for_each(|part| self.wildcard(part, span)),
            Value::Nothing | Value::Number(_) | Value::OneOf(_) => {}
        }
    }

    /// Binds one name.
    pub(super) fn name(&mut self, name: &str, value: Value, span: Span) {
        match value {
            Value::Object(object) => {
                let fresh = self.build.function.objects[object.at()].name.is_empty();
                self.build.bind(name, object);
                if fresh {
                    self.build.function.objects[object.at()].span = span;
                    self.build.op(OpKind::New(object), span);
                    self.build.own(object);
                }
            }
            Value::Tuple(_) | Value::Nothing | Value::Number(_) | Value::OneOf(_) => {
                // It shadows an earlier object of that name.
                let object = self.build.object(name, Origin::Unknown, span);
                self.build.bind(name, object);
                if let Value::Tuple(parts) = value {
                    self.build.set_parts(object, parts);
                }
            }
        }
    }
}
