//! The settings in `GOCHAN_EXPLORE`, for all explorations: how many runs, for how long, of what kind.

use crate::test::options::{Test, parse_duration};
use std::time::Duration;

/// Each is `None` if it is not given.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Settings {
    /// The number of interleavings.
    pub(super) runs: Option<usize>,
    /// No more runs are begun after this time.
    pub(super) time: Option<Duration>,
    /// How often the clock may jump in one of them.
    jumps: Option<u32>,
    strategy: Option<Strategy>,
}

/// How a seed determines a schedule.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) enum Strategy {
    /// In one of the other ways, depending on the seed.
    #[default]
    Mixed,
    Walk,
    Priorities,
}

const STRATEGIES: [(&str, Strategy); 3] =
    [("walk", Strategy::Walk), ("priorities", Strategy::Priorities), ("mixed", Strategy::Mixed)];

impl Settings {
    /// # Errors
    /// A message if the variable is invalid.
    pub(super) fn from_environment() -> Result<Settings, String> {
        let text = std::env::var("GOCHAN_EXPLORE").unwrap_or_default();
        Settings::parse(&text).map_err(|problem| {
            format!(
                "GOCHAN_EXPLORE is `{text}`; it must be the number of interleavings to run, or a list such as \
                 `runs=100000,for=10m,jumps=5,strategy=priorities`: {problem}"
            )
        })
    }

    fn parse(text: &str) -> Result<Settings, String> {
        let mut settings = Settings::default();
        if text.trim().is_empty() {
            return Ok(settings);
        }
        if !text.contains('=') {
            settings.runs = Some(parse_runs(text)?);
            return Ok(settings);
        }
        for item in text.split(',') {
            let (name, value) = item.split_once('=').unwrap_or((item, ""));
            let (name, value) = (name.trim(), value.trim());
            let was_given = match name {
                "runs" => settings.runs.replace(parse_runs(value)?).is_some(),
                "for" => {
                    let time = parse_duration(value).ok_or_else(|| {
                        format!("`for` is `{value}`, and not a time such as 30s, 10m or 1h")
                    })?;
                    settings.time.replace(time).is_some()
                }
                "jumps" => {
                    let jumps =
                        value.parse().map_err(|_| format!("`jumps` is `{value}`, and not a number"))?;
                    settings.jumps.replace(jumps).is_some()
                }
                "strategy" => {
                    let known = STRATEGIES.iter().find(|(known, _)| *known == value);
                    let &(_, strategy) = known.ok_or_else(|| {
                        format!("`strategy` is `{value}`, and not one of walk, priorities and mixed")
                    })?;
                    settings.strategy.replace(strategy).is_some()
                }
                _ => return Err(format!("`{name}` is none of runs, for, jumps and strategy")),
            };
            if was_given {
                return Err(format!("`{name}` is given twice"));
            }
        }
        Ok(settings)
    }

    /// The test with these settings applied.
    pub(super) fn apply_to(&self, test: &Test) -> Test {
        let mut test = test.clone();
        if let Some(jumps) = self.jumps {
            test = test.jumps(jumps);
        }
        if let (Some(timeout), Some(time)) = (&mut test.timeout, self.time) {
            *timeout = timeout.saturating_add(time);
        }
        test
    }

    pub(super) fn strategy(&self) -> Strategy {
        self.strategy.unwrap_or_default()
    }

    /// The settings that must be the same for a seed to represent the same run.
    pub(super) fn of_one_run(&self) -> String {
        let jumps = self.jumps.map(|jumps| format!("jumps={jumps}"));
        let strategy = STRATEGIES.iter().find(|(_, strategy)| Some(*strategy) == self.strategy);
        let strategy = strategy.map(|(name, _)| format!("strategy={name}"));
        let all: Vec<_> = jumps.into_iter().chain(strategy).collect();
        if all.is_empty() { String::new() } else { format!("GOCHAN_EXPLORE={} ", all.join(",")) }
    }
}

fn parse_runs(text: &str) -> Result<usize, String> {
    let runs = text.trim().parse::<u32>().ok().filter(|&runs| runs > 0);
    runs.map(|runs| runs as usize).ok_or_else(|| format!("`{text}` is not a number of at least 1"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_is_that_of_the_runs() {
        assert_eq!(Settings::parse(" 500 "), Ok(Settings { runs: Some(500), ..Settings::default() }));
        assert_eq!(Settings::parse(" "), Ok(Settings::default()));
    }

    #[test]
    fn a_list_sets_what_it_names() {
        let settings = Settings::parse("runs=100000, jumps=5,strategy=priorities,for=10m").unwrap();
        assert_eq!(settings.runs, Some(100_000));
        assert_eq!(settings.time, Some(Duration::from_secs(600)));
        assert_eq!((settings.jumps, settings.strategy()), (Some(5), Strategy::Priorities));
        assert_eq!(settings.of_one_run(), "GOCHAN_EXPLORE=jumps=5,strategy=priorities ");
        let settings = Settings::parse("for=30s").unwrap();
        assert_eq!((settings.runs, settings.strategy()), (None, Strategy::Mixed));
        assert_eq!(settings.of_one_run(), "");
    }

    #[test]
    fn what_makes_no_sense_is_named() {
        for (text, problem) in [
            ("0", "`0` is not a number of at least 1"),
            ("many", "`many` is not a number of at least 1"),
            ("100,for=10m", "`100` is none of runs, for, jumps and strategy"),
            ("runs=0", "`0` is not a number of at least 1"),
            ("runs=", "`` is not a number of at least 1"),
            ("for=10", "`for` is `10`, and not a time"),
            ("jumps=-1", "`jumps` is `-1`, and not a number"),
            ("strategy=luck", "`strategy` is `luck`, and not one of walk, priorities and mixed"),
            ("runs=1,,", "`` is none of runs, for, jumps and strategy"),
            ("depth=3", "`depth` is none of"),
            ("runs=1,runs=2", "`runs` is given twice"),
        ] {
            let told = Settings::parse(text).unwrap_err();
            assert!(told.starts_with(problem), "{text}: {told}");
        }
    }

    #[test]
    fn time_for_runs_is_not_taken_from_the_time_limit() {
        let test = Test::new().timeout(5_000_000_000);
        let test = Settings::parse("for=1m").unwrap().apply_to(&test);
        assert_eq!(test.timeout, Some(Duration::from_secs(65)));
    }
}
