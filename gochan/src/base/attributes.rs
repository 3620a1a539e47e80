//! Attributes that few goroutines have: a name, or a stack of another size. They are kept in a table by id, so that
//! ordinary goroutines pay nothing for them.

use crate::base::lock::lock;
use std::collections::HashMap;
use std::panic::Location;
use std::sync::{LazyLock, Mutex, MutexGuard};

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

/// By id, with the spawn's location.
type Table = HashMap<u64, (&'static Location<'static>, Attributes)>;

static TABLE: LazyLock<Mutex<Table>> = LazyLock::new(Mutex::default);

fn table() -> MutexGuard<'static, Table> {
    lock(&TABLE)
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

/// All known attributes: id, location of the spawn, name.
pub(crate) fn all() -> Vec<(u64, &'static Location<'static>, Option<String>)> {
    table().iter().map(|(id, (site, attributes))| (*id, *site, attributes.name.clone())).collect()
}

/// True from the spawn of a goroutine with attributes to its end.
pub(crate) fn knows(id: u64) -> bool {
    table().contains_key(&id)
}

/// The stack size in bytes that goroutine `id` asked for, if it did.
pub(crate) fn wanted_stack(id: u64) -> Option<usize> {
    table().get(&id)?.1.stack_size
}
