//! An open file.

use crate::spawn::blocking::blocking;
use std::fs::{FileTimes, Metadata, Permissions};
use std::io::{self, IoSlice, IoSliceMut, Read, Seek, SeekFrom, Write};
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, IntoRawFd, OwnedFd, RawFd};
use std::os::unix::fs::{FileExt, OpenOptionsExt};
use std::path::Path;
use std::process::Stdio;
use std::time::SystemTime;

/// An open file, like [`std::fs::File`], from and into which it converts.
///
/// Each operation is a call of [`blocking`], the reads and writes of `File` and `&File` among them. So
/// several goroutines may use one file at a time; they share its position, unless they use
/// [`read_at`](File::read_at) and [`write_at`](File::write_at). Closing it, by its drop, is done in place.
///
/// ```
/// use gochan::fs::File;
/// use std::io::{Read, Seek, Write};
///
/// # fn main() -> std::io::Result<()> {
/// let path = std::env::temp_dir().join(format!("gochan-file-{}", std::process::id()));
/// let mut file = File::options().read(true).write(true).create_new(true).open(&path)?;
/// file.write_all(b"hello")?;
/// file.rewind()?;
/// let mut text = String::new();
/// file.read_to_string(&mut text)?;
/// assert_eq!(text, "hello");
/// gochan::fs::remove_file(path)
/// # }
/// ```
#[derive(Debug)]
#[doc(alias = "os.File")]
pub struct File(std::fs::File);

impl File {
    /// Opens a file for reading.
    ///
    /// # Errors
    /// Those of [`std::fs::File::open`].
    #[doc(alias = "os.Open")]
    #[track_caller]
    pub fn open<P: AsRef<Path>>(path: P) -> io::Result<File> {
        let path = path.as_ref();
        blocking(|| std::fs::File::open(path)).map(File)
    }

    /// Opens an empty file for writing. A file of that name loses its content.
    ///
    /// # Errors
    /// Those of [`std::fs::File::create`].
    #[doc(alias = "os.Create")]
    #[track_caller]
    pub fn create<P: AsRef<Path>>(path: P) -> io::Result<File> {
        let path = path.as_ref();
        blocking(|| std::fs::File::create(path)).map(File)
    }

    /// Creates a file for reading and writing. It is an error if there is one of that name.
    ///
    /// # Errors
    /// Those of [`std::fs::File::create_new`].
    #[track_caller]
    pub fn create_new<P: AsRef<Path>>(path: P) -> io::Result<File> {
        let path = path.as_ref();
        blocking(|| std::fs::File::create_new(path)).map(File)
    }

    /// How to open a file.
    #[doc(alias = "os.OpenFile")]
    #[must_use]
    pub fn options() -> OpenOptions {
        OpenOptions::new()
    }

    /// The file as std has it.
    #[must_use]
    pub fn into_std(self) -> std::fs::File {
        self.0
    }

    /// A second handle of the open file, which shares its position.
    ///
    /// # Errors
    /// Those of [`std::fs::File::try_clone`].
    pub fn try_clone(&self) -> io::Result<File> {
        self.0.try_clone().map(File)
    }

    /// Reads from a position, and leaves that of the file.
    ///
    /// # Errors
    /// Those of [`FileExt::read_at`].
    #[doc(alias = "ReadAt")]
    #[track_caller]
    pub fn read_at(&self, buffer: &mut [u8], offset: u64) -> io::Result<usize> {
        blocking(|| self.0.read_at(buffer, offset))
    }

    /// Writes to a position, and leaves that of the file.
    ///
    /// # Errors
    /// Those of [`FileExt::write_at`].
    #[doc(alias = "WriteAt")]
    #[track_caller]
    pub fn write_at(&self, bytes: &[u8], offset: u64) -> io::Result<usize> {
        blocking(|| self.0.write_at(bytes, offset))
    }
}

