//! Files and directories: std's functions and types, which leave the worker to others.
//!
//! Each operation is a call of [`blocking`]: in a goroutine it runs on a thread of the pool, and the
//! goroutine is parked; elsewhere it runs on the calling thread. Names, arguments, results and errors are those of
//! [`std::fs`], so only the import changes. What needs no call to the system is left out: use std's `Metadata`,
//! `Permissions`, `FileType` and `DirEntry`.
//!
//! ```
//! use gochan::fs;
//! use gochan::prelude::*;
//! use std::io::{BufRead, BufReader};
//!
//! # fn main() -> std::io::Result<()> {
//! let path = std::env::temp_dir().join(format!("gochan-{}", std::process::id()));
//! fs::write(&path, "one\ntwo\n")?;
//! let lines = go!([path] { Ok(BufReader::new(fs::File::open(path)?).lines().count()) });
//! assert_eq!(lines.join().unwrap().map_err(|error: std::io::Error| error.kind()), Ok(2));
//! fs::remove_file(&path)
//! # }
//! ```
//!
//! A hand-over to the pool takes some microseconds, as long as a small read of a file in memory. So read and write by
//! `BufReader` and `BufWriter`, or whole files by [`read`] and [`write()`]; and make many small calls in one
//! [`blocking`] with std's functions.
//!
//! # Leaving a call
//!
//! The system cannot take back an operation on a file, so no context ends one. A goroutine that must go on when a context
//! ends leaves the operation to another goroutine and selects on its result. The operation then goes on to its end on its
//! thread, whether or not its result is still wanted:
//!
//! ```
//! use gochan::prelude::*;
//!
//! fn read(ctx: &Context, path: &'static str) -> Option<std::io::Result<Vec<u8>>> {
//!     let result = chan!(std::io::Result<Vec<u8>>, 1);
//!     go!([result] { result.send(gochan::fs::read(path)).is_ok() });
//!     select! {
//!         Some(result) = <-result else { None } => Some(result),
//!         <-ctx.done() => None,
//!     }
//! }
//! assert!(read(&background(), "Cargo.toml").unwrap().is_ok());
//! ```
//!
//! What reads from pipes, terminals and devices can be left: see [`io`](crate::io).
//!
//! | Go | here |
//! |---|---|
//! | `os.ReadFile`, `os.WriteFile` | [`read`], [`read_to_string`], [`write()`] |
//! | `os.Open`, `os.Create`, `os.OpenFile` | [`File::open`], [`File::create`], [`OpenOptions`] |
//! | `os.ReadDir`, `os.MkdirAll`, `os.RemoveAll` | [`read_dir()`], [`create_dir_all`], [`remove_dir_all`] |
//! | `os.Rename`, `os.Remove`, `os.Stat`, `os.Lstat` | [`rename`], [`remove_file`], [`metadata`], [`symlink_metadata`] |

mod file;
mod lock;
mod read_dir;

pub use file::{File, OpenOptions};
pub use lock::TryLockError;
pub use read_dir::{ReadDir, read_dir};

use crate::spawn::blocking::blocking;
use std::fs::{Metadata, Permissions};
use std::io;
use std::path::{Path, PathBuf};

/// Functions of one path.
macro_rules! of_path {
    ($($(#[$doc:meta])* $name:ident -> $result:ty;)*) => {$(
        $(#[$doc])*
        ///
        /// # Errors
        #[doc = concat!("Those of [`std::fs::", stringify!($name), "`].")]
        #[track_caller]
        pub fn $name<P: AsRef<Path>>(path: P) -> io::Result<$result> {
            let path = path.as_ref();
            blocking(|| std::fs::$name(path))
        }
    )*};
}

of_path! {
    /// The absolute path, without symbolic links.
    #[doc(alias = "filepath.EvalSymlinks")]
    canonicalize -> PathBuf;
    /// Creates a directory.
    #[doc(alias = "os.Mkdir")]
    create_dir -> ();
    /// Creates a directory, and those above it that are missing.
    #[doc(alias = "os.MkdirAll")]
    create_dir_all -> ();
    /// True if there is something at the path.
    exists -> bool;
    /// What the system knows about a file. Follows symbolic links.
    #[doc(alias = "os.Stat")]
    metadata -> Metadata;
    /// The content of a file.
    #[doc(alias = "os.ReadFile")]
    read -> Vec<u8>;
    /// The path that a symbolic link contains.
    #[doc(alias = "os.Readlink")]
    read_link -> PathBuf;
    /// The content of a file, which must be UTF-8.
    read_to_string -> String;
    /// Removes an empty directory.
    #[doc(alias = "os.Remove")]
    remove_dir -> ();
    /// Removes a directory with everything in it.
    #[doc(alias = "os.RemoveAll")]
    remove_dir_all -> ();
    /// Removes a file.
    #[doc(alias = "os.Remove")]
    remove_file -> ();
    /// What the system knows about a file or a symbolic link itself.
    #[doc(alias = "os.Lstat")]
    symlink_metadata -> Metadata;
}

/// Functions of two paths.
macro_rules! of_paths {
    ($($(#[$doc:meta])* $name:ident, $std:path => $result:ty;)*) => {$(
        $(#[$doc])*
        ///
        /// # Errors
        #[doc = concat!("Those of [`", stringify!($std), "`].")]
        #[track_caller]
        pub fn $name<P: AsRef<Path>, Q: AsRef<Path>>(from: P, to: Q) -> io::Result<$result> {
            let (from, to) = (from.as_ref(), to.as_ref());
            blocking(|| $std(from, to))
        }
    )*};
}

of_paths! {
    /// Copies the content and the permissions of a file. Returns the number of bytes.
    copy, std::fs::copy => u64;
    /// Gives a file a second name.
    #[doc(alias = "os.Link")]
    hard_link, std::fs::hard_link => ();
    /// Renames a file or a directory, and replaces what has the new name.
    #[doc(alias = "os.Rename")]
    rename, std::fs::rename => ();
    /// Creates the symbolic link `to` that contains the path `from`.
    #[doc(alias = "os.Symlink")]
    symlink, std::os::unix::fs::symlink => ();
}

/// Changes the permissions of a file or a directory.
///
/// # Errors
/// Those of [`std::fs::set_permissions`].
#[doc(alias = "os.Chmod")]
#[track_caller]
pub fn set_permissions<P: AsRef<Path>>(path: P, permissions: Permissions) -> io::Result<()> {
    let path = path.as_ref();
    blocking(|| std::fs::set_permissions(path, permissions))
}

/// Makes `contents` the content of a file, which it creates if it is missing.
///
/// # Errors
/// Those of [`std::fs::write`].
#[doc(alias = "os.WriteFile")]
#[track_caller]
pub fn write<P: AsRef<Path>, C: AsRef<[u8]>>(path: P, contents: C) -> io::Result<()> {
    let (path, contents) = (path.as_ref(), contents.as_ref());
    blocking(|| std::fs::write(path, contents))
}
