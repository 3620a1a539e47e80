//! Lists and their elements.

use super::code::Code;
use crate::ir::{EACH, ObjectId, Origin};
use crate::link::EventKind;

impl<'p> Code<'p> {
    /// The list that an object is an element of, by number or as the element of a loop.
    #[must_use]
    pub fn list_of(self, object: ObjectId) -> Option<ObjectId> {
        match &self.object(object).origin {
            Origin::Field(list, name) if name.starts_with('[') => Some(self.linked.root(*list)),
            _ => None,
        }
    }

    /// The list whose elements a loop visits from end to end, if the object is the loop's element.
    #[must_use]
    pub fn each_of(self, object: ObjectId) -> Option<ObjectId> {
        const WHOLE: [&str; 7] =
            ["iter", "iter_mut", "into_iter", "values", "values_mut", "into_values", "rev"];
        let Origin::Field(list, name) = &self.object(object).origin else { return None };
        let mut list = self.linked.root(*list);
        while let Origin::Method(of, name, _) = &self.object(list).origin {
            if !WHOLE.contains(&name.as_str()) {
                return None;
            }
            list = self.linked.root(*of);
        }
        (name == EACH).then_some(list)
    }

    /// True if the list may have other elements, or another order, after this event.
    #[must_use]
    pub fn rearranges(self, kind: &EventKind, list: ObjectId) -> bool {
        const CALM: [&str; 14] = [
            "len",
            "is_empty",
            "iter",
            "values",
            "keys",
            "push",
            "push_back",
            "extend",
            "clone",
            "to_vec",
            "first",
            "last",
            "contains",
            "capacity",
        ];
        let is = |object: &ObjectId| self.linked.root(*object) == list;
        match kind {
            EventKind::New(object)
            | EventKind::Assign(object)
            | EventKind::Store(object)
            | EventKind::Escape(object, _) => is(object),
            EventKind::Call(_, handed) => handed.iter().flatten().any(is),
            EventKind::Unknown(call) => {
                let calm = call.is_method && CALM.contains(&call.path[0].as_str());
                !calm && call.receiver.as_ref().is_some_and(is)
                    || call.args.iter().filter_map(|arg| arg.object.as_ref()).any(is)
            }
            _ => false,
        }
    }
}