macro_rules! methods {
    ($($(#[$doc:meta])* $name:ident($($arg:ident: $type:ty),*) -> $result:ty;)*) => {
        impl File {$(
            $(#[$doc])*
            ///
            /// # Errors
            #[doc = concat!("Those of [`std::fs::File::", stringify!($name), "`].")]
            #[track_caller]
            pub fn $name(&self $(, $arg: $type)*) -> $result {
                blocking(|| self.0.$name($($arg),*))
            }
        )*}
    };
}

methods! {
    /// What the system knows about the file.
    #[doc(alias = "Stat")]
    metadata() -> io::Result<Metadata>;
    /// Writes the content and the attributes of the file to the disk.
    #[doc(alias = "Sync")]
    sync_all() -> io::Result<()>;
    /// Writes the content of the file to the disk.
    sync_data() -> io::Result<()>;
    /// Cuts the file off, or extends it with zeros.
    #[doc(alias = "Truncate")]
    set_len(size: u64) -> io::Result<()>;
    /// Changes the permissions.
    #[doc(alias = "Chmod")]
    set_permissions(permissions: Permissions) -> io::Result<()>;
    /// Changes the times of the file.
    set_times(times: FileTimes) -> io::Result<()>;
    /// Changes the time of the last modification.
    set_modified(time: SystemTime) -> io::Result<()>;
}

impl Read for &File {
    #[track_caller]
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        blocking(|| (&self.0).read(buffer))
    }

    #[track_caller]
    fn read_vectored(&mut self, buffers: &mut [IoSliceMut<'_>]) -> io::Result<usize> {
        blocking(|| (&self.0).read_vectored(buffers))
    }

    #[track_caller]
    fn read_to_end(&mut self, bytes: &mut Vec<u8>) -> io::Result<usize> {
        blocking(|| (&self.0).read_to_end(bytes))
    }

    #[track_caller]
    fn read_to_string(&mut self, text: &mut String) -> io::Result<usize> {
        blocking(|| (&self.0).read_to_string(text))
    }

    #[track_caller]
    fn read_exact(&mut self, buffer: &mut [u8]) -> io::Result<()> {
        blocking(|| (&self.0).read_exact(buffer))
    }
}

impl Write for &File {
    #[track_caller]
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        blocking(|| (&self.0).write(bytes))
    }

    #[track_caller]
    fn write_vectored(&mut self, buffers: &[IoSlice<'_>]) -> io::Result<usize> {
        blocking(|| (&self.0).write_vectored(buffers))
    }

    #[track_caller]
    fn write_all(&mut self, bytes: &[u8]) -> io::Result<()> {
        blocking(|| (&self.0).write_all(bytes))
    }

    /// Nothing is kept back.
    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Seek for &File {
    #[track_caller]
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        blocking(|| (&self.0).seek(to))
    }
}

impl Read for File {
    #[track_caller]
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        (&*self).read(buffer)
    }

    #[track_caller]
    fn read_vectored(&mut self, buffers: &mut [IoSliceMut<'_>]) -> io::Result<usize> {
        (&*self).read_vectored(buffers)
    }

    #[track_caller]
    fn read_to_end(&mut self, bytes: &mut Vec<u8>) -> io::Result<usize> {
        (&*self).read_to_end(bytes)
    }

    #[track_caller]
    fn read_to_string(&mut self, text: &mut String) -> io::Result<usize> {
        (&*self).read_to_string(text)
    }

    #[track_caller]
    fn read_exact(&mut self, buffer: &mut [u8]) -> io::Result<()> {
        (&*self).read_exact(buffer)
    }
}

impl Write for File {
    #[track_caller]
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        (&*self).write(bytes)
    }

    #[track_caller]
    fn write_vectored(&mut self, buffers: &[IoSlice<'_>]) -> io::Result<usize> {
        (&*self).write_vectored(buffers)
    }

    #[track_caller]
    fn write_all(&mut self, bytes: &[u8]) -> io::Result<()> {
        (&*self).write_all(bytes)
    }

    /// Nothing is kept back.
    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Seek for File {
    #[track_caller]
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        (&*self).seek(to)
    }
}

impl From<std::fs::File> for File {
    fn from(file: std::fs::File) -> File {
        File(file)
    }
}

impl From<File> for std::fs::File {
    fn from(file: File) -> std::fs::File {
        file.0
    }
}

impl From<File> for Stdio {
    fn from(file: File) -> Stdio {
        file.0.into()
    }
}

impl From<OwnedFd> for File {
    fn from(descriptor: OwnedFd) -> File {
        File(descriptor.into())
    }
}

impl From<File> for OwnedFd {
    fn from(file: File) -> OwnedFd {
        file.0.into()
    }
}

impl AsFd for File {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.0.as_fd()
    }
}

impl AsRawFd for File {
    fn as_raw_fd(&self) -> RawFd {
        self.0.as_raw_fd()
    }
}

impl IntoRawFd for File {
    fn into_raw_fd(self) -> RawFd {
        self.0.into_raw_fd()
    }
}

/// How to open a file, like [`std::fs::OpenOptions`], from which it converts.
///
/// ```
/// use std::io::Write;
///
/// # fn main() -> std::io::Result<()> {
/// let path = std::env::temp_dir().join(format!("gochan-log-{}", std::process::id()));
/// for _ in 0..2 {
///     gochan::fs::OpenOptions::new().append(true).create(true).open(&path)?.write_all(b"line\n")?;
/// }
/// assert_eq!(gochan::fs::read_to_string(&path)?, "line\nline\n");
/// gochan::fs::remove_file(path)
/// # }
/// ```
#[derive(Debug, Clone)]
#[doc(alias = "os.OpenFile")]
pub struct OpenOptions(std::fs::OpenOptions);

impl OpenOptions {
    /// Options that are all off.
    #[allow(clippy::new_without_default, reason = "as std has it")]
    #[must_use]
    pub fn new() -> OpenOptions {
        OpenOptions(std::fs::OpenOptions::new())
    }

    /// Opens the file.
    ///
    /// # Errors
    /// Those of [`std::fs::OpenOptions::open`].
    #[track_caller]
    pub fn open<P: AsRef<Path>>(&self, path: P) -> io::Result<File> {
        let path = path.as_ref();
        blocking(|| self.0.open(path)).map(File)
    }

    /// The permissions of a file that is created, less the umask.
    pub fn mode(&mut self, mode: u32) -> &mut OpenOptions {
        self.0.mode(mode);
        self
    }

    /// Flags for the system, besides those of the other options.
    pub fn custom_flags(&mut self, flags: i32) -> &mut OpenOptions {
        self.0.custom_flags(flags);
        self
    }
}

macro_rules! options {
    ($($(#[$doc:meta])* $name:ident,)*) => {
        impl OpenOptions {$(
            $(#[$doc])*
            pub fn $name(&mut self, on: bool) -> &mut OpenOptions {
                self.0.$name(on);
                self
            }
        )*}
    };
}

options! {
    /// It can be read.
    read,
    /// It can be written to.
    write,
    /// Each write goes to the end.
    append,
    /// It loses its content.
    truncate,
    /// It is created if it is missing.
    create,
    /// It is created, and an error if it is there.
    create_new,
}

impl From<std::fs::OpenOptions> for OpenOptions {
    fn from(options: std::fs::OpenOptions) -> OpenOptions {
        OpenOptions(options)
    }
}
