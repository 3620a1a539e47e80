//! The texts of the lints: the list, what `--explain` prints, and the pages of the documentation.

use crate::lints::{self, Lint};

/// What `--list` prints: a line for each lint.
#[must_use]
pub fn list() -> String {
    let width = lints::ALL.iter().map(|lint| lint.id.len()).max().unwrap_or(0);
    let line = |lint: &&Lint| format!("{:width$}  {:5}  {}\n", lint.id, level(lint), lint.summary);
    lints::ALL.iter().map(line).collect()
}

/// The default level as configuration spells it.
#[must_use]
pub fn level(lint: &Lint) -> String {
    format!("{:?}", lint.level).to_lowercase()
}

/// What `--explain` prints.
#[must_use]
pub fn text(lint: &Lint) -> String {
    let indented = |code: &str| code.lines().map(|line| format!("    {line}\n")).collect::<String>();
    format!(
        "{} ({}): {}\n\n{}\n\nAt run time:\n\n{}\n\nNearest in other tools: {}\n\nReported:\n\n{}\nInstead:\n\n{}\nTo allow it in one place:\n\n    \
         // gochan-lint: allow({}) reason\n",
        lint.id,
        level(lint),
        lint.summary,
        wrapped(lint.explanation),
        wrapped(lint.at_run_time),
        lint.near,
        indented(lint.bad),
        indented(lint.good),
        lint.id
    )
}

/// Lines of at most a hundred characters.
fn wrapped(text: &str) -> String {
    const WIDTH: usize = 100;
    let mut lines = Vec::new();
    for paragraph in text.lines() {
        let mut line = String::new();
        for word in paragraph.split(' ') {
            if !line.is_empty() && line.chars().count() + word.chars().count() >= WIDTH {
                lines.push(std::mem::take(&mut line));
            }
            if !line.is_empty() {
                line.push(' ');
            }
            line.push_str(word);
        }
        lines.push(line);
    }
    lines.join("\n")
}

/// The page of a lint: what `--explain` prints, for a browser.
#[must_use]
pub fn page(lint: &Lint) -> String {
    format!(
        "# {}\n\nLevel: {}. {}.\n\n{}\n\n## At run time\n\n{}\n\n## Reported\n\n```rust,ignore\n{}\n```\n\n## Instead\n\n```rust,ignore\n{}\n```\n\n\
         ## To allow it in one place\n\n```rust,ignore\n// gochan-lint: allow({}) reason\n```\n\n## Nearest in other tools\n\n{}\n",
        lint.id,
        level(lint),
        capitalised(lint.summary),
        lint.explanation,
        lint.at_run_time,
        lint.bad,
        lint.good,
        lint.id,
        capitalised(lint.near)
    )
}

fn capitalised(text: &str) -> String {
    let mut characters = text.chars();
    characters
        .next()
        .map_or_else(String::new, |first| first.to_uppercase().collect::<String>() + characters.as_str())
}
