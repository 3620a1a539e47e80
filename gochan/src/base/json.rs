//! Writing text as JSON.

use std::fmt;

/// A JSON string.
#[derive(Debug)]
pub(crate) struct Quoted<'a, T>(pub(crate) &'a T);

impl<T: fmt::Display> fmt::Display for Quoted<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("\"")?;
        for c in self.0.to_string().chars() {
            match c {
                '"' | '\\' => write!(f, "\\{c}")?,
                c if c.is_control() => write!(f, "\\u{:04x}", c as u32)?,
                c => write!(f, "{c}")?,
            }
        }
        f.write_str("\"")
    }
}

#[cfg(test)]
mod tests {
    use crate::base::json::*;

    #[test]
    fn quotes_are_json() {
        assert_eq!(Quoted(&"a \"b\" \\ \n ü").to_string(), r#""a \"b\" \\ \u000a ü""#);
    }
}
