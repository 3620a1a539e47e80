//! Statics of gochan's type `Lazy`.

use super::program::Program;
use crate::ir::{ObjectId, Origin, Ty};
use std::collections::HashSet;

/// The objects of a function that are reached through a static `Lazy` of gochan. The first use initialises it, and
/// other goroutines wait for that.
pub(super) fn lazies(program: &Program, function: usize) -> HashSet<ObjectId> {
    let unit = program.functions[function].unit;
    let mut found = HashSet::new();
    for (index, object) in program.function(function).objects.iter().enumerate() {
        let lazy = match &object.origin {
            Origin::Static(name) => is_lazy(program, unit, name),
            Origin::Field(base, _) => found.contains(base),
            _ => false,
        };
        if lazy {
            found.insert(ObjectId(index as u32));
        }
    }
    found
}

fn is_lazy(program: &Program, unit: usize, name: &str) -> bool {
    let Some((unit, item)) = program.static_place(unit, name) else { return false };
    let Ty::Path(path, _) = &item.ty else { return false };
    let written: Vec<String> = path.split("::").map(str::to_owned).collect();
    let full = program.expand(unit, &written);
    let names: Vec<&str> = full.iter().map(String::as_str).collect();
    names.last() == Some(&"Lazy") && program.is_ours(unit, &names)
}
