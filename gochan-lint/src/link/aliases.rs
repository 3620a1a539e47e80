//! Handles that are reached in other ways than by their own variable: through a lock's guard, a method that returns a
//! field, the parameter of a closure that a combinator calls, the result of a closure.
//!
//! Where code mentions no object for such a handle, one is made for it: a field of the object it is reached through.

use super::event::EventKind;
use super::getters::{Given, is_handle, result_of};
use super::kind::Kind;
use super::kinds::Resolver;
use super::program::Program;
use super::summary::Effect;
use crate::ir::{BodyId, CONTENT, FUNCTION, Object, ObjectId, Origin, Ty};
use rayon::prelude::*;

impl Resolver<'_> {
    /// Remembers the object of a field. Returns the one that is known already, if any.
    pub(super) fn same_field(&self, base: ObjectId, name: &str, id: ObjectId) -> ObjectId {
        if name.starts_with('[') {
            return id;
        }
        *self.aliases.fields.borrow_mut().entry((base, name.to_owned())).or_insert(id)
    }

    /// The object of a chain of fields, which is made if the code does not mention it.
    pub(super) fn reached(&self, base: ObjectId, of: &Kind, fields: &[String], last: &Kind) -> ObjectId {
        let (mut object, mut kind) = (base, of.clone());
        for (index, name) in fields.iter().enumerate() {
            let of_field = self.field_of(object, &kind, name);
            kind = if index + 1 == fields.len() { last.clone() } else { of_field };
            object = self.made(object, name, &kind);
        }
        object
    }

    pub(super) fn made(&self, base: ObjectId, name: &str, kind: &Kind) -> ObjectId {
        let key = (base, name.to_owned());
        if let Some(known) = self.aliases.fields.borrow().get(&key) {
            return *known;
        }
        let mut made = self.aliases.made.borrow_mut();
        let of = match base.at().checked_sub(self.code.objects.len()) {
            Some(index) => &made[index].0,
            None => &self.code.objects[base.at()],
        };
        let shown = if name == CONTENT { &of.name } else { name.trim_end_matches("()") };
        let object = Object {
            name: shown.to_owned(),
            origin: Origin::Field(base, name.to_owned()),
            written: Ty::Unknown,
            body: of.body,
            loops: of.loops,
            span: of.span,
            blurred: of.blurred,
        };
        let id = ObjectId((self.code.objects.len() + made.len()) as u32);
        made.push((object, kind.clone()));
        self.aliases.fields.borrow_mut().insert(key, id);
        id
    }

    /// Makes objects for the new channels in the fields of a new structure.
    pub(super) fn make_fields(&self, id: ObjectId, kind: &Kind) {
        let object = &self.code.objects[id.at()];
        let fields = match &object.origin {
            _ if !matches!(kind, Kind::Named(_)) => return,
            Origin::Call(path, _) => match self.program.resolve(self.function, path) {
                Some(maker) => &self.program.function(maker).makes,
                None => return,
            },
            Origin::Plain(_) | Origin::Typed(_) => {
                match self.code.fresh.iter().find(|(fresh, _)| *fresh == id) {
                    Some((_, fields)) => fields,
                    None => return,
                }
            }
            _ => return,
        };
        for (name, capacity) in fields {
            if let Kind::Channel(side, _) = self.field_of(id, kind, name) {
                self.made(id, name, &Kind::Channel(side, Some(*capacity)));
            }
        }
    }

    /// What a guard protects. The guard itself, if nothing is known about it.
    pub(super) fn content(&self, guard: ObjectId) -> (Kind, ObjectId) {
        let (kind, root) = self.known(guard);
        let Kind::Guard(lock, _) = *kind else { return (kind.clone(), root) };
        match self.guarded(guard) {
            Some(content) if is_handle(&content) => {
                let object = self.made(lock, CONTENT, &content);
                (content, object)
            }
            _ => (kind.clone(), root),
        }
    }

    /// The field that a function of the workspace returns, as seen by a caller with these arguments.
    pub(super) fn got(&self, callee: usize, handed: &[Option<ObjectId>]) -> Option<(Kind, ObjectId)> {
        let (param, fields) = self.program.getters.get(&callee)?;
        let base = handed.get(*param).copied().flatten()?;
        let (of, root) = self.known(base);
        let kind = match self.returned(callee) {
            Kind::Other => fields.iter().fold(of.clone(), |kind, name| self.field_of(root, &kind, name)),
            kind => kind,
        };
        is_handle(&kind).then(|| {
            let object = self.reached(root, of, fields, &kind);
            (kind, object)
        })
    }

    /// What a value of a type with `Deref` leads to, if the type has no method of that name itself.
    pub(super) fn dereferenced(&self, of: ObjectId, known: Option<usize>) -> Option<(Kind, ObjectId)> {
        let Kind::Named(owner) = self.known(of).0 else { return None };
        let deref = self.program.method(self.function, owner, "deref").filter(|_| known.is_none())?;
        self.got(deref, &[Some(of)])
    }

    /// The type and the handle of a closure's parameter.
    pub(super) fn closure_param(&self, id: ObjectId) -> Option<(Kind, ObjectId)> {
        let Given { receiver, path, is_method, arg, param } = self.aliases.params.get(&id)?;
        let name = path.last()?.as_str();
        if !is_method {
            let callee = self.program.resolve(self.function, path)?;
            return self.by_bound(callee, *arg, *param, id);
        }
        let receiver = (*receiver)?;
        let (kind, root) = self.known(receiver);
        if let Kind::Named(owner) = kind
            && let Some(callee) = self.program.method(self.function, owner, name)
        {
            return self.by_bound(callee, arg + 1, *param, id);
        }
        const EACH_OF: [&str; 16] = [
            "for_each",
            "try_for_each",
            "map",
            "filter",
            "filter_map",
            "flat_map",
            "any",
            "all",
            "find",
            "find_map",
            "position",
            "inspect",
            "retain",
            "map_while",
            "take_while",
            "skip_while",
        ];
        if EACH_OF.contains(&name)
            && *param == 0
            && let Some(element) = self.of_list(receiver)
        {
            return Some((self.ty(&element), id));
        }
        if matches!(name, "fold" | "try_fold")
            && *param == 1
            && let Some(element) = self.of_list(receiver)
        {
            return Some((self.ty(&element), id));
        }
        const OF_OPTION: [&str; 9] = [
            "map",
            "and_then",
            "inspect",
            "is_some_and",
            "is_none_or",
            "map_or",
            "map_or_else",
            "filter",
            "with",
        ];
        let optional = || match kind {
            Kind::Context | Kind::WaitGroup | Kind::Cancel | Kind::ContextAndCancel => true,
            Kind::Channel(..) | Kind::Named(_) | Kind::Lock(_) => {
                matches!(self.type_of(receiver, 0), Some(Ty::Path(name, _)) if matches!(name.as_str(), "Option" | "Result" | "LocalKey"))
            }
            _ => false,
        };
        (OF_OPTION.contains(&name) && *param == 0 && optional()).then(|| (kind.clone(), root))
    }

    /// By the bound of the callee's parameter: `f: impl FnOnce(&Context)`.
    fn by_bound(&self, callee: usize, arg: usize, param: usize, id: ObjectId) -> Option<(Kind, ObjectId)> {
        match &self.program.function(callee).params.get(arg)?.ty {
            Ty::Path(name, parts) if name == FUNCTION => match &parts[..] {
                [Ty::Tuple(inputs), _] => Some((self.ty(inputs.get(param)?), id)),
                _ => None,
            },
            _ => None,
        }
    }

    /// The result of a call of a closure, or of a parameter that can be called.
    pub(super) fn called(&self, id: ObjectId, callee: ObjectId) -> (Kind, ObjectId) {
        if let Origin::Closure(body) = self.code.objects[callee.at()].origin {
            return self.of_closure(body, id).unwrap_or((Kind::Other, id));
        }
        match self.type_of(callee, 0) {
            Some(Ty::Path(name, parts)) if name == FUNCTION => {
                (parts.get(1).map_or(Kind::Other, |result| self.ty(result)), id)
            }
            _ => (Kind::Other, id),
        }
    }

    /// What a closure returns: a handle from outside, or one that it makes.
    pub(super) fn of_closure(&self, body: BodyId, id: ObjectId) -> Option<(Kind, ObjectId)> {
        let result = result_of(self.code, body)?;
        let (kind, root) = self.known(result);
        let outside = self.code.objects.get(root.at()).is_some_and(|object| object.body != body);
        is_handle(kind).then(|| (kind.clone(), if outside { root } else { id }))
    }
}

