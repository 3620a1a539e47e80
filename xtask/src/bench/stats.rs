//! Medians, and ratios that are paired within each repetition.

use std::collections::BTreeMap;

/// The figures of one contestant: repetition → figure.
pub(super) type Series = BTreeMap<u32, f64>;

#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Summary {
    pub(super) median: f64,
    pub(super) min: f64,
    pub(super) max: f64,
}

impl Summary {
    /// None without figures.
    pub(super) fn of(figures: impl IntoIterator<Item = f64>) -> Option<Summary> {
        let mut figures: Vec<f64> = figures.into_iter().collect();
        figures.sort_by(f64::total_cmp);
        let (&min, &max) = (figures.first()?, figures.last()?);
        let (low, high) = (figures[(figures.len() - 1) / 2], figures[figures.len() / 2]);
        Some(Summary { median: f64::midpoint(low, high), min, max })
    }
}

/// `ours / theirs`, over the repetitions that have both.
pub(super) fn ratio(ours: &Series, theirs: &Series) -> Option<Summary> {
    let pairs = ours.iter().filter_map(|(rep, ours)| Some((ours, theirs.get(rep)?)));
    Summary::of(pairs.filter(|(_, theirs)| **theirs > 0.0).map(|(ours, theirs)| ours / theirs))
}

/// Three significant digits, thousands set apart.
pub(super) fn figure(value: f64) -> String {
    let size = value.abs();
    if size >= 999.5 {
        let digits = format!("{size:.0}");
        let groups: Vec<&str> =
            digits.as_bytes().rchunks(3).rev().map(|c| str::from_utf8(c).unwrap_or("")).collect();
        format!("{}{}", if value < 0.0 { "-" } else { "" }, groups.join(","))
    } else if size >= 99.95 {
        format!("{value:.0}")
    } else if size >= 9.995 {
        format!("{value:.1}")
    } else {
        format!("{value:.2}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn series(figures: &[(u32, f64)]) -> Series {
        figures.iter().copied().collect()
    }

    #[test]
    fn the_median_of_an_even_number_lies_between() {
        assert_eq!(Summary::of([4.0, 1.0, 2.0, 3.0]), Some(Summary { median: 2.5, min: 1.0, max: 4.0 }));
        assert_eq!(Summary::of([7.0]), Some(Summary { median: 7.0, min: 7.0, max: 7.0 }));
        assert_eq!(Summary::of([]), None);
    }

    #[test]
    fn ratios_are_paired_so_a_slow_repetition_does_not_matter() {
        let ours = series(&[(0, 10.0), (1, 30.0), (2, 11.0)]);
        let theirs = series(&[(0, 20.0), (1, 60.0), (2, 20.0)]);
        assert_eq!(ratio(&ours, &theirs), Some(Summary { median: 0.5, min: 0.5, max: 0.55 }));
    }

    #[test]
    fn repetitions_without_a_partner_are_left_out() {
        let ours = series(&[(0, 10.0), (1, 1.0)]);
        assert_eq!(ratio(&ours, &series(&[(0, 5.0), (3, 9.0)])).map(|r| r.median), Some(2.0));
        assert_eq!(ratio(&ours, &series(&[(3, 9.0)])), None);
        assert_eq!(ratio(&ours, &series(&[(0, 0.0)])), None);
    }

    #[test]
    fn figures_keep_three_digits() {
        let shown: Vec<_> = [0.3333, 9.996, 28.71, 237.4, 1234.0, 1_050_321.0, -1500.0].map(figure).into();
        assert_eq!(shown, ["0.33", "10.0", "28.7", "237", "1,234", "1,050,321", "-1,500"]);
    }
}
