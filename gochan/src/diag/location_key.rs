//! Source locations as keys of maps.

use std::hash::{Hash, Hasher};
use std::panic::Location;

/// A source location. Two are equal if they name the same place, even if the compiler has made two statics of it. Hashed
/// by line and column alone, since millions are hashed, and file names are long.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct LocationKey(pub(super) &'static Location<'static>);

impl Hash for LocationKey {
    fn hash<H: Hasher>(&self, state: &mut H) {
        (u64::from(self.0.line()) << 32 | u64::from(self.0.column())).hash(state);
    }
}
