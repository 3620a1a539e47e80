//! The choices of one run of a search, as a text that repeats the run.

use std::fmt;
use std::str::FromStr;

/// The choice at each place where there was one. Zero is the default choice.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Choices(Vec<u32>);

/// The prefix of the text.
const PREFIX: &str = "all-";

impl Choices {
    pub(super) fn get(&self, index: usize) -> u32 {
        self.0.get(index).copied().unwrap_or(0)
    }
}

impl FromIterator<u32> for Choices {
    fn from_iter<I: IntoIterator<Item = u32>>(choices: I) -> Choices {
        let mut choices: Vec<u32> = choices.into_iter().collect();
        while choices.pop_if(|last| *last == 0).is_some() {}
        Choices(choices)
    }
}

/// One character per choice; large numbers are in brackets.
impl fmt::Display for Choices {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(PREFIX)?;
        for &choice in &self.0 {
            match char::from_digit(choice, 36) {
                Some(digit) => write!(f, "{digit}")?,
                None => write!(f, "({choice})")?,
            }
        }
        Ok(())
    }
}

impl FromStr for Choices {
    type Err = ();

    fn from_str(text: &str) -> Result<Choices, ()> {
        let mut rest = text.trim().strip_prefix(PREFIX).ok_or(())?;
        let mut choices = Vec::new();
        while let Some(first) = rest.chars().next() {
            if let Some(bracket) = rest.strip_prefix('(') {
                let (number, after) = bracket.split_once(')').ok_or(())?;
                choices.push(number.parse().map_err(|_| ())?);
                rest = after;
            } else {
                choices.push(first.to_digit(36).ok_or(())?);
                rest = &rest[first.len_utf8()..];
            }
        }
        Ok(choices.into_iter().collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_brings_the_choices_back() {
        let choices: Choices = [0, 1, 35, 0, 36, 2, 0, 0].into_iter().collect();
        assert_eq!(choices.to_string(), "all-01z0(36)2");
        assert_eq!(choices.to_string().parse(), Ok(choices));
        assert_eq!("all-".parse(), Ok(Choices::default()));
        for bad in ["", "12", "all", "all-_", "all-(3", "all-(x)"] {
            assert!(bad.parse::<Choices>().is_err(), "{bad}");
        }
    }
}
