//! What a plan such as `xtask/house.txt` says.

use std::collections::{BTreeMap, BTreeSet};

use crate::Outcome;

/// Where a folder lies.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Level {
    /// Counted from the ground.
    Floor(usize),
    /// Beside all floors; counted from the first.
    Side(usize),
    Roof,
}

#[derive(Debug)]
pub(super) struct Plan {
    /// The folders of each floor, from the ground up.
    pub(super) floors: Vec<Vec<String>>,
    pub(super) sides: Vec<String>,
    /// What each folder is for.
    pub(super) about: BTreeMap<String, String>,
    levels: BTreeMap<String, Level>,
    allowed: BTreeSet<(String, String)>,
    /// Files that the largest circle may have.
    pub(super) largest_circle: usize,
    /// Percent of all lines that a folder may have.
    pub(super) largest_share: usize,
    /// Lines that a folder may have.
    pub(super) most_lines: BTreeMap<String, usize>,
}

impl Plan {
    /// Reads the lines `floor <folders>`, from the ground up, `side <folders>`, `roof <folders>`, `circle <files>`,
    /// `share <percent>`, `lines <folder> <count>`, `about <folder>: <words>`, and `allow <file> <file>: <reason>`.
    pub(super) fn parse(text: &str) -> Outcome<Plan> {
        let mut plan = Plan {
            floors: Vec::new(),
            sides: Vec::new(),
            about: BTreeMap::new(),
            levels: BTreeMap::new(),
            allowed: BTreeSet::new(),
            largest_circle: 0,
            largest_share: 100,
            most_lines: BTreeMap::new(),
        };
        for line in text.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with('#')) {
            let wrong = || format!("cannot read this line: {line}");
            let (word, rest) = line.split_once(' ').ok_or_else(wrong)?;
            let number = |text: &str| text.trim().parse::<usize>().map_err(|_| wrong());
            match word {
                "floor" => {
                    plan.place(rest, Level::Floor(plan.floors.len()));
                    plan.floors.push(rest.split_whitespace().map(str::to_owned).collect());
                }
                "side" => {
                    for side in rest.split_whitespace() {
                        plan.place(side, Level::Side(plan.sides.len()));
                        plan.sides.push(side.to_owned());
                    }
                }
                "about" => {
                    let (folder, words) = rest.split_once(':').ok_or_else(wrong)?;
                    plan.about.insert(folder.to_owned(), words.trim().to_owned());
                }
                "roof" => plan.place(rest, Level::Roof),
                "circle" => plan.largest_circle = number(rest)?,
                "share" => plan.largest_share = number(rest)?,
                "lines" => {
                    let (folder, count) = rest.split_once(' ').ok_or_else(wrong)?;
                    plan.most_lines.insert(folder.to_owned(), number(count)?);
                }
                "allow" => {
                    let (files, reason) = rest.split_once(':').ok_or_else(wrong)?;
                    let (from, to) = files.split_once(' ').ok_or_else(wrong)?;
                    if reason.trim().is_empty() {
                        return Err(format!("this line needs a reason: {line}"));
                    }
                    plan.allowed.insert((from.to_owned(), to.to_owned()));
                }
                _ => return Err(wrong()),
            }
        }
        Ok(plan)
    }

    fn place(&mut self, folders: &str, level: Level) {
        self.levels.extend(folders.split_whitespace().map(|folder| (folder.to_owned(), level)));
    }

    pub(super) fn level(&self, folder: &str) -> Outcome<Level> {
        self.levels.get(folder).copied().ok_or_else(|| {
            format!("the plan does not say where `{folder}` lies: add it to a floor, the side or the roof")
        })
    }

    pub(super) fn allows(&self, from: &str, to: &str) -> bool {
        self.allowed.contains(&(from.to_owned(), to.to_owned()))
    }

    pub(super) fn allowed(&self) -> impl Iterator<Item = &(String, String)> {
        self.allowed.iter()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn floors_are_counted_from_the_ground() {
        let plan = Plan::parse("# comment\n\nfloor stack\nfloor base shim\nside test\nroof lib\n").unwrap();
        assert_eq!(plan.level("stack"), Ok(Level::Floor(0)));
        assert_eq!(plan.level("shim"), Ok(Level::Floor(1)));
        assert_eq!(plan.level("test"), Ok(Level::Side(0)));
        assert_eq!(plan.level("lib"), Ok(Level::Roof));
        assert!(plan.level("elsewhere").unwrap_err().contains("`elsewhere`"));
    }

    #[test]
    fn an_exception_needs_a_reason() {
        assert!(Plan::parse("allow a.rs b.rs:").unwrap_err().contains("needs a reason"));
        assert!(Plan::parse("allow a.rs b.rs").unwrap_err().contains("cannot read"));
        assert!(Plan::parse("attic x").unwrap_err().contains("cannot read"));
    }
}
