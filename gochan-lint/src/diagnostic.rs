//! What a lint finds.

use crate::source::Span;
use serde::{Deserialize, Serialize};
use std::path::PathBuf;

/// How serious a finding is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Level {
    /// Not reported.
    Allow,
    /// Probably a bug.
    Warn,
    /// Almost certainly a bug.
    Deny,
    /// Like `Deny`, and cannot be lowered.
    Forbid,
}

/// A finding.
#[derive(Debug, Clone)]
pub struct Diagnostic {
    /// The lint's id.
    pub lint: &'static str,
    /// The file, as an index into the program's units.
    pub unit: usize,
    /// What to underline.
    pub span: Span,
    /// One sentence.
    pub message: String,
    /// The label of the underlined place.
    pub label: String,
    /// Related places in the same file.
    pub notes: Vec<(Span, String)>,
    /// What to do about it.
    pub help: Option<String>,
    /// The change that fixes it.
    pub fix: Option<Fix>,
}

/// A change that can be applied automatically.
#[derive(Debug, Clone)]
pub struct Fix {
    /// What it does.
    pub title: String,
    /// Replacements.
    pub edits: Vec<(Span, String)>,
}

impl Diagnostic {
    /// A finding with a place and a message only.
    #[must_use]
    pub fn new(lint: &'static str, unit: usize, span: Span, message: impl Into<String>) -> Diagnostic {
        Diagnostic {
            lint,
            unit,
            span,
            message: message.into(),
            label: String::new(),
            notes: Vec::new(),
            help: None,
            fix: None,
        }
    }

    /// Sets the label of the place.
    #[must_use]
    pub fn label(mut self, label: impl Into<String>) -> Diagnostic {
        self.label = label.into();
        self
    }

    /// Adds a related place.
    #[must_use]
    pub fn note(mut self, span: Span, text: impl Into<String>) -> Diagnostic {
        self.notes.push((span, text.into()));
        self
    }

    /// What to do about it.
    #[must_use]
    pub fn help(mut self, help: impl Into<String>) -> Diagnostic {
        self.help = Some(help.into());
        self
    }

    /// Sets the change that fixes it.
    #[must_use]
    pub fn fix(mut self, title: impl Into<String>, edits: Vec<(Span, String)>) -> Diagnostic {
        self.fix = Some(Fix { title: title.into(), edits });
        self
    }
}

/// Code that was not looked at.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Unread {
    /// The file, or the one that is missing.
    pub path: PathBuf,
    /// Line and column.
    pub place: Option<(u32, u32)>,
    /// What it is.
    pub what: String,
}

/// A file that could not be linted.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Broken {
    /// The file.
    pub path: PathBuf,
    /// The name of its package.
    pub package: String,
    /// The place of a syntax error as a byte.
    pub byte: u32,
    /// Line and column of a syntax error.
    pub place: Option<(u32, u32)>,
    /// What is wrong with it.
    pub message: String,
}
