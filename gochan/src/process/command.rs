//! What to start, and how.

use super::child::Child;
use crate::Context;
use crate::spawn::blocking::blocking;
use std::ffi::OsStr;
use std::io;
use std::path::Path;
use std::process::{ExitStatus, Output, Stdio};

/// A program to be started, like [`std::process::Command`], from which it converts. What is not here, such as
/// `CommandExt`, is set on [`as_std_mut`](Command::as_std_mut).
///
/// ```
/// use gochan::process::{Command, Stdio};
/// use std::io::{Read, Write};
///
/// let mut child = Command::new("cat").stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
/// child.stdin.take().unwrap().write_all(b"through a pipe").unwrap();
/// let mut text = String::new();
/// child.stdout.take().unwrap().read_to_string(&mut text).unwrap();
/// assert_eq!(text, "through a pipe");
/// assert!(child.wait().unwrap().success());
/// ```
#[derive(Debug)]
#[doc(alias = "exec.Command")]
pub struct Command(std::process::Command);

impl From<std::process::Command> for Command {
    fn from(command: std::process::Command) -> Command {
        Command(command)
    }
}

impl Command {
    /// The program at this path, or of this name in `PATH`.
    pub fn new<S: AsRef<OsStr>>(program: S) -> Command {
        Command(std::process::Command::new(program))
    }

    /// Adds an argument.
    pub fn arg<S: AsRef<OsStr>>(&mut self, arg: S) -> &mut Command {
        self.0.arg(arg);
        self
    }

    /// Adds arguments.
    pub fn args<I: IntoIterator<Item = S>, S: AsRef<OsStr>>(&mut self, args: I) -> &mut Command {
        self.0.args(args);
        self
    }

    /// Sets a variable of the child's environment.
    pub fn env<K: AsRef<OsStr>, V: AsRef<OsStr>>(&mut self, key: K, value: V) -> &mut Command {
        self.0.env(key, value);
        self
    }

    /// Sets variables of the child's environment.
    pub fn envs<I, K, V>(&mut self, variables: I) -> &mut Command
    where
        I: IntoIterator<Item = (K, V)>,
        K: AsRef<OsStr>,
        V: AsRef<OsStr>,
    {
        self.0.envs(variables);
        self
    }

    /// Removes a variable from the child's environment.
    pub fn env_remove<K: AsRef<OsStr>>(&mut self, key: K) -> &mut Command {
        self.0.env_remove(key);
        self
    }

    /// Removes all variables from the child's environment.
    pub fn env_clear(&mut self) -> &mut Command {
        self.0.env_clear();
        self
    }

    /// The directory in which the child begins.
    #[doc(alias = "Dir")]
    pub fn current_dir<P: AsRef<Path>>(&mut self, directory: P) -> &mut Command {
        self.0.current_dir(directory);
        self
    }

    /// The child's standard input.
    pub fn stdin<T: Into<Stdio>>(&mut self, stdin: T) -> &mut Command {
        self.0.stdin(stdin);
        self
    }

    /// The child's standard output.
    pub fn stdout<T: Into<Stdio>>(&mut self, stdout: T) -> &mut Command {
        self.0.stdout(stdout);
        self
    }

    /// The child's standard error.
    pub fn stderr<T: Into<Stdio>>(&mut self, stderr: T) -> &mut Command {
        self.0.stderr(stderr);
        self
    }

    /// Starts the program. Its input and output are those of this process, unless set.
    ///
    /// # Errors
    /// Those of [`std::process::Command::spawn`].
    #[doc(alias = "Start")]
    #[track_caller]
    pub fn spawn(&mut self) -> io::Result<Child> {
        blocking(|| self.0.spawn()).map(Child::from)
    }

    /// Starts the program, waits for its end, and returns all that it has written. Its input is empty, unless set.
    ///
    /// # Errors
    /// Those of [`std::process::Command::output`].
    #[doc(alias = "Output")]
    #[track_caller]
    pub fn output(&mut self) -> io::Result<Output> {
        blocking(|| self.0.output())
    }

    /// Starts the program and waits for its end. Its input and output are those of this process, unless set.
    ///
    /// # Errors
    /// Those of [`std::process::Command::status`].
    #[doc(alias = "Run")]
    #[track_caller]
    pub fn status(&mut self) -> io::Result<ExitStatus> {
        blocking(|| self.0.status())
    }

    /// Like [`output`](Command::output); kills the child when `ctx` ends before it. Its standard input is empty, and its
    /// outputs are pipes, whatever is set.
    ///
    /// Processes that the child has started are not killed, and their output is not waited for.
    ///
    /// ```
    /// use gochan::prelude::*;
    /// use gochan::process::Command;
    /// use std::time::Duration;
    ///
    /// let (ctx, _cancel) = background().with_timeout(Duration::from_millis(10));
    /// let error = Command::new("sleep").arg("1000").output_ctx(&ctx).unwrap_err();
    /// assert_eq!(error.to_string(), "context deadline exceeded");
    /// ```
    ///
    /// # Errors
    /// As for [`Child::wait_ctx`].
    #[doc(alias = "exec.CommandContext")]
    #[track_caller]
    pub fn output_ctx(&mut self, ctx: &Context) -> io::Result<Output> {
        self.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        self.spawn()?.output_until(ctx)
    }

    /// Like [`status`](Command::status); kills the child when `ctx` ends before it.
    ///
    /// # Errors
    /// As for [`Child::wait_ctx`].
    #[doc(alias = "exec.CommandContext")]
    #[track_caller]
    pub fn status_ctx(&mut self, ctx: &Context) -> io::Result<ExitStatus> {
        self.spawn()?.status_until(ctx)
    }

    /// The command as std has it.
    pub fn as_std_mut(&mut self) -> &mut std::process::Command {
        &mut self.0
    }
}
