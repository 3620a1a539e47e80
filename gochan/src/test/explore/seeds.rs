//! The seeds of an exploration: the same in each execution of the test, unless the environment says otherwise.

use super::settings::Settings;
use crate::base::random::Random;
use crate::test::options::Test;
use std::panic::Location;

#[derive(Debug, Clone)]
pub(super) struct Seeds {
    first: Random64,
    count: Option<usize>,
    replayed: Option<u64>,
}

type Random64 = u64;

impl Seeds {
    /// `runs` seeds for the test, derived from its location, or those that `GOCHAN_SEED` and the settings select.
    ///
    /// # Errors
    /// A message if the variable is invalid.
    pub(super) fn from_environment(test: &Test, runs: u32, settings: &Settings) -> Result<Seeds, String> {
        let variable = std::env::var("GOCHAN_SEED").ok().filter(|text| !text.trim().is_empty());
        if let Some(text) = variable {
            return parse_seed(&text).map(|seed| Seeds { first: seed, count: Some(1), replayed: Some(seed) });
        }
        let count = settings.runs.or_else(|| settings.time.is_none().then_some(runs as usize));
        if count == Some(0) {
            return Err("`explore = 0` runs nothing: ask for at least 1 run".to_owned());
        }
        Ok(Seeds { first: test.first_seed.unwrap_or_else(|| hash(test.place)), count, replayed: None })
    }

    /// Their number; `None` if there is no end.
    pub(super) fn count(&self) -> Option<usize> {
        self.count
    }

    /// The seed that the environment selects.
    pub(super) fn replayed(&self) -> Option<u64> {
        self.replayed
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = u64> {
        let mut random = Random(self.first);
        // The first seed is the given one; numbers of moderate length are easier to pass on.
        std::iter::successors(Some(self.first), move |_| Some(random.next() >> 16))
            .take(self.count.unwrap_or(usize::MAX))
    }
}

fn parse_seed(text: &str) -> Result<u64, String> {
    text.trim().parse().map_err(|_| {
        format!("GOCHAN_SEED is `{text}`; it must be a number that a failing exploration has printed")
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
        let seeds = Seeds { first: 7, count: Some(1000), replayed: None };
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
    }
}
