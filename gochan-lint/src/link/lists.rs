//! The types of the elements of lists.

use super::kind::Kind;
use super::kinds::{PICKS, Resolver};
use crate::ir::{ObjectId, Origin, Ty};

impl Resolver<'_> {
    /// The type of the elements of a list, or of an iterator over it.
    pub(super) fn of_list(&self, list: ObjectId) -> Option<Ty> {
        match self.type_of(list, 0)? {
            Ty::Path(name, arguments) => match (name.as_str(), &arguments[..]) {
                ("Vec" | "[]" | "VecDeque" | "HashSet" | "BTreeSet", [element, ..]) => Some(element.clone()),
                ("HashMap" | "BTreeMap", [key, value, ..]) => {
                    Some(Ty::Tuple(vec![key.clone(), value.clone()]))
                }
                _ => None,
            },
            _ => None,
        }
    }

    /// The kind of the content of a guard's lock.
    pub(super) fn guarded(&self, guard: ObjectId) -> Option<Kind> {
        match self.type_of(guard, 0) {
            Some(content) if content != Ty::Unknown => return Some(self.ty(&content)),
            _ => {}
        }
        let Kind::Guard(lock, _) = *self.known(guard).0 else { return None };
        self.protected(lock)
    }

    /// The kind of what a lock protects.
    pub(super) fn protected(&self, lock: ObjectId) -> Option<Kind> {
        match &self.code.objects.get(lock.at())?.origin {
            Origin::Call(path, args) if path.last().is_some_and(|name| name == "new") => {
                let content = args.first()?.object?;
                Some(self.known(content).0.clone())
            }
            _ => match bare(self.type_of(lock, 0)?) {
                Ty::Path(name, arguments) if is_lock(&name) => Some(self.ty(arguments.first()?)),
                _ => None,
            },
        }
    }

    /// The type of an object, if it is written somewhere. An iterator has the type of its list.
    pub(super) fn type_of(&self, object: ObjectId, depth: u32) -> Option<Ty> {
        // Longer chains are not written by hand.
        const DEPTH: u32 = 12;
        if depth > DEPTH {
            return None;
        }
        let known = self.code.objects.get(object.at())?;
        let inside = |of: ObjectId| self.type_of(of, depth + 1);
        let found = match (&known.origin, &known.written) {
            (_, written @ Ty::Path(..)) => written.clone(),
            (Origin::Typed(ty) | Origin::Plain(ty), _) => ty.clone(),
            (Origin::Static(name), _) => self.program.static_item(self.unit, name)?.ty.clone(),
            (Origin::Call(path, _), _) => {
                let callee = self.program.resolve(self.function, path)?;
                self.program.function(callee).returns.clone()
            }
            (Origin::Field(of, name), _) if name.starts_with('[') => self.of_list(*of)?,
            (Origin::Field(of, name), _) => {
                let Kind::Named(owner) = self.known(*of).0 else { return None };
                let structure = self.program.structure(self.program.units[self.unit].package, owner)?;
                structure.fields.iter().find(|(field, ..)| field == name)?.1.clone()
            }
            (Origin::Element(of, index), _) => match inside(*of)? {
                Ty::Tuple(parts) => parts.get(*index as usize)?.clone(),
                _ => return None,
            },
            (Origin::Method(of, name, args), _) => {
                if let Kind::Named(owner) = self.known(*of).0
                    && let Some(callee) = self.program.method(self.function, owner, name)
                {
                    return Some(bare(self.program.function(callee).returns.clone()));
                }
                let of = bare(inside(*of)?);
                match (name.as_str(), of) {
                    ("values" | "values_mut" | "into_values", Ty::Path(_, arguments)) => match &arguments[..]
                    {
                        [_, value, ..] => Ty::Path("Vec".to_owned(), vec![value.clone()]),
                        _ => return None,
                    },
                    ("enumerate" | "zip", Ty::Path(_, arguments)) => {
                        let [element, ..] = &arguments[..] else { return None };
                        let other = args.first().and_then(|arg| self.of_list(arg.object?));
                        let other = other.unwrap_or(Ty::Unknown);
                        let pair = match name.as_str() {
                            "zip" => vec![element.clone(), other],
                            _ => vec![Ty::Unknown, element.clone()],
                        };
                        Ty::Path("Vec".to_owned(), vec![Ty::Tuple(pair)])
                    }
                    ("lock" | "read" | "write" | "borrow" | "borrow_mut", Ty::Path(name, arguments))
                        if is_lock(&name) =>
                    {
                        arguments.into_iter().next()?
                    }
                    (name, of) if ITERATES.contains(&name) => of,
                    (name, Ty::Path(owner, arguments)) if PICKS.contains(&name) => {
                        match (owner.rsplit("::").next()?, &arguments[..]) {
                            ("OnceLock" | "OnceCell" | "Lazy" | "LazyLock" | "Option", [content, ..]) => {
                                content.clone()
                            }
                            ("Vec" | "[]" | "VecDeque" | "HashSet" | "BTreeSet", [element, ..]) => {
                                element.clone()
                            }
                            ("HashMap" | "BTreeMap", [_, value, ..]) => value.clone(),
                            _ => return None,
                        }
                    }
                    _ => return None,
                }
            }
            _ => return None,
        };
        Some(bare(found))
    }
}

fn is_lock(name: &str) -> bool {
    matches!(name.rsplit("::").next(), Some("Mutex" | "RwLock" | "FairMutex" | "RefCell"))
}

/// A type without the pointers in front of it.
fn bare(mut ty: Ty) -> Ty {
    loop {
        ty = match ty {
            Ty::Ref(inner) => *inner,
            Ty::Path(name, mut arguments) if matches!(name.as_str(), "Arc" | "Rc" | "Box") => {
                match arguments.pop() {
                    Some(inner) => inner,
                    None => return Ty::Unknown,
                }
            }
            other => return other,
        };
    }
}

/// Methods whose result has the same elements, or some of them.
const ITERATES: [&str; 15] = [
    "iter",
    "iter_mut",
    "into_iter",
    "drain",
    "clone",
    "to_vec",
    "rev",
    "skip",
    "take",
    "cloned",
    "copied",
    "as_slice",
    "filter",
    "step_by",
    "peekable",
];
