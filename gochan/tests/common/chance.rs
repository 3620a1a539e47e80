//! Whether what a program has counted may come of a fair choice.

/// Whether `seen` may be a sample of so many equally likely outcomes.
///
/// Pearson's statistic is distributed as chi-squared with one degree of freedom less than there are outcomes. For
/// that distribution Laurent and Massart (2000) bound the upper tail: with k degrees it exceeds
/// k + 2 sqrt(k x) + 2 x with a chance of at most exp(-x). At x = 21 that is less than one false alarm in a
/// thousand million. A choice that favours one of eight arms by ten in a hundred is caught all the same.
#[track_caller]
pub(crate) fn is_uniform(seen: &[u64], what: &str) {
    const X: f64 = 21.0;
    let expected = seen.iter().sum::<u64>() as f64 / seen.len() as f64;
    assert!(expected >= 100.0, "too small a sample for the approximation");
    let statistic: f64 = seen.iter().map(|&times| (times as f64 - expected).powi(2) / expected).sum();
    let degrees = (seen.len() - 1) as f64;
    let bound = degrees + 2.0 * (degrees * X).sqrt() + 2.0 * X;
    assert!(statistic <= bound, "{what}: {seen:?} gives {statistic:.1}, above {bound:.1}");
}
