//! Extracts the usable parts of half-typed input, so that an editor can complete in it.
//!
//! While the user types `go!(f(job.`, the macro must expand input that no parser accepts. Dropping the unfinished tail
//! almost always gives the expansion that the finished call will have; rust-analyzer compares the two to find what is
//! before the cursor.

use proc_macro2::{Delimiter, Group, Spacing, TokenStream, TokenTree};
use syn::{Error, Expr};

use crate::tokens::{find_arrow, find_fat_arrow, parse_expr, punct};

/// `tokens` without their dangling `.` and `::`, and an error at each of them. `None` if nothing dangles.
///
/// Parentheses and brackets are searched, blocks are not: those are passed on without parsing.
#[must_use]
pub fn repair(tokens: TokenStream) -> Option<(TokenStream, Error)> {
    let mut errors = Vec::new();
    let repaired = repair_level(tokens, &mut errors);
    let error = errors.into_iter().reduce(|mut all, next| {
        all.combine(next);
        all
    })?;
    Some((repaired, error))
}

fn repair_level(tokens: TokenStream, errors: &mut Vec<Error>) -> TokenStream {
    let tokens: Vec<TokenTree> = tokens.into_iter().collect();
    let mut repaired = Vec::with_capacity(tokens.len());
    let mut at = 0;
    while at < tokens.len() {
        let width = dangling(&tokens, at);
        if width > 0 {
            errors.push(Error::new(tokens[at].span(), "expected a name after this"));
            at += width;
            continue;
        }
        repaired.push(match &tokens[at] {
            TokenTree::Group(group) if group.delimiter() != Delimiter::Brace => {
                let mut inside = Group::new(group.delimiter(), repair_level(group.stream(), errors));
                inside.set_span(group.span());
                TokenTree::Group(inside)
            }
            other => other.clone(),
        });
        at += 1;
    }
    repaired.into_iter().collect()
}

/// The number of tokens at `at` that are a `.` or `::` without a name after it.
fn dangling(tokens: &[TokenTree], at: usize) -> usize {
    let is = |at: usize, char: char| punct(tokens, at).is_some_and(|punct| punct.as_char() == char);
    let follows_operand = at > 0 && !matches!(&tokens[at - 1], TokenTree::Punct(_));
    let width = if is(at, '.') && !is(at + 1, '.') {
        1
    } else if is(at, ':') && is(at + 1, ':') {
        2
    } else {
        return 0;
    };
    let ends = match tokens.get(at + width) {
        None => true,
        // `::<T>` goes on; `job. <- x` and `job., x` do not.
        Some(TokenTree::Punct(next)) => {
            width == 1 || next.as_char() != '<' || next.spacing() == Spacing::Joint
        }
        Some(_) => false,
    };
    if follows_operand && ends { width } else { 0 }
}

/// The parts of `tokens` between the macros' separators that are complete Rust expressions, so that an expansion that
/// only reports an error can still contain them.
#[must_use]
pub fn fragments(tokens: TokenStream) -> Vec<Expr> {
    let tokens: Vec<TokenTree> = tokens.into_iter().collect();
    let mut found = Vec::new();
    let mut rest = &tokens[..];
    while !rest.is_empty() {
        let comma = (0..rest.len())
            .find(|&at| punct(rest, at).is_some_and(|punct| matches!(punct.as_char(), ',' | ';')))
            .map(|at| (at, 1));
        let arrow = find_arrow(rest).map(|at| (at, 2));
        let fat_arrow = find_fat_arrow(rest).map(|at| (at, 2));
        let (end, width) = [comma, arrow, fat_arrow].into_iter().flatten().min().unwrap_or((rest.len(), 0));
        found.extend(parse_expr(&rest[..end]));
        rest = &rest[end + width..];
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    fn repaired(source: &str) -> Option<String> {
        let tokens = source.parse().unwrap_or_else(|error| panic!("`{source}` must lex: {error}"));
        repair(tokens).map(|(tokens, _)| tokens.to_string().replace(' ', ""))
    }

    #[test]
    fn dangling_tails_are_dropped() {
        for (source, expected) in [
            ("x.", "x"),
            ("f(x.)", "f(x)"),
            ("f(a, self.b.)", "f(a,self.b)"),
            ("f(x., y)", "f(x,y)"),
            ("ch <- job.", "ch<-job"),
            ("job. <- x", "job<-x"),
            ("module::", "module"),
            ("f(Job::)", "f(Job)"),
            ("a[x.]", "a[x]"),
        ] {
            assert_eq!(repaired(source).as_deref(), Some(expected), "{source}");
        }
    }

    #[test]
    fn whole_code_is_left_alone() {
        for source in
            ["x.y", "a..", "a..b", "..", "f::<T>()", "{ x. }", "1.", "a.0", "::std::x()", "a..=b", "f(..)"]
        {
            assert_eq!(repaired(source), None, "{source}");
        }
    }

    #[test]
    fn fragments_are_the_expressions_between_separators() {
        let count = |source: &str| fragments(source.parse().unwrap_or_default()).len();
        assert_eq!(count("ch <- "), 1);
        assert_eq!(count("ch, v"), 2);
        assert_eq!(count("v = <-rx => f(v)"), 2);
        assert_eq!(count("+ + +"), 0);
    }
}
