//! Places in the source as keys.

use std::hash::{Hash, Hasher};
use std::panic::Location;

/// A place in the source. Equal to another if it is the same one, also where the compiler has made two statics of it;
/// hashed by line and column alone, since millions are, and the names of files are long.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Place(pub(super) &'static Location<'static>);

impl Hash for Place {
    fn hash<H: Hasher>(&self, state: &mut H) {
        (u64::from(self.0.line()) << 32 | u64::from(self.0.column())).hash(state);
    }
}
