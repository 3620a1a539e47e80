//! Checks of an error in the grammar's tests: the words that it underlines, and its message.

use syn::parse::Parse;

/// Parses `source` as a `T`.
pub(crate) fn accept<T: Parse>(source: &str) -> T {
    match syn::parse_str(source) {
        Ok(parsed) => parsed,
        Err(error) => panic!("`{source}` must parse: {error}"),
    }
}

/// The text underlined by the error for `source`, and its message.
pub(crate) fn reject<T: Parse>(source: &str) -> (String, String) {
    match syn::parse_str::<T>(source) {
        Ok(_) => panic!("`{source}` must not parse"),
        Err(error) => (error.span().source_text().unwrap_or_default(), error.to_string()),
    }
}

/// Asserts that the error for `source` underlines `underlined` and that its message contains `words`.
#[track_caller]
pub(crate) fn assert_rejects<T: Parse>(source: &str, underlined: &str, words: &str) {
    let (found, message) = reject::<T>(source);
    assert_eq!(found, underlined, "what `{source}` underlines (message: {message})");
    assert!(message.contains(words), "`{source}` says: {message}");
}

/// A small generator, so that a failure can be repeated from the seed it prints.
struct Random(u64);

impl Random {
    fn below(&mut self, limit: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(self.0 >> 33).unwrap_or_default() % limit
    }

    fn source(&mut self, depth: usize) -> String {
        const WORDS: [&str; 58] = [
            "<-",
            "<-",
            "=>",
            "=>",
            "=",
            ",",
            ",",
            ";",
            ".",
            "::",
            "..",
            "|",
            "||",
            "&",
            "*",
            "-",
            "<",
            ">",
            "?",
            "!",
            "#",
            "'a",
            ":",
            "->",
            ":=",
            "a",
            "b",
            "ch",
            "ok",
            "self",
            "Some",
            "None",
            "default",
            "else",
            "if",
            "let",
            "match",
            "biased",
            "case",
            "async",
            "move",
            "mut",
            "fn",
            "main",
            "return",
            "_",
            "crate",
            "stack_size",
            "for",
            "in",
            "loop",
            "unsafe",
            "1",
            "1.",
            "\"s\"",
            "i32",
            "&mut",
            "==",
        ];
        let mut source = String::new();
        for _ in 0..self.below(9) {
            let brackets = ["()", "{}", "[]"][self.below(3)];
            if depth > 0 && self.below(4) == 0 {
                source += &format!("{}{}{} ", &brackets[..1], self.source(depth - 1), &brackets[1..]);
            } else {
                source += WORDS[self.below(WORDS.len())];
                source += [" ", " ", ""][self.below(3)];
            }
        }
        source
    }
}

#[test]
fn no_input_panics() {
    use crate::{Chan, Close, Defer, EntryArgs, EntryFn, Go, Recv, Select, Send, WithContext};
    for seed in 0..4_000 {
        let source = Random(seed).source(2);
        let Ok(tokens) = source.parse::<proc_macro2::TokenStream>() else { continue };
        let parse_all = || {
            let _ = syn::parse2::<Go>(tokens.clone());
            let _ = syn::parse2::<Chan>(tokens.clone());
            let _ = syn::parse2::<Send>(tokens.clone());
            let _ = syn::parse2::<Recv>(tokens.clone());
            let _ = syn::parse2::<Close>(tokens.clone());
            let _ = syn::parse2::<Defer>(tokens.clone()).map(|defer| defer.body.stmts());
            let _ = syn::parse2::<Select>(tokens.clone());
            let _ = syn::parse2::<WithContext>(tokens.clone());
            let _ = Select::recover(tokens.clone());
            let _ = WithContext::recover(tokens.clone());
            let _ = syn::parse2::<EntryArgs>(tokens.clone());
            let _ = syn::parse2::<EntryFn>(tokens.clone()).map(|function| function.check("#[main]"));
            let _ = crate::repair(tokens.clone());
            let _ = crate::fragments(tokens.clone());
        };
        let outcome = std::panic::catch_unwind(std::panic::AssertUnwindSafe(parse_all));
        assert!(outcome.is_ok(), "seed {seed} panics: {source}");
    }
}
