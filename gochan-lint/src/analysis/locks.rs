//! Which locks an event takes, and what they are called in the whole program.

use super::code::Code;
use super::guards::Held;
use crate::ir::{ObjectId, Origin};
use crate::link::{AccessPath, EventKind, Flavour, Kind, LockMode, owner_of};

impl Code<'_> {
    /// The locks that an event takes, itself or through a function, and how.
    #[must_use]
    pub fn locks_taken(self, kind: &EventKind) -> Vec<(String, LockMode)> {
        match kind {
            EventKind::Lock(lock, mode @ (LockMode::Exclusive | LockMode::Shared), _, flavour)
                if *flavour != Flavour::Cell =>
            {
                vec![(self.lock_name(*lock, &[]), *mode)]
            }
            EventKind::Call(callee, handed) => {
                let locks = self.program.functions[*callee].summary.locks.iter();
                let named = locks.filter_map(|((param, fields), mode)| match param {
                    None => Some((fields.join("."), *mode)),
                    Some(index) => {
                        Some((self.lock_name(handed.get(*index).copied().flatten()?, fields), *mode))
                    }
                });
                named.collect()
            }
            _ => Vec::new(),
        }
    }

    /// Identifies a lock, which `fields` lead to from an object: as a field of a type, a static, or a variable of this
    /// function. The names of variables contain a `:`.
    #[must_use]
    pub fn lock_name(self, object: ObjectId, fields: &[String]) -> String {
        match fields.split_last() {
            Some((field, before)) => {
                if let Some(owner) = owner_of(self.program, self.index, object, before) {
                    return format!("{owner}.{field}");
                }
            }
            None => {
                if let Origin::Field(of, field) = &self.object(object).origin
                    && let Kind::Named(owner) = self.kind(*of)
                    && !field.starts_with('[')
                {
                    return format!("{owner}.{field}");
                }
            }
        }
        let AccessPath { base, fields } = AccessPath::of(self.program, self.index, object).then(fields);
        let name = fields.join(".");
        match base {
            None => name,
            Some(base) => format!("{}:{}.{name}", self.index, base.0),
        }
    }

    /// How an event takes a lock that is held, if it does.
    #[must_use]
    pub fn takes_again(self, kind: &EventKind, held: &Held) -> Option<LockMode> {
        match kind {
            EventKind::Lock(lock, mode, ..) => {
                (*lock == held.lock && *mode != LockMode::Try).then_some(*mode)
            }
            EventKind::Call(callee, handed) => self.call_takes(*callee, handed, held.lock),
            _ => None,
        }
    }

    /// How a called function takes the lock, if it does.
    fn call_takes(self, callee: usize, handed: &[Option<ObjectId>], lock: ObjectId) -> Option<LockMode> {
        let summary = &self.program.functions[callee].summary;
        if summary.locks.is_empty() {
            return None;
        }
        let path = |object| AccessPath::of(self.program, self.index, object);
        let held = path(lock);
        let taken = summary.locks.iter().filter(|((param, fields), _)| {
            let full = match param {
                None => Some(AccessPath { base: None, fields: fields.clone() }),
                Some(index) => handed.get(*index).copied().flatten().map(|object| path(object).then(fields)),
            };
            full.as_ref() == Some(&held)
        });
        // `Exclusive` is the smaller.
        taken.map(|(_, mode)| *mode).min()
    }
}
