//! rustfmt, and what its configuration says.

use std::collections::HashMap;
use std::ffi::OsString;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// The configuration of the files of a folder.
#[derive(Debug)]
pub(super) struct Config {
    /// Where rustfmt runs, so that it finds the configuration.
    folder: PathBuf,
    /// The edition of the code.
    edition: String,
    /// The width of a line.
    pub(super) max_width: usize,
    /// The width of an indentation.
    pub(super) tab_spaces: usize,
    /// The indentation is a tab.
    hard_tabs: bool,
    /// Nothing is to be formatted.
    pub(super) disabled: bool,
}

/// The command that cargo runs too.
fn command() -> Command {
    Command::new(std::env::var_os("RUSTFMT").unwrap_or_else(|| OsString::from("rustfmt")))
}

fn cannot_run(error: &std::io::Error) -> String {
    format!("rustfmt cannot run: {error}; `rustup component add rustfmt` installs it")
}

impl Config {
    /// The configuration for code of this edition in `folder`.
    ///
    /// # Errors If rustfmt cannot run or rejects the configuration.
    pub(super) fn of(folder: &Path, edition: &str) -> Result<Config, String> {
        let folder = if folder.as_os_str().is_empty() { Path::new(".") } else { folder };
        let mut command = command();
        // rustfmt wants a file, whether it is there or not.
        command.args(["--print-config", "current", "lib.rs"]).current_dir(folder);
        let output = command.output().map_err(|error| cannot_run(&error))?;
        if !output.status.success() {
            return Err(String::from_utf8_lossy(&output.stderr).trim().to_owned());
        }
        let text = String::from_utf8_lossy(&output.stdout);
        let values: HashMap<&str, &str> = text.lines().filter_map(|line| line.split_once(" = ")).collect();
        let number =
            |name, otherwise| values.get(name).and_then(|text| text.parse().ok()).unwrap_or(otherwise);
        let is = |name| values.get(name).is_some_and(|&text| text == "true");
        Ok(Config {
            folder: folder.to_owned(),
            edition: edition.to_owned(),
            max_width: number("max_width", 100),
            tab_spaces: number("tab_spaces", 4).max(1),
            hard_tabs: is("hard_tabs"),
            disabled: is("disable_all_formatting"),
        })
    }

    /// The space in front of a line.
    pub(super) fn indent(&self, level: usize) -> String {
        if self.hard_tabs { "\t".repeat(level) } else { " ".repeat(level * self.tab_spaces) }
    }

    /// The columns that a text takes.
    pub(super) fn width(&self, text: &str) -> usize {
        text.chars().map(|char| if char == '\t' { self.tab_spaces } else { 1 }).sum()
    }

    /// What rustfmt makes of `text`, or `None` if it is not valid Rust.
    ///
    /// # Errors If rustfmt cannot run.
    pub(super) fn rustfmt(&self, text: &str) -> Result<Option<String>, String> {
        let mut command = command();
        command.args(["--edition", &self.edition, "--emit", "stdout", "--quiet"]);
        // The order of imports and the ends of lines are matters of the whole file.
        command.args(["--config", "reorder_imports=false,reorder_modules=false,newline_style=Unix"]);
        run(command, &self.folder, text)
    }

    /// What rustfmt makes of a whole file, or `None` if it is not valid Rust.
    ///
    /// # Errors If rustfmt cannot run.
    pub(super) fn rustfmt_file(&self, text: &str) -> Result<Option<String>, String> {
        let mut command = command();
        command.args(["--edition", &self.edition, "--emit", "stdout", "--quiet"]);
        run(command, &self.folder, text)
    }
}

fn run(mut command: Command, folder: &Path, text: &str) -> Result<Option<String>, String> {
    command.current_dir(folder).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null());
    let mut child = command.spawn().map_err(|error| cannot_run(&error))?;
    // rustfmt reads everything before it writes. If it ends early, its status says so.
    let _ = child.stdin.take().map(|mut input| input.write_all(text.as_bytes()));
    let output = child.wait_with_output().map_err(|error| cannot_run(&error))?;
    Ok(String::from_utf8(output.stdout).ok().filter(|_| output.status.success()))
}

/// The nearest file that configures rustfmt for code in `folder`.
pub(super) fn nearest(folder: &Path) -> Option<PathBuf> {
    let names = [".rustfmt.toml", "rustfmt.toml"];
    folder.ancestors().flat_map(|folder| names.map(|name| folder.join(name))).find(|path| path.is_file())
}
