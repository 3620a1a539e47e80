//! The entries of a directory.

use crate::spawn::blocking::blocking;
use std::collections::VecDeque;
use std::fs::DirEntry;
use std::path::Path;
use std::{fmt, io};

/// So many entries are read by one call.
const BATCH: usize = 64;

/// The entries of a directory, in no order.
///
/// # Errors
/// Those of [`std::fs::read_dir`]; each entry can have an error of its own.
///
/// ```
/// let names: Vec<_> = gochan::fs::read_dir(".").unwrap().map(|entry| entry.unwrap().file_name()).collect();
/// assert!(names.iter().any(|name| name == "Cargo.toml"));
/// ```
#[doc(alias = "os.ReadDir")]
#[track_caller]
pub fn read_dir<P: AsRef<Path>>(path: P) -> io::Result<ReadDir> {
    let path = path.as_ref();
    blocking(|| {
        let mut entries = std::fs::read_dir(path)?;
        let read = entries.by_ref().take(BATCH).collect();
        Ok(ReadDir { entries, read })
    })
}

/// What [`read_dir()`] returns. It reads many entries by each call to the pool.
#[must_use = "an iterator does nothing unless it is used"]
pub struct ReadDir {
    entries: std::fs::ReadDir,
    read: VecDeque<io::Result<DirEntry>>,
}

impl Iterator for ReadDir {
    type Item = io::Result<DirEntry>;

    #[track_caller]
    fn next(&mut self) -> Option<io::Result<DirEntry>> {
        if self.read.is_empty() {
            let entries = &mut self.entries;
            self.read = blocking(|| entries.take(BATCH).collect());
        }
        self.read.pop_front()
    }
}

impl fmt::Debug for ReadDir {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("ReadDir").field(&self.entries).finish()
    }
}
