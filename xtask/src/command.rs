//! A command with its environment: to show, to run, and to run while counting its tests.

use std::fmt;
use std::io::{BufRead, BufReader, Read, Write};
use std::path::Path;
use std::process::{Command, Stdio};

use crate::counts::Counts;
use crate::{Outcome, root};

#[derive(Clone)]
pub(crate) struct Cmd {
    program: String,
    args: Vec<String>,
    env: Vec<(String, String)>,
}

impl Cmd {
    pub(crate) fn new(program: impl Into<String>, args: &[&str]) -> Cmd {
        Cmd { program: program.into(), args: args.iter().map(ToString::to_string).collect(), env: Vec::new() }
    }

    pub(crate) fn cargo(args: &[&str]) -> Cmd {
        Cmd::new("cargo", args)
    }

    pub(crate) fn arg(mut self, arg: impl AsRef<Path>) -> Cmd {
        self.args.push(arg.as_ref().display().to_string());
        self
    }

    pub(crate) fn args<S: Into<String>>(mut self, args: impl IntoIterator<Item = S>) -> Cmd {
        self.args.extend(args.into_iter().map(Into::into));
        self
    }

    pub(crate) fn env(mut self, name: &str, value: impl Into<String>) -> Cmd {
        self.env.push((name.to_owned(), value.into()));
        self
    }

    /// Does not set a variable after all.
    pub(crate) fn without_env(mut self, name: &str) -> Cmd {
        self.env.retain(|(set, _)| set != name);
        self
    }

    /// Sets a variable that may hold flags already: `flags` are added to them.
    pub(crate) fn env_flags(self, name: &str, flags: &str) -> Cmd {
        let all = match std::env::var(name) {
            Ok(present) if !present.is_empty() => format!("{present} {flags}"),
            _ => flags.to_owned(),
        };
        self.env(name, all)
    }

    fn command(&self) -> Command {
        let mut command = Command::new(&self.program);
        command.args(&self.args).envs(self.env.iter().cloned()).current_dir(root());
        command
    }

    /// Runs with this process's input and output.
    pub(crate) fn run(&self) -> Outcome {
        let status = self.command().status().map_err(|error| format!("cannot run `{self}`: {error}"))?;
        if status.success() { Ok(()) } else { Err(format!("`{self}` failed ({status})")) }
    }

    /// What it prints, or None when it cannot be run or fails. Its errors are not shown.
    pub(crate) fn output(&self) -> Option<String> {
        let output = self.command().stderr(Stdio::null()).output().ok()?;
        output.status.success().then(|| String::from_utf8_lossy(&output.stdout).trim().to_owned())
    }

    /// Runs and returns what it prints. Its errors are shown.
    pub(crate) fn captured(&self) -> Outcome<String> {
        let output = self.command().stderr(Stdio::inherit()).output();
        let output = output.map_err(|error| format!("cannot run `{self}`: {error}"))?;
        if !output.status.success() {
            return Err(format!("`{self}` failed ({})", output.status));
        }
        Ok(String::from_utf8_lossy(&output.stdout).into_owned())
    }

    /// Runs, shows what it prints and adds up the tests that the runners in there report.
    pub(crate) fn run_counting(&self) -> Outcome<(bool, Counts)> {
        let child = self.command().stdout(Stdio::piped()).stderr(Stdio::piped()).spawn();
        let mut child = child.map_err(|error| format!("cannot run `{self}`: {error}"))?;
        let stdout = child.stdout.take().expect("piped");
        let stderr = child.stderr.take().expect("piped");
        let counts = std::thread::scope(|scope| {
            let errors = scope.spawn(|| pass_on(stderr, std::io::stderr()));
            let mut counts = pass_on(stdout, std::io::stdout());
            counts.add(errors.join().expect("the reader does not panic"));
            counts
        });
        let status = child.wait().map_err(|error| format!("`{self}` got lost: {error}"))?;
        Ok((status.success(), counts))
    }
}

fn pass_on(from: impl Read, mut to: impl Write) -> Counts {
    let mut counts = Counts::default();
    let mut from = BufReader::new(from);
    let mut line = Vec::new();
    while matches!(from.read_until(b'\n', &mut line), Ok(read) if read > 0) {
        // Nobody may be listening any more; the counts still matter.
        let _ = to.write_all(&line);
        counts.read_line(&String::from_utf8_lossy(&line));
        line.clear();
    }
    counts
}

/// As one would type it into a shell.
impl fmt::Display for Cmd {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (name, value) in &self.env {
            write!(f, "{name}={} ", quoted(value))?;
        }
        f.write_str(&quoted(&self.program))?;
        self.args.iter().try_for_each(|arg| write!(f, " {}", quoted(arg)))
    }
}

fn quoted(word: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "-_=./:+,@".contains(c);
    if !word.is_empty() && word.chars().all(plain) {
        word.to_owned()
    } else {
        format!("'{}'", word.replace('\'', r"'\''"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shows_what_one_would_type() {
        let cmd = Cmd::cargo(&["test", "--test", "*"]).env("RUSTFLAGS", "--cfg x").arg("it's");
        assert_eq!(cmd.to_string(), r"RUSTFLAGS='--cfg x' cargo test --test '*' 'it'\''s'");
    }

    #[test]
    fn counts_what_it_passes_on() {
        // Into a buffer: what went to the output of this test would be counted by who runs it.
        let printed = "running\ntest result: ok. 2 passed; 0 failed; 1 ignored; 0 measured\nlast line";
        let mut shown = Vec::new();
        let counts = pass_on(printed.as_bytes(), &mut shown);
        assert_eq!(shown, printed.as_bytes());
        assert_eq!(counts, Counts { passed: 2, failed: 0, ignored: 1 });
    }

    #[test]
    fn tells_whether_a_command_succeeded() {
        assert!(Cmd::new("true", &[]).run_counting().unwrap().0);
        assert!(!Cmd::new("false", &[]).run_counting().unwrap().0);
        assert!(Cmd::new("no-such-program", &[]).run_counting().is_err());
        assert_eq!(Cmd::new("echo", &["hi"]).output().as_deref(), Some("hi"));
        assert_eq!(Cmd::new("false", &[]).output(), None);
        assert_eq!(Cmd::new("echo", &["hi"]).captured().as_deref(), Ok("hi\n"));
        assert!(Cmd::new("false", &[]).captured().is_err());
    }
}
