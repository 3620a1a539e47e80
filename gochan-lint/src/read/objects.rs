//! The objects of a function and the names of its variables.

use super::build::{Builder, Owned};
use super::value::Value;
use crate::ir::{Object, ObjectId, Origin, Ty};
use crate::source::Span;

impl Builder {
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

    /// The parts of the tuple that a variable holds, if it was made here.
    pub(super) fn parts(&self, object: ObjectId) -> Option<Vec<Value>> {
        self.tuples.get(&object).cloned()
    }

    pub(super) fn set_parts(&mut self, object: ObjectId, parts: Vec<Value>) {
        self.tuples.insert(object, parts);
    }

    /// The variable has no value yet.
    pub(super) fn declare(&mut self, object: ObjectId) {
        self.declared.insert(object);
    }

    /// Gives a variable that had no value yet its first one. False if it had one.
    pub(super) fn initialise(&mut self, variable: ObjectId, object: ObjectId) -> bool {
        if !self.declared.remove(&variable) {
            return false;
        }
        let name = self.function.objects[variable.at()].name.clone();
        let fresh = self.function.objects[object.at()].name.is_empty();
        if fresh {
            self.function.objects[object.at()].name = name;
        }
        let scopes = self.frames.iter_mut().rev().flat_map(|frame| frame.scopes.iter_mut().rev());
        for scope in scopes {
            let Some(known) = scope.names.iter_mut().rev().find(|(_, known)| *known == variable) else {
                continue;
            };
            known.1 = object;
            if fresh {
                scope.owned.push(Owned::Variable(object));
            }
            break;
        }
        true
    }

    /// What the lock of a guard protects, the same object for each mention.
    pub(super) fn content(&mut self, guard: ObjectId) -> ObjectId {
        if let Some(known) = self.contents.get(&guard) {
            return *known;
        }
        let span = self.function.objects[guard.at()].span;
        let content = self.object("", Origin::Content(guard), span);
        let name = self.function.objects[guard.at()].name.clone();
        let of = match &self.function.objects[guard.at()].origin {
            Origin::Method(lock, ..) if name.is_empty() => self.function.objects[lock.at()].name.clone(),
            _ => name,
        };
        self.function.objects[content.at()].name = of;
        self.contents.insert(guard, content);
        content
    }

    pub(super) fn blur(&mut self, object: ObjectId) {
        self.function.objects[object.at()].blurred = true;
    }

    pub(super) fn lookup(&self, name: &str) -> Option<ObjectId> {
        let scopes = self.frames.iter().rev().flat_map(|frame| frame.scopes.iter().rev());
        scopes.flat_map(|scope| scope.names.iter().rev()).find(|(known, _)| known == name).map(|&(_, id)| id)
    }

    /// Like `lookup`, for an identifier.
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
}
