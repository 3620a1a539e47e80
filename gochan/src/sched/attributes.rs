//! What only few goroutines have: a name, a stack of another size. Kept beside the tasks, by id, so that the many
//! do not pay for the few.

use super::task::TaskRef;
use crate::stack::{Slot, pool};
use std::collections::HashMap;
use std::panic::Location;
use std::sync::{LazyLock, Mutex, MutexGuard, PoisonError};

#[derive(Debug, Clone, Default)]
pub(crate) struct Attributes {
    pub(crate) name: Option<String>,
    pub(crate) stack_size: Option<usize>,
}

impl Attributes {
    pub(crate) fn is_default(&self) -> bool {
        self.name.is_none() && self.stack_size.is_none()
    }
}

/// By id, with the place of the spawn.
type Table = HashMap<u64, (&'static Location<'static>, Attributes)>;

static TABLE: LazyLock<Mutex<Table>> = LazyLock::new(Mutex::default);

fn table() -> MutexGuard<'static, Table> {
    TABLE.lock().unwrap_or_else(PoisonError::into_inner)
}

pub(crate) fn remember(id: u64, site: &'static Location<'static>, attributes: Attributes) {
    table().insert(id, (site, attributes));
}

pub(crate) fn forget(id: u64) {
    table().remove(&id);
}

pub(crate) fn name(id: u64) -> Option<String> {
    table().get(&id)?.1.name.clone()
}

/// Whatever is known: id, place of the spawn, name.
pub(crate) fn all() -> Vec<(u64, &'static Location<'static>, Option<String>)> {
    table().iter().map(|(id, (site, attributes))| (*id, *site, attributes.name.clone())).collect()
}

/// True from the spawn of a goroutine with attributes to its end.
pub(crate) fn knows(id: u64) -> bool {
    table().contains_key(&id)
}

/// Usable stack bytes for a task, special or not.
pub(crate) fn stack_size(task: &TaskRef, default: usize) -> usize {
    if !task.is_special() {
        return default;
    }
    let wanted = table().get(&task.id()).and_then(|(_, attributes)| attributes.stack_size).unwrap_or(default);
    crate::stack::usable_size(wanted.saturating_add(task.frame()))
}

/// A stack for a special task, straight from the pool of its size.
pub(crate) fn take_stack(task: &TaskRef, default: usize) -> Slot {
    let mut slot = Vec::with_capacity(1);
    if let Err(error) = pool::for_size(stack_size(task, default)).take(1, &mut slot) {
        super::report::fatal(&format!("cannot make a stack for goroutine {}: {error}", task.id()));
    }
    slot[0]
}

/// Takes back a stack that is not of the default size.
pub(crate) fn return_stack(slot: Slot) {
    pool::for_size(slot.usable()).put([slot]);
}
