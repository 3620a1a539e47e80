//! Formats texts until they stay as they are.

use super::config::{self, Config};
use super::files::Job;
use super::find::{self, Call};
use super::lexed::Lexed;
use super::pieces::{Missing, Piece, Pieces};
use super::render::Renderer;
use super::same::same;
use rayon::prelude::*;
use std::collections::HashMap;
use std::ops::Range;
use std::path::PathBuf;

/// What became of a text: the formatted one, or the reason why it is left as it is.
pub type Formatted = Result<String, String>;

/// Which parts of a text are formatted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mode {
    /// The insides of gochan's macros.
    Macros,
    /// The whole text, by rustfmt first.
    Whole,
}

/// The rounds after which a text that still changes is given up. Each nesting takes one.
const ROUNDS: usize = 40;

/// The times that rustfmt and the rounds take turns.
const TURNS: usize = 6;

/// Formats the texts of `jobs`.
///
/// # Errors If rustfmt cannot run, or rejects its configuration.
pub fn format(jobs: &[Job], mode: Mode) -> Result<Vec<Formatted>, String> {
    let mut groups: HashMap<(Option<PathBuf>, &str), Vec<usize>> = HashMap::new();
    for (number, job) in jobs.iter().enumerate() {
        if mode == Mode::Whole || job.may_have_macros() {
            let key = (config::nearest(&job.folder), job.edition.as_str());
            groups.entry(key).or_default().push(number);
        }
    }
    let mut all: Vec<Formatted> = jobs.iter().map(|job| Ok(job.text.clone())).collect();
    for ((_, edition), numbers) in groups {
        let config = Config::of(&jobs[numbers[0]].folder, edition)?;
        if config.disabled {
            continue;
        }
        let mut texts: Vec<Text<'_>> = numbers.iter().map(|&number| Text::of(&jobs[number])).collect();
        let mut pieces = Pieces::default();
        for turn in 0..TURNS {
            if mode == Mode::Whole {
                texts.par_iter_mut().try_for_each(|text| text.whole(turn, &config))?;
            }
            let before: Vec<String> = texts.iter().map(|text| text.now.clone()).collect();
            let mut open: Vec<&mut Text<'_>> =
                texts.iter_mut().filter(|text| text.state == State::Changing).collect();
            for _ in 0..ROUNDS {
                open = round(open, &config, &mut pieces)?;
                if open.is_empty() {
                    break;
                }
            }
            open.iter_mut().for_each(|text| text.state = State::GivenUp(RESTLESS));
            texts.par_iter_mut().zip(&before).for_each(|(text, before)| text.compare(before));
            if mode == Mode::Macros {
                texts
                    .iter_mut()
                    .filter(|text| text.state == State::Changing)
                    .for_each(|text| text.state = State::Done);
                break;
            }
        }
        for (number, text) in numbers.into_iter().zip(texts) {
            all[number] = text.end();
        }
    }
    Ok(all)
}

const RESTLESS: &str = "its layout does not come to rest";

/// A text on its way.
struct Text<'j> {
    job: &'j Job,
    /// What the parser does not read: a byte order mark and a `#!` line.
    preamble: &'j str,
    now: String,
    state: State,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum State {
    Changing,
    Done,
    GivenUp(&'static str),
}

impl Text<'_> {
    fn of(job: &Job) -> Text<'_> {
        let length = preamble(&job.text);
        let now = job.text[length..].replace("\r\n", "\n");
        Text { job, preamble: &job.text[..length], now, state: State::Changing }
    }

    /// Formats all of it with rustfmt. It is done if that changes nothing any more.
    fn whole(&mut self, turn: usize, config: &Config) -> Result<(), String> {
        if self.state != State::Changing {
            return Ok(());
        }
        match config.rustfmt_file(&self.now)? {
            Some(text) if text == self.now && turn > 0 => self.state = State::Done,
            Some(text) => self.now = text,
            None => self.state = State::GivenUp("rustfmt does not accept it"),
        }
        Ok(())
    }

    /// Gives it up if more than its layout has changed.
    fn compare(&mut self, before: &str) {
        if self.state == State::Changing && self.now != before && !same(&self.now, before) {
            self.state = State::GivenUp("the result would not have the same tokens");
        }
    }

    fn end(self) -> Formatted {
        match self.state {
            State::GivenUp(reason) => return Err(reason.to_owned()),
            State::Changing => return Err(RESTLESS.to_owned()),
            State::Done => {}
        }
        if self.job.text[self.preamble.len()..].replace("\r\n", "\n") == self.now {
            return Ok(self.job.text.clone());
        }
        // As rustfmt does, the first line decides.
        let first = self.job.text.find('\n').unwrap_or(0);
        let now =
            if self.job.text[..first].ends_with('\r') { self.now.replace('\n', "\r\n") } else { self.now };
        Ok(format!("{}{now}", self.preamble))
    }
}

