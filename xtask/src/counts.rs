//! How many tests passed, read from what the test runners print.

#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(crate) struct Counts {
    pub(crate) passed: usize,
    pub(crate) failed: usize,
    pub(crate) ignored: usize,
}

impl Counts {
    pub(crate) fn add(&mut self, other: Counts) {
        self.passed += other.passed;
        self.failed += other.failed;
        self.ignored += other.ignored;
    }

    /// Adds what this line says, if it is the summary line of libtest or of nextest.
    pub(crate) fn read_line(&mut self, line: &str) {
        let line = without_escapes(line);
        // Not trimmed: nextest indents what a failed test printed, perhaps the summary of a run of its own.
        if let Some((_, parts)) = line.strip_prefix("test result: ").and_then(|rest| rest.split_once(". ")) {
            self.read_parts(parts.split(';'));
        } else if line.trim_start().starts_with("Summary [") {
            let parts = line.split_once("tests run: ").or_else(|| line.split_once("test run: "));
            self.read_parts(parts.map_or("", |(_, parts)| parts).split(','));
        }
    }

    /// Parts such as `12 passed (1 slow)`.
    fn read_parts<'a>(&mut self, parts: impl Iterator<Item = &'a str>) {
        for part in parts {
            let mut words = part.split_whitespace();
            let Some(count) = words.next().and_then(|word| word.parse::<usize>().ok()) else { continue };
            match words.next() {
                Some("passed") => self.passed += count,
                Some("failed" | "timed" | "exec") => self.failed += count,
                // What nextest skips is mostly what was not asked for.
                Some("ignored") => self.ignored += count,
                _ => {}
            }
        }
    }
}

/// The text without terminal colours.
fn without_escapes(line: &str) -> String {
    let mut plain = String::with_capacity(line.len());
    let mut chars = line.chars();
    while let Some(c) = chars.next() {
        if c == '\u{1b}' {
            chars.by_ref().find(char::is_ascii_alphabetic);
        } else {
            plain.push(c);
        }
    }
    plain
}

#[cfg(test)]
mod tests {
    use super::*;

    fn counts(lines: &[&str]) -> Counts {
        let mut counts = Counts::default();
        lines.iter().for_each(|line| counts.read_line(line));
        counts
    }

    #[test]
    fn reads_libtest() {
        let counts = counts(&[
            "running 3 tests",
            "test a ... ok",
            "test result: ok. 3 passed; 0 failed; 1 ignored; 0 measured; 0 filtered out\n",
            "test result: FAILED. 1 passed; 2 failed; 0 ignored; 0 measured; 0 filtered out",
        ]);
        assert_eq!(counts, Counts { passed: 4, failed: 2, ignored: 1 });
    }

    #[test]
    fn reads_nextest_in_colour() {
        let counts = counts(&[
            "\u{1b}[32;1m     Summary\u{1b}[0m [   0.5s] \u{1b}[1m12\u{1b}[0m tests run: 10 passed (2 slow), \
             1 failed, 1 timed out, 3 skipped",
            "     Summary [   0.010s] 1 test run: 1 passed, 0 skipped",
        ]);
        assert_eq!(counts, Counts { passed: 11, failed: 2, ignored: 0 });
    }

    #[test]
    fn other_lines_count_nothing() {
        let inner = "    test result: FAILED. 0 passed; 1 failed; 0 ignored; 0 measured";
        assert_eq!(counts(&["12 passed, 1 failed", "Summary of 3 passed", inner, ""]), Counts::default());
    }
}
