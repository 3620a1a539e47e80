//! Times in the arguments of attributes.

use syn::parse::ParseStream;
use syn::{Error, LitStr, Result};

/// Parses a time with its unit, the value of `argument`, into nanoseconds.
pub(crate) fn parse(input: ParseStream, argument: &str) -> Result<u64> {
    let text: LitStr = input.parse().map_err(|error| {
        let message = format!("`{argument}` is a string with a unit, such as `{argument} = \"5s\"`");
        Error::new(error.span(), message)
    })?;
    nanoseconds(&text)
}

/// `"500ms"`, `"5s"`, `"2m"`, `"1h"`.
fn nanoseconds(text: &LitStr) -> Result<u64> {
    let refuse = || {
        let message = "a time is a whole number and a unit: `500ms`, `5s`, `2m` or `1h`";
        Error::new(text.span(), message)
    };
    let value = text.value();
    let digits = value.find(|c: char| !c.is_ascii_digit()).ok_or_else(refuse)?;
    let unit: u64 = match &value[digits..] {
        "ms" => 1_000_000,
        "s" => 1_000_000_000,
        "m" => 60_000_000_000,
        "h" => 3_600_000_000_000,
        _ => return Err(refuse()),
    };
    let count = value[..digits].parse::<u64>().ok().filter(|&count| count > 0);
    count.and_then(|count| count.checked_mul(unit)).ok_or_else(refuse)
}