/// Makes objects for the channels that a function closes through the methods of a value: `queue.finish()`.
pub(super) fn closed_fields(program: &mut Program) {
    let all = 0..program.functions.len();
    let made: Vec<_> = all.into_par_iter().map(|function| closed_in(program, function)).collect();
    for (linked, made) in program.functions.iter_mut().zip(made) {
        let code = &mut program.units[linked.unit].file.functions[linked.index];
        for (object, kind) in made {
            linked.roots.push(ObjectId(linked.kinds.len() as u32));
            linked.kinds.push(kind);
            code.objects.push(object);
        }
    }
}

fn closed_in(program: &Program, function: usize) -> Vec<(Object, Kind)> {
    let linked = &program.functions[function];
    let mut wanted: Vec<(ObjectId, &str)> = Vec::new();
    for event in linked.events.iter().flatten().flat_map(|block| &block.0) {
        let EventKind::Call(callee, handed) = &event.kind else { continue };
        for ((index, path), effect) in &program.functions[*callee].summary.fields {
            if effect.has(Effect::CLOSES)
                && let Some(base) = handed.get(*index).copied().flatten()
            {
                wanted.push((base, path));
            }
        }
    }
    if wanted.is_empty() {
        return Vec::new();
    }
    let code = program.function(function);
    let resolver = Resolver::linked(program, function);
    for (object, index) in code.objects.iter().zip(0..) {
        if let Origin::Field(base, name) = &object.origin {
            resolver.same_field(linked.root(*base), name, linked.root(ObjectId(index)));
        }
    }
    for (base, path) in wanted {
        let fields: Vec<String> = path.split('.').map(str::to_owned).collect();
        let of = linked.kind(base);
        let last = fields.iter().fold(of.clone(), |kind, name| resolver.field_of(base, &kind, name));
        if matches!(last, Kind::Channel(..)) {
            resolver.reached(base, of, &fields, &last);
        }
    }
    resolver.aliases.made.into_inner()
}
