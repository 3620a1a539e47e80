//! The level of each lint: its default, the configuration, the flags.

use crate::diagnostic::Level;
use crate::lints;
use serde_json::Value;
use std::collections::HashMap;
use std::path::Path;

/// The level of each lint.
#[derive(Debug, Clone, Default)]
pub struct Levels {
    by_id: HashMap<&'static str, Level>,
    all: Option<Level>,
    /// The levels in the package's `tests`, if they differ.
    tests: Option<Box<Levels>>,
}

impl Levels {
    /// The level of a lint.
    #[must_use]
    pub fn of(&self, id: &str) -> Level {
        let default = || lints::find(id).map_or(Level::Warn, |lint| lint.level);
        self.by_id.get(id).copied().or(self.all).unwrap_or_else(default)
    }

    /// True if the lint is reported anywhere.
    #[must_use]
    pub fn may_report(&self, id: &str) -> bool {
        self.of(id) > Level::Allow || self.tests.as_ref().is_some_and(|tests| tests.may_report(id))
    }

    /// The levels for a file: `[….metadata.gochan-lint.tests]` applies to files in a folder of that name.
    #[must_use]
    pub fn for_file(&self, path: &Path) -> &Levels {
        let in_tests = path.components().any(|part| part.as_os_str() == "tests");
        self.tests.as_deref().filter(|_| in_tests).unwrap_or(self)
    }

    /// Sets the level of a lint, or with `all` the level of those not set by name. A forbidden lint stays forbidden.
    ///
    /// # Errors If there is no such lint. The text suggests a similar id.
    pub fn set(&mut self, id: &str, level: Level) -> Result<(), String> {
        if let Some(tests) = &mut self.tests {
            tests.set(id, level)?;
        }
        if id == "all" {
            self.all = Some(level);
            return Ok(());
        }
        let Some(lint) = lints::find(id) else { return Err(unknown(id)) };
        if self.by_id.get(lint.id) != Some(&Level::Forbid) {
            self.by_id.insert(lint.id, level);
        }
        Ok(())
    }

    /// Applies `[….metadata.gochan-lint]`, a table of ids and levels.
    ///
    /// # Errors If it is not such a table. The text says what to write.
    pub fn configure(&mut self, config: &Value) -> Result<(), String> {
        let table = match config {
            Value::Null => return Ok(()),
            Value::Object(table) => table,
            _ => return Err("`metadata.gochan-lint` is a table, as in `missing_call = \"deny\"`".to_owned()),
        };
        // `all` first, whatever the order: the others are exceptions from it.
        let ids = table.iter().filter(|(id, _)| *id != "tests");
        let (first, rest): (Vec<_>, Vec<_>) = ids.partition(|(id, _)| *id == "all");
        for (id, value) in first.into_iter().chain(rest) {
            let level = match value.as_str() {
                Some("allow") => Level::Allow,
                Some("warn") => Level::Warn,
                Some("deny") => Level::Deny,
                Some("forbid") => Level::Forbid,
                _ => {
                    return Err(format!(
                        "the level of `{id}` is \"allow\", \"warn\", \"deny\" or \"forbid\""
                    ));
                }
            };
            self.set(id, level).map_err(|error| format!("in `metadata.gochan-lint`: {error}"))?;
        }
        if let Some(tests) = table.get("tests") {
            let mut own = self.clone();
            own.configure(tests)?;
            self.tests = Some(Box::new(own));
        }
        Ok(())
    }
}

fn unknown(id: &str) -> String {
    let close = lints::ALL.iter().map(|lint| (distance(id, lint.id), lint.id)).min();
    match close {
        Some((distance, near)) if distance <= 1 + id.len() / 3 => {
            format!("there is no lint `{id}`; did you mean `{near}`?")
        }
        _ => format!("there is no lint `{id}`; `--list` shows all"),
    }
}

/// The edit distance of two words.
fn distance(a: &str, b: &str) -> usize {
    let mut row: Vec<usize> = (0..=b.chars().count()).collect();
    for (i, x) in a.chars().enumerate() {
        let mut diagonal = std::mem::replace(&mut row[0], i + 1);
        for (j, y) in b.chars().enumerate() {
            let replace = diagonal + usize::from(x != y);
            diagonal = row[j + 1];
            row[j + 1] = replace.min(row[j] + 1).min(diagonal + 1);
        }
    }
    row[row.len() - 1]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_misspelt_lint_is_recognised() {
        let error = Levels::default().set("recever_close", Level::Warn).unwrap_err();
        assert_eq!(error, "there is no lint `recever_close`; did you mean `receiver_close`?");
    }

    #[test]
    fn what_is_forbidden_stays_so() {
        let mut levels = Levels::default();
        levels.configure(&serde_json::json!({ "double_close": "forbid", "all": "warn" })).unwrap();
        levels.set("all", Level::Allow).unwrap();
        assert_eq!(levels.of("double_close"), Level::Forbid);
        assert_eq!(levels.of("missing_call"), Level::Allow);
        levels.set("missing_call", Level::Deny).unwrap();
        levels.set("all", Level::Warn).unwrap();
        assert_eq!(levels.of("missing_call"), Level::Deny, "what is named is an exception from all");
    }
}
