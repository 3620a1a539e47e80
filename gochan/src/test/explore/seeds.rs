//! The seeds of an exploration: the same at each run of the test, unless the environment says otherwise.

use super::schedule::Random;
use crate::test::options::Test;
use std::panic::Location;

#[derive(Debug, Clone)]
pub(super) struct Seeds {
    first: Random64,
    count: usize,
    replayed: Option<u64>,
}

type Random64 = u64;

impl Seeds {
    /// `runs` seeds for the test, by its place, or what `GOCHAN_SEED` and `GOCHAN_EXPLORE` ask for instead.
    ///
    /// # Errors
    /// What is wrong with a variable.
    pub(super) fn from_environment(test: &Test, runs: u32) -> Result<Seeds, String> {
        let variable = |name| std::env::var(name).ok().filter(|text: &String| !text.trim().is_empty());
        if let Some(text) = variable("GOCHAN_SEED") {
            return parse_seed(&text).map(|seed| Seeds { replayed: Some(seed), ..Seeds::one(seed) });
        }
        let count = match variable("GOCHAN_EXPLORE") {
            Some(text) => parse_count(&text)?,
            None => runs as usize,
        };
        if count == 0 {
            return Err("`explore = 0` runs nothing: ask for at least 1 run".to_owned());
        }
        Ok(Seeds { first: test.first_seed.unwrap_or_else(|| hash(test.place)), count, replayed: None })
    }

    pub(super) fn one(seed: u64) -> Seeds {
        Seeds { first: seed, count: 1, replayed: None }
    }

    pub(super) fn len(&self) -> usize {
        self.count
    }

    /// The seed that the environment asks for.
    pub(super) fn replayed(&self) -> Option<u64> {
        self.replayed
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = u64> {
        let mut random = Random(self.first);
        // The first is the one that was given; numbers of moderate length are easier to pass on.
        std::iter::successors(Some(self.first), move |_| Some(random.next() >> 16)).take(self.count)
    }
}

fn parse_seed(text: &str) -> Result<u64, String> {
    text.trim().parse().map_err(|_| {
        format!("GOCHAN_SEED is `{text}`; it must be a number that a failing exploration has printed")
    })
}

fn parse_count(text: &str) -> Result<usize, String> {
    let count = text.trim().parse::<u32>().ok().filter(|&count| count > 0);
    count.map(|count| count as usize).ok_or_else(|| {
        format!("GOCHAN_EXPLORE is `{text}`; it must be the number of interleavings to run, at least 1")
    })
}

/// Different tests see different interleavings. FNV-1a.
fn hash(place: &Location<'_>) -> u64 {
    let bytes = place.file().bytes().chain(place.line().to_le_bytes());
    let hash = bytes.fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
    });
    hash >> 16
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn seeds_are_repeatable_and_differ() {
        let seeds = Seeds { first: 7, count: 1000, replayed: None };
        let drawn: Vec<_> = seeds.iter().collect();
        assert_eq!(drawn, seeds.iter().collect::<Vec<_>>());
        assert_eq!(drawn[0], 7);
        let mut distinct = drawn.clone();
        distinct.sort_unstable();
        distinct.dedup();
        assert_eq!(distinct.len(), drawn.len());
    }

    #[test]
    fn variables_that_make_no_sense_are_named() {
        assert_eq!(parse_seed(" 12 "), Ok(12));
        assert!(parse_seed("twelve").unwrap_err().contains("GOCHAN_SEED is `twelve`"));
        assert!(parse_seed("-1").is_err());
        assert_eq!(parse_count("5"), Ok(5));
        assert!(parse_count("0").unwrap_err().contains("GOCHAN_EXPLORE is `0`"));
        assert!(parse_count("many").is_err());
    }
}
