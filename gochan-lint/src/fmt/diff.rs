//! The differences of two texts, line by line, as rustfmt shows them.

use std::fmt::Write;
use std::path::Path;

/// Lines around each difference.
const CONTEXT: usize = 3;

#[derive(Clone, Copy, PartialEq, Eq)]
enum Side {
    Both,
    Old,
    New,
}

/// The differences, or an empty text if there are none.
pub(super) fn diff(path: &Path, old: &str, new: &str) -> String {
    let (old, new): (Vec<&str>, Vec<&str>) = (old.lines().collect(), new.lines().collect());
    let lines = lines(&old, &new);
    let mut shown = vec![false; lines.len()];
    for at in (0..lines.len()).filter(|&at| lines[at].0 != Side::Both) {
        let end = lines.len().min(at + CONTEXT + 1);
        shown[at.saturating_sub(CONTEXT)..end].fill(true);
    }
    let mut text = String::new();
    let mut number = 1;
    for (at, (side, line)) in lines.iter().enumerate() {
        if shown[at] && (at == 0 || !shown[at - 1]) {
            let _ = writeln!(text, "Diff in {}:{number}:", path.display());
        }
        if shown[at] {
            let sign = match side {
                Side::Both => ' ',
                Side::Old => '-',
                Side::New => '+',
            };
            let _ = writeln!(text, "{sign}{line}");
        }
        if shown[at] && shown.get(at + 1) != Some(&true) {
            text.push('\n');
        }
        number += usize::from(*side != Side::New);
    }
    text
}

/// The lines of both texts: a shortest way from one to the other, after Myers.
fn lines<'t>(old: &[&'t str], new: &[&'t str]) -> Vec<(Side, &'t str)> {
    let same = old.iter().zip(new).take_while(|(old, new)| old == new).count();
    let (start, old, new) = (&old[..same], &old[same..], &new[same..]);
    let (m, n) = (old.len(), new.len());
    // For each number of changes, how far the best way on each diagonal gets in `old`.
    let offset = m + n + 1;
    let mut furthest = vec![0_usize; 2 * offset + 1];
    let mut history = Vec::new();
    'search: for changes in 0..=m + n {
        history.push(furthest.clone());
        for diagonal in (offset - changes..=offset + changes).step_by(2) {
            let down = diagonal == offset - changes
                || diagonal != offset + changes && furthest[diagonal - 1] < furthest[diagonal + 1];
            let mut x = if down { furthest[diagonal + 1] } else { furthest[diagonal - 1] + 1 };
            while x < m && x + offset - diagonal < n && old[x] == new[x + offset - diagonal] {
                x += 1;
            }
            furthest[diagonal] = x;
            if x >= m && x + offset - diagonal >= n {
                break 'search;
            }
        }
    }
    // Back from the end.
    let (mut x, mut y) = (m, n);
    let mut lines = Vec::new();
    for (changes, furthest) in history.iter().enumerate().rev() {
        let diagonal = x + offset - y;
        let down = diagonal == offset - changes
            || diagonal != offset + changes && furthest[diagonal - 1] < furthest[diagonal + 1];
        let before = if down { diagonal + 1 } else { diagonal - 1 };
        let from = if changes == 0 { (0, 0) } else { (furthest[before], furthest[before] + offset - before) };
        while x > from.0 && y > from.1 {
            (x, y) = (x - 1, y - 1);
            lines.push((Side::Both, old[x]));
        }
        if changes > 0 {
            lines.push(if down { (Side::New, new[from.1]) } else { (Side::Old, old[from.0]) });
        }
        (x, y) = from;
    }
    lines.extend(start.iter().rev().map(|line| (Side::Both, *line)));
    lines.reverse();
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn old_and_new_lines_with_context() {
        let old = "a\nb\nc\nd\ne\nf\n";
        assert_eq!(diff(Path::new("x.rs"), old, old), "");
        let expected = "Diff in x.rs:2:\n b\n c\n d\n-e\n+E\n+F\n f\n\n";
        assert_eq!(diff(Path::new("x.rs"), old, "a\nb\nc\nd\nE\nF\nf\n"), expected);
        assert_eq!(diff(Path::new("x.rs"), "a\n", ""), "Diff in x.rs:1:\n-a\n\n");
        assert_eq!(diff(Path::new("x.rs"), "", "a\n"), "Diff in x.rs:1:\n+a\n\n");
    }

    #[test]
    fn each_side_can_be_read_from_the_lines() {
        let old = ["a", "b", "c", "a", "b", "b", "a"];
        let new = ["c", "b", "a", "b", "a", "c"];
        let lines = lines(&old, &new);
        let side = |left_out| -> Vec<&str> {
            lines.iter().filter(|(side, _)| *side != left_out).map(|(_, line)| *line).collect()
        };
        assert_eq!(side(Side::New), old);
        assert_eq!(side(Side::Old), new);
        assert_eq!(lines.iter().filter(|(side, _)| *side != Side::Both).count(), 5);
    }
}
