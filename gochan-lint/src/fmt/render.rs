//! The house rules: writes a macro call in its layout.

use super::arms::{Arms, Header};
use super::config::Config;
use super::find::Call;
use super::lexed::Lexed;
use super::part::Part;
use super::pieces::{Desk, Missing, Piece};
use super::plan::{Plan, Tail};
use std::ops::Range;

/// A letter that stands for text which rustfmt is not to see. It is one column wide.
const STAND_IN: char = 'ª';

/// Writes the calls of a text.
pub(super) struct Renderer<'l> {
    pub(super) lexed: &'l Lexed<'l>,
    pub(super) config: &'l Config,
    pub(super) pieces: Desk<'l>,
}

/// Where a call is.
struct Place {
    /// How deep its line is indented.
    level: usize,
    /// The columns between the indentation and the call.
    column: usize,
    /// The columns after the call, on the line on which it ends.
    rest: usize,
}

impl Renderer<'_> {
    /// The new text of a call.
    pub(super) fn call(&mut self, call: &Call) -> Result<String, Missing> {
        let Some(plan) = &call.plan else { return Err(Missing::Forever) };
        if self.lexed.text[call.range.clone()].contains(STAND_IN) {
            return Err(Missing::Forever);
        }
        let start = self.lexed.line_start(call.range.start);
        let line = &self.lexed.text[start..call.range.start];
        let indentation = self.config.width(&line[..line.len() - line.trim_start().len()]);
        let level = indentation / self.config.tab_spaces;
        if level == 0 {
            return Err(Missing::Forever);
        }
        let place = Place {
            level,
            column: self.config.width(line).saturating_sub(level * self.config.tab_spaces),
            rest: self.config.width(self.lexed.rest_of_line(call.range.end)),
        };
        match plan {
            Plan::Tail(tail) => self.tail(tail, &place),
            Plan::Arms(arms) => self.arms(arms, place.level),
        }
    }

    fn text(&self, range: &Range<usize>) -> &str {
        &self.lexed.text[range.clone()]
    }

    /// A name that takes `width` columns.
    fn stand_in(width: usize) -> String {
        format!("{STAND_IN}{}", "_".repeat(width.saturating_sub(1)))
    }

    /// The head and the tail as a call of a function: its name is as long as the head.
    fn tail(&mut self, tail: &Tail, place: &Place) -> Result<String, Missing> {
        let head = self.head(tail, place)?;
        let level = place.level;
        let indentation = level * self.config.tab_spaces;
        let width = match head.rsplit_once('\n') {
            Some((_, last)) => self.config.width(last).saturating_sub(indentation),
            None => place.column + self.config.width(&head),
        };
        // A head that is too long by itself still has a block.
        let room = self.config.max_width.saturating_sub(indentation + "({".len());
        let around = (width + self.config.width(&tail.closing) + place.rest).saturating_sub("();".len());
        let name = Self::stand_in(around.min(room));
        let code = self.text(&tail.tail).to_owned();
        let piece = Piece { level, before: format!("{name}("), code: code.clone(), after: ");" };
        let written = self.pieces.get(piece)?;
        if !written.starts_with('\n') {
            return Ok(format!("{head}{written}{}", tail.closing));
        }
        // It has no room behind the head: the whole goes to a line of its own, as if it were an assignment.
        let inner = head[tail.opening.len()..].trim_end();
        if tail.block || inner.contains('\n') {
            return Err(Missing::Forever);
        }
        let name = Self::stand_in(self.config.width(inner).saturating_sub("=".len() + 1));
        let piece =
            Piece { level: level + 1, before: format!("{name} ="), code: format!(" {code}"), after: ";" };
        let written = self.pieces.get(piece)?;
        let (outer, indent) = (self.config.indent(level), self.config.indent(level + 1));
        Ok(format!("{}\n{indent}{inner}{written}\n{outer}{}", tail.opening, tail.closing))
    }

    fn head(&mut self, tail: &Tail, place: &Place) -> Result<String, Missing> {
        let mut head = tail.opening.clone();
        for part in &tail.head {
            let Part::List(entries) = part else {
                head += &self.part(part, place.level, &head)?;
                continue;
            };
            let mut written = Vec::with_capacity(entries.len());
            for (name, source) in entries {
                let source =
                    source.as_ref().map_or(Ok(String::new()), |range| self.expr(range, place.level))?;
                written.push(format!("{name}{source}"));
            }
            let list = format!("[{}]", written.join(", "));
            let end = place.level * self.config.tab_spaces + place.column + self.config.width(&head);
            if end + self.config.width(&list) + " {".len() <= self.config.max_width || entries.is_empty() {
                head += &list;
                continue;
            }
            // One entry on each line.
            let (outer, indent) = (self.config.indent(place.level), self.config.indent(place.level + 1));
            let lines: String = written.iter().map(|entry| format!("{indent}{entry},\n")).collect();
            head += &format!("[\n{lines}{outer}]");
        }
        Ok(head)
    }

    /// A part of a line; `before` is what comes before it.
    fn part(&mut self, part: &Part, level: usize, before: &str) -> Result<String, Missing> {
        match part {
            Part::Text(text) => Ok(text.clone()),
            Part::Expr(range) => self.expr(range, level),
            Part::Pattern(range) => {
                let code = self.text(range).to_owned();
                if is_plain(&code) {
                    return Ok(code);
                }
                self.pieces.get(Piece { level, before: "let ".to_owned(), code, after: " = ª;" })
            }
            Part::Block(range) => {
                let name = Self::stand_in(self.config.width(before).saturating_sub("(".len()));
                let code = self.text(range).to_owned();
                let piece = Piece { level, before: format!("{name}("), code, after: ");" };
                self.pieces.get(piece)
            }
            Part::List(_) => Err(Missing::Forever),
        }
    }

    fn expr(&mut self, range: &Range<usize>, level: usize) -> Result<String, Missing> {
        let code = self.text(range).to_owned();
        if is_plain(&code) {
            return Ok(code);
        }
        let written = self.pieces.get(Piece {
            level,
            before: "let ª =".to_owned(),
            code: format!(" {code}"),
            after: ";",
        })?;
        match written.strip_prefix(' ') {
            Some(written) => Ok(written.to_owned()),
            // It is too long for rustfmt's line, which may not be ours.
            None => Ok(code),
        }
    }

    /// The arms as those of a `match`: a name that is as long as an arm's header stands for it.
    fn arms(&mut self, arms: &Arms, level: usize) -> Result<String, Missing> {
        let text = self.lexed.text;
        let mut code = String::new();
        let mut at = arms.range.start;
        let mut stand_ins = Vec::with_capacity(arms.arms.len() + 1);
        if let Some(biased) = &arms.biased {
            let stand_in = format!("{STAND_IN}biased => (),");
            code += &text[at..biased.start];
            code += &stand_in;
            at = biased.end;
            stand_ins.push((stand_in, "biased;".to_owned()));
        }
        let indentation = (level + 1) * self.config.tab_spaces;
        for (number, header) in arms.arms.iter().enumerate() {
            let written = self.header(header, level + 1)?;
            let width = match written.rsplit_once('\n') {
                Some((_, last)) => self.config.width(last).saturating_sub(indentation),
                None => self.config.width(&written),
            };
            let mut stand_in = format!("{STAND_IN}{number:02}");
            if number > 99 {
                return Err(Missing::Forever);
            }
            // A header of several lines can end with a lone brace.
            let missing = width.saturating_sub(self.config.width(&stand_in));
            stand_in += &"_".repeat(missing);
            code += &text[at..header.range.start];
            code += &stand_in;
            at = header.range.end;
            stand_ins.push((stand_in, written));
        }
        if let Some(end) = arms.open_end {
            // Without it, rustfmt takes a comment at the end for one behind the last arm.
            code += &text[at..end];
            code.push(',');
            at = end;
        }
        code += &text[at..arms.range.end];
        let written = self.pieces.get(Piece { level, before: "match ª ".to_owned(), code, after: "" })?;
        let mut result = "select! ".to_owned();
        let mut rest = &written[..];
        for (stand_in, header) in &stand_ins {
            let Some((before, after)) = rest.split_once(stand_in.as_str()) else {
                return Err(Missing::Forever);
            };
            result += before;
            result += header;
            rest = after;
        }
        Ok(result + rest)
    }

    fn header(&mut self, header: &Header, level: usize) -> Result<String, Missing> {
        let Some(parts) = &header.parts else { return Ok(self.text(&header.range).to_owned()) };
        let mut written = String::new();
        for part in parts {
            let part = self.part(part, level, &written)?;
            written += &part;
        }
        Ok(written)
    }
}

/// True for what has one layout only, such as `self.jobs` and `ctx.done()`.
fn is_plain(code: &str) -> bool {
    code.chars().all(|char| char.is_ascii_alphanumeric() || "_.()".contains(char))
}