/// The length of a byte order mark and a `#!` line.
fn preamble(text: &str) -> usize {
    let rest = text.trim_start_matches('\u{feff}');
    let mark = text.len() - rest.len();
    match rest.strip_prefix("#!") {
        Some(line) if !line.trim_start().starts_with('[') => {
            let line = rest.split('\n').next().unwrap_or(rest);
            mark + line.trim_end_matches('\r').len()
        }
        _ => mark,
    }
}

/// Replaces the outermost calls that change, and returns the texts that did.
fn round<'t, 'j>(
    texts: Vec<&'t mut Text<'j>>,
    config: &Config,
    pieces: &mut Pieces,
) -> Result<Vec<&'t mut Text<'j>>, String> {
    let found: Vec<(Lexed<'_>, Vec<Call>)> = texts.par_iter().map(|text| read(text)).collect();
    // The bodies need their headers first.
    let edits = loop {
        let edits: Vec<Edits> =
            found.par_iter().map(|(lexed, calls)| edits(lexed, calls, config, pieces)).collect();
        let missing: Vec<Piece> =
            edits.iter().filter_map(|edits| edits.as_ref().err()).flatten().cloned().collect();
        if missing.is_empty() {
            break edits;
        }
        pieces.work(missing.into_iter(), config)?;
    };
    drop(found);
    let changed = texts.into_par_iter().zip(edits).filter_map(|(text, edits)| {
        let edits = edits.ok().filter(|edits| !edits.is_empty())?;
        text.now = apply(&text.now, &edits);
        Some(text)
    });
    Ok(changed.collect())
}

fn read<'t>(text: &'t Text<'_>) -> (Lexed<'t>, Vec<Call>) {
    let found = Lexed::of(&text.now).map(|(lexed, tokens)| {
        let calls = find::calls(&lexed, &tokens, &text.job.gochan);
        (lexed, calls)
    });
    // proc-macro2 keeps the texts that this thread has parsed for their places, which have been read.
    proc_macro2::extra::invalidate_current_thread_spans();
    found.unwrap_or_else(|| (Lexed { text: &text.now, leaves: Vec::new(), comments: Vec::new() }, Vec::new()))
}

type Edit = (Range<usize>, String);

/// The changes of a text, or the pieces that they need.
type Edits = Result<Vec<Edit>, Vec<Piece>>;

fn edits(lexed: &Lexed<'_>, calls: &[Call], config: &Config, pieces: &Pieces) -> Edits {
    // The comparison is made once, when everything is there.
    for compare in [false, true] {
        let mut renderer = Renderer { lexed, config, pieces: pieces.desk() };
        let mut edits = Vec::new();
        collect(calls, compare, &mut renderer, &mut edits);
        let missing = renderer.pieces.wanted();
        if !missing.is_empty() {
            return Err(missing);
        }
        if compare || edits.is_empty() {
            return Ok(edits);
        }
    }
    Ok(Vec::new())
}

/// Collects the changes of the outermost calls that change.
fn collect(calls: &[Call], compare: bool, renderer: &mut Renderer<'_>, edits: &mut Vec<Edit>) {
    for call in calls {
        let old = &renderer.lexed.text[call.range.clone()];
        match renderer.call(call) {
            Ok(new) if new != old && (!compare || same(old, &new)) => edits.push((call.range.clone(), new)),
            Ok(_) | Err(Missing::Forever | Missing::Yet) => collect(&call.inside, compare, renderer, edits),
        }
    }
}

fn apply(text: &str, edits: &[Edit]) -> String {
    let mut result = String::with_capacity(text.len());
    let mut at = 0;
    for (range, new) in edits {
        result += &text[at..range.start];
        result += new;
        at = range.end;
    }
    result + &text[at..]
}
