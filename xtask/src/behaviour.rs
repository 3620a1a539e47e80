//! The behaviour rows (`xtask/behaviour.txt`) and the tests named after them.

use std::collections::BTreeSet;
use std::path::Path;

use crate::{Outcome, root};

pub(crate) fn run() -> Outcome {
    let list = root().join("xtask/behaviour.txt");
    let text = std::fs::read_to_string(&list).map_err(|error| format!("{}: {error}", list.display()))?;
    let rows = parse(&text)?;
    let mut tested = BTreeSet::new();
    collect(&root(), &mut tested)?;
    report(&rows, &tested)
}

/// A row of the list.
#[derive(Debug, PartialEq)]
struct Row {
    id: String,
    what: String,
    /// Whether the code for it exists, so that it must have a test.
    required: bool,
}

/// Reads the list: `required:` names the families whose rows must have tests, `except:` rows of them that need none
/// yet, and each other line is a row.
fn parse(text: &str) -> Outcome<Vec<Row>> {
    let (mut required, mut except) = (Vec::new(), Vec::new());
    let mut rows: Vec<Row> = Vec::new();
    for line in text.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with('#')) {
        if let Some(families) = line.strip_prefix("required:") {
            required.extend(families.split_whitespace());
            continue;
        }
        if let Some(ids) = line.strip_prefix("except:") {
            except.extend(ids.split_whitespace());
            continue;
        }
        let (id, what) = line.split_once(' ').unwrap_or((line, ""));
        if row_id(&id.to_lowercase().replace('-', "_")).as_deref() != Some(id) {
            return Err(format!("behaviour.txt: not a row: {line}"));
        }
        if rows.iter().any(|row| row.id == id) {
            return Err(format!("behaviour.txt: {id} stands there twice"));
        }
        let required = required.contains(&&id[..2]) && !except.contains(&id);
        rows.push(Row { id: id.to_owned(), what: what.trim().to_owned(), required });
    }
    Ok(rows)
}

/// The row that a test of this name, or a ui-test in a file of this name, proves: `ch_07_close_wakes` is
/// CH-07.
fn row_id(name: &str) -> Option<String> {
    let (family, rest) = (name.get(..2)?, name.get(2..)?.strip_prefix('_')?);
    let number = rest.get(..2)?;
    let ends = rest[2..].is_empty() || rest[2..].starts_with('_');
    let letters = family.bytes().all(|b| b.is_ascii_lowercase());
    (letters && number.bytes().all(|b| b.is_ascii_digit()) && ends)
        .then(|| format!("{}-{number}", family.to_uppercase()))
}

/// The rows that tests in this source text are named after.
fn rows_in(source: &str) -> impl Iterator<Item = String> {
    source.lines().filter(|line| !line.trim_start().starts_with("//")).flat_map(|line| {
        line.match_indices("fn ").filter_map(|(at, keyword)| {
            let starts_word = !line[..at].ends_with(|c: char| c.is_alphanumeric() || c == '_');
            let name = line[at + keyword.len()..].trim_start();
            let end = name.find(|c: char| !c.is_alphanumeric() && c != '_').unwrap_or(name.len());
            if starts_word { row_id(&name[..end]) } else { None }
        })
    })
}

/// Adds the rows with tests in the sources below `folder`.
fn collect(folder: &Path, tested: &mut BTreeSet<String>) -> Outcome {
    let failed = |error| format!("{}: {error}", folder.display());
    for entry in std::fs::read_dir(folder).map_err(failed)? {
        let path = entry.map_err(failed)?.path();
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        // This crate has the ids of rows in its own tests.
        if name.starts_with('.') || name == "target" || path == root().join("xtask") {
            continue;
        }
        if path.is_dir() {
            collect(&path, tested)?;
        } else if let Some(stem) = name.strip_suffix(".rs") {
            tested.extend(row_id(stem));
            let source =
                std::fs::read_to_string(&path).map_err(|error| format!("{}: {error}", path.display()))?;
            tested.extend(rows_in(&source));
        }
    }
    Ok(())
}

fn report(rows: &[Row], tested: &BTreeSet<String>) -> Outcome {
    let untested = |required: bool| {
        let rows = rows.iter().filter(move |row| row.required == required && !tested.contains(&row.id));
        rows.collect::<Vec<_>>()
    };
    let (missing, planned) = (untested(true), untested(false));
    for row in &missing {
        println!("{} has no test: {}", row.id, row.what);
    }
    if !planned.is_empty() {
        let mut families: Vec<&str> = planned.iter().map(|row| &row.id[..2]).collect();
        families.dedup();
        println!("planned, without tests so far: {} rows of {}", planned.len(), families.join(", "));
    }
    for id in tested.iter().filter(|id| !rows.iter().any(|row| row.id == **id)) {
        println!("note: a test is named after {id}, which is no row");
    }
    let required = rows.iter().filter(|row| row.required).count();
    println!("{} of {required} required rows have a test named after them", required - missing.len());
    if missing.is_empty() { Ok(()) } else { Err(format!("{} behaviour rows have no test", missing.len())) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_committed_list_is_well_formed() {
        let rows = parse(include_str!("../behaviour.txt")).unwrap();
        assert!(rows.iter().any(|row| row.id == "CH-07" && row.required));
        assert!(rows.iter().any(|row| row.id == "SF-02" && row.required));
        assert!(rows.iter().all(|row| !row.what.is_empty()));
    }

    #[test]
    fn names_lead_to_rows() {
        assert_eq!(row_id("ch_07_close_wakes_everyone").as_deref(), Some("CH-07"));
        assert_eq!(row_id("go_14").as_deref(), Some("GO-14"));
        for other in ["ch_7_x", "ch_071", "chan_07_x", "ch07", "", "ch_", "CH_07_x"] {
            assert_eq!(row_id(other), None, "{other}");
        }
    }

    #[test]
    fn finds_tests_and_not_their_mention() {
        let source = "
            #[test]
            fn ch_07_close_wakes() {}
            both! { fn go_01_returns_at_once() { } fn wg_02_negative() {} }
            // fn ch_08_later() {}
            ch_09_call(); let often_ch_10_x = 1;
            async fn ch_22_mix() {}
        ";
        assert_eq!(rows_in(source).collect::<Vec<_>>(), ["CH-07", "GO-01", "WG-02", "CH-22"]);
    }

    #[test]
    fn only_required_rows_fail_the_check() {
        let rows = parse("# list\nrequired: CH\nCH-01 one\nSE-01 two\n").unwrap();
        assert!(report(&rows, &BTreeSet::new()).is_err());
        assert!(report(&rows, &BTreeSet::from(["CH-01".to_owned()])).is_ok());
        let rows = parse("required: CH\nexcept: CH-02\nCH-01 one\nCH-02 two\n").unwrap();
        assert_eq!(rows.iter().map(|row| row.required).collect::<Vec<_>>(), [true, false]);
    }

    #[test]
    fn refuses_a_broken_list() {
        assert!(parse("CH-1 one").is_err());
        assert!(parse("CH-01 one\nCH-01 two").is_err());
    }
}
