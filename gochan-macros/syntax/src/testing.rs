//! How the grammar's tests look at an error: the words it underlines and what it says.

use syn::parse::Parse;

/// Parses `source` as a `T`.
pub(crate) fn accept<T: Parse>(source: &str) -> T {
    match syn::parse_str(source) {
        Ok(parsed) => parsed,
        Err(error) => panic!("`{source}` must parse: {error}"),
    }
}

/// The text that the error for `source` underlines, and its message.
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
