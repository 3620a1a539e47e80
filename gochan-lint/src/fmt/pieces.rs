//! Code that rustfmt formats for us.
//!
//! A piece is a statement at some depth. All pieces of a run go to rustfmt as one file, each in a function of its own that
//! is nested in as many modules as it takes to have the right indentation: so the width of the lines and whatever else
//! the user's configuration says is as in the place that the piece comes from.

use super::config::Config;
use rayon::prelude::*;
use std::collections::{HashMap, HashSet};
use std::fmt::Write;

/// A statement, and what is around the part of it that is wanted.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) struct Piece {
    /// How deep it is indented.
    pub(super) level: usize,
    /// What comes before the part.
    pub(super) before: String,
    /// The part.
    pub(super) code: String,
    /// What comes after it.
    pub(super) after: &'static str,
}

/// The pieces that were formatted.
#[derive(Default)]
pub(super) struct Pieces(HashMap<Piece, Option<String>>);

/// Where pieces are asked for.
pub(super) struct Desk<'p> {
    pieces: &'p Pieces,
    wanted: Vec<Piece>,
}

/// A piece that is not formatted yet, or a macro that has to stay as it is.
pub(super) enum Missing {
    /// Ask again later.
    Yet,
    /// rustfmt does not accept it.
    Forever,
}

impl Desk<'_> {
    /// The formatted part of `piece`.
    pub(super) fn get(&mut self, piece: Piece) -> Result<String, Missing> {
        match self.pieces.0.get(&piece) {
            Some(Some(text)) => Ok(text.clone()),
            Some(None) => Err(Missing::Forever),
            None => {
                self.wanted.push(piece);
                Err(Missing::Yet)
            }
        }
    }

    /// What was asked for in vain.
    pub(super) fn wanted(self) -> Vec<Piece> {
        self.wanted
    }
}

impl Pieces {
    pub(super) fn desk(&self) -> Desk<'_> {
        Desk { pieces: self, wanted: Vec::new() }
    }

    /// Formats more pieces.
    ///
    /// # Errors If rustfmt cannot run.
    pub(super) fn work(
        &mut self,
        wanted: impl Iterator<Item = Piece>,
        config: &Config,
    ) -> Result<(), String> {
        const ENOUGH_FOR_A_PROCESS: usize = 100;
        let wanted: Vec<Piece> = wanted.collect::<HashSet<_>>().into_iter().collect();
        let share = wanted.len().div_ceil(rayon::current_num_threads()).max(ENOUGH_FOR_A_PROCESS);
        let formatted: Vec<Vec<Option<String>>> =
            wanted.par_chunks(share).map(|pieces| format(pieces, config)).collect::<Result<_, String>>()?;
        self.0.extend(wanted.into_iter().zip(formatted.into_iter().flatten()));
        Ok(())
    }
}

impl Piece {
    fn in_braces(&self) -> String {
        format!("{{{}{}{}}}", self.before, self.code, self.after)
    }
}

/// Formats `pieces`; `None` for those that rustfmt refuses.
fn format(pieces: &[Piece], config: &Config) -> Result<Vec<Option<String>>, String> {
    if pieces.is_empty() {
        return Ok(Vec::new());
    }
    if let Some(text) = config.rustfmt(&wrapped(pieces, config))? {
        return Ok(unwrapped(pieces, config, &text));
    }
    if pieces.len() == 1 {
        return Ok(vec![None]);
    }
    // One of them is not what it seems: find out which. The other parser knows most of them.
    let (valid, invalid): (Vec<usize>, Vec<usize>) = (0..pieces.len())
        .partition(|&number| syn::parse_str::<syn::Block>(&pieces[number].in_braces()).is_ok());
    if !invalid.is_empty() {
        let kept: Vec<Piece> = valid.iter().map(|&number| pieces[number].clone()).collect();
        let mut all = vec![None; pieces.len()];
        for (number, formatted) in valid.into_iter().zip(format(&kept, config)?) {
            all[number] = formatted;
        }
        return Ok(all);
    }
    let (one, other) = pieces.split_at(pieces.len() / 2);
    let (one, other) = rayon::join(|| format(one, config), || format(other, config));
    let mut all = one?;
    all.extend(other?);
    Ok(all)
}

/// What comes before the statement of the piece with this number.
fn opening(number: usize, piece: &Piece, config: &Config) -> String {
    let mut text = String::new();
    for level in 0..piece.level - 1 {
        let name = if level == 0 { format!("ª{number}") } else { "m".to_owned() };
        let _ = writeln!(text, "{}mod {name} {{", config.indent(level));
    }
    let name = if piece.level == 1 { format!("ª{number}") } else { "f".to_owned() };
    let _ = write!(text, "{}fn {name}() {{\n{}", config.indent(piece.level - 1), config.indent(piece.level));
    text
}

/// What comes after the statement.
fn closing(piece: &Piece, config: &Config) -> String {
    (0..piece.level).rev().map(|level| format!("\n{}}}", config.indent(level))).collect()
}

fn wrapped(pieces: &[Piece], config: &Config) -> String {
    let mut text = String::new();
    for (number, piece) in pieces.iter().enumerate() {
        text += &opening(number, piece, config);
        let _ = write!(text, "{}{}{}{}\n\n", piece.before, piece.code, piece.after, closing(piece, config));
    }
    text
}

fn unwrapped(pieces: &[Piece], config: &Config, text: &str) -> Vec<Option<String>> {
    let mut found = Vec::with_capacity(pieces.len());
    let mut at = 0;
    for (number, piece) in pieces.iter().enumerate() {
        let opening = opening(number, piece, config);
        let start = text[at..].find(&opening).map(|start| at + start + opening.len());
        let part = start.and_then(|start| {
            at = start;
            let next =
                pieces.get(number + 1).map(|next| format!("\n\n{}", self::opening(number + 1, next, config)));
            let end =
                next.map_or(Some(text.trim_end().len()), |next| text[at..].find(&next).map(|end| at + end))?;
            let statement = text[at..end].strip_suffix(&closing(piece, config))?;
            statement.strip_prefix(&piece.before)?.strip_suffix(piece.after)
        });
        found.push(part.map(str::to_owned));
    }
    found
}
