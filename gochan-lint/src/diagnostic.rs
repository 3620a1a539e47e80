//! What a lint has found.

use crate::source::Span;
use serde::{Deserialize, Serialize};

/// How bad it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Level {
    /// Not reported.
    Allow,
    /// A bug, unless you know better.
    Warn,
    /// Almost surely a bug.
    Deny,
    /// As deny, and not to be lowered.
    Forbid,
}

/// A finding.
#[derive(Debug, Clone)]
pub struct Diagnostic {
    /// The lint's id.
    pub lint: &'static str,
    /// The file, as a number of the program's units.
    pub unit: usize,
    /// What to underline.
    pub span: Span,
    /// One sentence.
    pub message: String,
    /// What to say under the underlined place.
    pub label: String,
    /// Other places in the same file that matter.
    pub notes: Vec<(Span, String)>,
    /// What to do.
    pub help: Option<String>,
    /// The change that mends it.
    pub fix: Option<Fix>,
}

/// A change that can be applied without thinking.
#[derive(Debug, Clone)]
pub struct Fix {
    /// What it does.
    pub title: String,
    /// Replacements.
    pub edits: Vec<(Span, String)>,
}

impl Diagnostic {
    /// A finding with nothing beside its place.
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

    /// What stands under the place.
    #[must_use]
    pub fn label(mut self, label: impl Into<String>) -> Diagnostic {
        self.label = label.into();
        self
    }

    /// Another place.
    #[must_use]
    pub fn note(mut self, span: Span, text: impl Into<String>) -> Diagnostic {
        self.notes.push((span, text.into()));
        self
    }

    /// What to do.
    #[must_use]
    pub fn help(mut self, help: impl Into<String>) -> Diagnostic {
        self.help = Some(help.into());
        self
    }

    /// What mends it.
    #[must_use]
    pub fn fix(mut self, title: impl Into<String>, edits: Vec<(Span, String)>) -> Diagnostic {
        self.fix = Some(Fix { title: title.into(), edits });
        self
    }
}
