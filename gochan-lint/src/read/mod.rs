//! From text to [`crate::ir`], one file at a time.

mod assign;
mod branch;
mod build;
mod call;
mod expr;
mod foreign;
mod items;
mod locals;
mod lower;
mod macros;
pub(crate) mod names;
mod nesting;
mod objects;
mod operator;
mod pattern;
mod reader;
mod recover;
mod repeat;
mod select;
mod shown;
mod span;
mod statement;
mod types;
mod value;

pub use reader::{STATIC, THREAD_LOCAL};
pub(crate) use types::is_shared;

use crate::ir::File;
use crate::source::Span;
use names::Names;
use reader::{Around, Reader};
use std::collections::{HashMap, HashSet};

/// A syntax error.
#[derive(Debug)]
pub struct SyntaxError {
    /// The message of the parser.
    pub message: String,
    /// The place of the error.
    pub span: Span,
    /// What could be read of the items around it.
    pub around: Option<Box<File>>,
}

/// Reads one file of edition 2024. `gochan` is the name under which the crate imports gochan; without it only modules
/// are read.
///
/// # Errors If the text is not valid Rust.
pub fn read(text: &str, gochan: Option<&str>) -> Result<File, SyntaxError> {
    read_in(Edition::Later, text, gochan)
}

/// An edition of the language, as far as editions differ here.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Edition {
    /// 2015, 2018, 2021
    Earlier,
    /// 2024 and later.
    Later,
}

/// Like [`read`], for any edition.
///
/// # Errors If the text is not valid Rust.
pub fn read_in(edition: Edition, text: &str, gochan: Option<&str>) -> Result<File, SyntaxError> {
    read_with(edition, text, gochan, &[])
}

/// Like [`read_in`], for a crate that may have gochan's names from other crates as well: its `facades`.
///
/// # Errors If the text is not valid Rust.
pub fn read_with(
    edition: Edition,
    text: &str,
    gochan: Option<&str>,
    facades: &[String],
) -> Result<File, SyntaxError> {
    crate::source::begin(text, preamble(text));
    if let Some(span) = nesting::too_deep(&text[preamble(text)..]) {
        let message = format!("brackets are nested more than {} deep", nesting::DEEPEST);
        proc_macro2::extra::invalidate_current_thread_spans();
        return Err(SyntaxError { message, span, around: None });
    }
    let parsed = syn::parse_file(text);
    let result = match &parsed {
        Ok(parsed) => Ok(read_items(edition, &parsed.items, gochan, facades)),
        Err(error) => {
            let (message, span) = (error.to_string(), Span::of(error.span()));
            let tokens = text.get(preamble(text)..).and_then(|text| text.parse().ok());
            let around = tokens
                .map(recover::items)
                .map(|items| Box::new(read_items(edition, &items, gochan, facades)));
            Err(SyntaxError { message, span, around })
        }
    };
    drop(parsed);
    // proc-macro2 keeps the texts that this thread has parsed for their spans, which have been converted to bytes.
    proc_macro2::extra::invalidate_current_thread_spans();
    result
}

fn read_items(edition: Edition, items: &[syn::Item], gochan: Option<&str>, facades: &[String]) -> File {
    let mut reader = Reader {
        names: gochan.map(|gochan| Names::of(items, gochan, facades)),
        file: File::default(),
        modules: Vec::new(),
        folders: Vec::new(),
        drops_before_else: edition == Edition::Later,
        consts: HashMap::new(),
        statics: HashSet::new(),
        inline: HashSet::new(),
    };
    reader.constants(items, &mut Vec::new());
    reader.items(items, &Around::default());
    gochan.unwrap_or("gochan").clone_into(&mut reader.file.gochan);
    if let Some(names) = reader.names {
        (reader.file.imports, reader.file.globs) = (names.imports, names.globs);
    }
    reader.file
}

/// The length of a byte order mark and a `#!` line, which the parser removes before it counts.
fn preamble(text: &str) -> usize {
    let rest = text.trim_start_matches('\u{feff}');
    let mark = text.len() - rest.len();
    let attribute = |rest: &str| rest.trim_start().starts_with('[');
    match rest.strip_prefix("#!") {
        Some(line) if !attribute(line) => mark + rest.find('\n').unwrap_or(rest.len()),
        _ => mark,
    }
}
