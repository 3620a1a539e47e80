//! The tables: one for the terminal, with everybody, and one for a page.

use std::fmt::Write;

use super::peers::{self, Contestant, Kind};
use super::run::{Plan, Results};
use super::stats::{Series, Summary, figure, ratio};
use super::workloads::{Aim, Metric, Workload, all};

/// Workloads and peers, for `--list`.
pub(super) fn list() {
    for workload in all() {
        println!("{:<16} {}", workload.name, workload.what);
        let offering = peers::RUST.iter().filter(|peer| peer.offers(workload.name, 1)).map(|peer| peer.name);
        println!("{:<16} Rust peers: {}", "", offering.collect::<Vec<_>>().join(", "));
    }
}

/// One figure of one workload at one number of workers, for everybody.
struct Cell<'a> {
    workload: &'static Workload,
    metric: &'static Metric,
    procs: u32,
    /// In the order of the plan; those without a figure are left out.
    entries: Vec<(&'a Contestant, &'a Series, Summary)>,
}

impl<'a> Cell<'a> {
    fn of_contestant(&self, name: &str) -> Option<&(&'a Contestant, &'a Series, Summary)> {
        self.entries.iter().find(|(peer, ..)| peer.name == name)
    }

    fn ours(&self) -> impl Iterator<Item = &(&'a Contestant, &'a Series, Summary)> {
        self.entries.iter().filter(|(peer, ..)| peer.is_gochan())
    }

    fn go(&self) -> Option<&'a Series> {
        self.entries.iter().find(|(peer, ..)| matches!(peer.kind, Kind::Go)).map(|(_, series, _)| *series)
    }

    /// The Rust peer with the lowest median among those that do the same work.
    fn best_rust(&self) -> Option<&(&'a Contestant, &'a Series, Summary)> {
        let comparable = |peer: &Contestant| peer.is_comparable(self.workload.name, self.procs);
        let peers = self.entries.iter().filter(|(peer, ..)| comparable(peer));
        peers.min_by(|(.., a), (.., b)| a.median.total_cmp(&b.median))
    }

    /// What gochan aims at here and whether `series` reaches it.
    fn aim(&self, peer: &str, series: &Series, results: &Results) -> Option<String> {
        let verdict = |met: bool| if met { "met" } else { "MISSED" };
        match self.metric.aim {
            Aim::None => None,
            Aim::TimesGo(one, more) => {
                let aim = if self.procs == 1 { one } else { more };
                let reached = ratio(series, self.go()?)?.median;
                Some(format!("≤ {aim:.2} × Go {}", verdict(reached <= aim)))
            }
            Aim::AtMost(most) => {
                let reached = Summary::of(series.values().copied())?.median;
                Some(format!("≤ {} {} {}", figure(most), self.metric.unit, verdict(reached <= most)))
            }
            Aim::SpeedUp(least) => {
                let reached = self.speed_up(peer, series, results)?.median;
                Some(format!("{} on 2, ≥ {least} {}", figure(reached), verdict(reached >= least)))
            }
        }
    }

    /// How many times as fast two workers are as one, where that is what the workload is for.
    fn speed_up(&self, peer: &str, series: &Series, results: &Results) -> Option<Summary> {
        let asked = matches!(self.metric.aim, Aim::SpeedUp(_)) && self.procs == 2;
        let one = results.series(self.workload.name, 1, peer, self.metric.key).filter(|_| asked)?;
        ratio(one, series)
    }

    /// How many times as long as with one worker it takes, where there are more and that is not the workload's purpose.
    fn times_one_worker(&self, peer: &str, series: &Series, results: &Results) -> Option<Summary> {
        let asked = self.procs > 1 && !matches!(self.metric.aim, Aim::SpeedUp(_));
        let one = results.series(self.workload.name, 1, peer, self.metric.key).filter(|_| asked)?;
        ratio(series, one)
    }

    fn weakness(&self, peer: &Contestant) -> Option<&'static str> {
        peer.weakness(self.workload.name, self.procs)
    }
}

fn cells<'a>(plan: &Plan<'a>, results: &'a Results) -> Vec<Cell<'a>> {
    let mut cells = Vec::new();
    for &workload in &plan.workloads {
        for metric in workload.metrics {
            for &procs in plan.procs {
                let entry = |peer: &'a Contestant| {
                    let series = results.series(workload.name, procs, &peer.name, metric.key)?;
                    Some((peer, series, Summary::of(series.values().copied())?))
                };
                let entries: Vec<_> = plan.contestants.iter().filter_map(entry).collect();
                if !entries.is_empty() {
                    cells.push(Cell { workload, metric, procs, entries });
                }
            }
        }
    }
    cells
}

/// `0.31 (0.29..0.33)`, or `0.31` when there is nothing to spread.
fn spread(summary: Summary) -> String {
    if summary.min == summary.max {
        return figure(summary.median);
    }
    format!("{} ({}..{})", figure(summary.median), figure(summary.min), figure(summary.max))
}

/// A ratio to Go's figure, in bold where Go is faster.
fn slower_stands_out(ratio: Summary) -> String {
    if ratio.median > 1.0 { format!("**{}**", spread(ratio)) } else { spread(ratio) }
}

pub(super) fn print(plan: &Plan<'_>, results: &Results) {
    for cell in cells(plan, results) {
        let workers = if cell.procs == 1 { "worker" } else { "workers" };
        println!("\n{}, {}, {} {workers}", cell.workload.title(cell.metric), cell.metric.unit, cell.procs);
        for (peer, series, summary) in &cell.entries {
            println!(
                "  {:<14} {:<28}{}",
                peer.name,
                spread(*summary),
                remarks(&cell, peer, series, results).join("  ")
            );
        }
    }
    if !results.failures.is_empty() {
        println!("\nfailed runs:");
        results.failures.iter().for_each(|failure| println!("  {failure}"));
    }
}

/// What there is to say about one contestant's figure.
fn remarks(cell: &Cell<'_>, peer: &Contestant, series: &Series, results: &Results) -> Vec<String> {
    let mut remarks = Vec::new();
    let go = cell.go().filter(|_| !matches!(peer.kind, Kind::Go));
    if let Some(ratio) = go.and_then(|go| ratio(series, go)) {
        let slower = if peer.is_gochan() && ratio.median > 1.0 { " SLOWER" } else { "" };
        remarks.push(format!("{} × Go{slower}", spread(ratio)));
    }
    if let Some(times) = cell.times_one_worker(&peer.name, series, results) {
        remarks.push(format!("{} × its time with 1", spread(times)));
    }
    if let Some(times) = cell.speed_up(&peer.name, series, results) {
        remarks.push(format!("{} × as fast as with 1", spread(times)));
    }
    if peer.is_gochan() {
        let first = cell.ours().next().filter(|(first, ..)| first.name != peer.name);
        for (other, theirs, _) in first.into_iter().chain(cell.best_rust()) {
            if let Some(ratio) = ratio(series, theirs) {
                remarks.push(format!("{} × {}", spread(ratio), other.name));
            }
        }
        remarks.extend(cell.aim(&peer.name, series, results).map(|aim| format!("aim: {aim}")));
    }
    remarks.extend(cell.weakness(peer).map(|why| format!("not comparable: {why}")));
    remarks
}

/// The tables as a page: what was measured where, gochan against Go and the best, then everybody.
pub(super) fn markdown(plan: &Plan<'_>, results: &Results, facts: &[(&'static str, String)]) -> String {
    let cells = cells(plan, results);
    let mut page = String::new();
    for (name, value) in facts {
        let value = if *name == "command" { format!("`{value}`") } else { value.clone() };
        let _ = writeln!(page, "- {name}: {value}");
    }
    page.push_str(
        "\nMedians; in brackets the lowest and the highest repetition. Ratios are taken within each\n\
         repetition; below 1, gochan is faster (or smaller).\n\n",
    );
    summary_table(&mut page, plan, results, &cells);
    page.push_str(
        "\nEverybody:\n\n| workload | workers | peer | figure | × Go | remark |\n|---|---|---|---|---|---|\n",
    );
    for cell in &cells {
        for (peer, series, summary) in &cell.entries {
            let title = cell.workload.title(cell.metric);
            let times_go = cell.go().and_then(|go| ratio(series, go)).map_or("–".to_owned(), spread);
            let remark = cell.weakness(peer).unwrap_or("");
            let (procs, name, unit) = (cell.procs, &peer.name, cell.metric.unit);
            let figure = spread(*summary);
            let _ =
                writeln!(page, "| {title} | {procs} | {name} | {figure} {unit} | {times_go} | {remark} |");
        }
    }
    if !results.failures.is_empty() {
        page.push_str("\nFailed runs:\n\n");
        results.failures.iter().for_each(|failure| page.push_str(&format!("- {failure}\n")));
    }
    page
}

/// gochan, its other builds, Go and the best Rust peer, side by side.
fn summary_table(page: &mut String, plan: &Plan<'_>, results: &Results, cells: &[Cell<'_>]) {
    let none = || "–".to_owned();
    let builds: Vec<&Contestant> = plan.contestants.iter().filter(|peer| peer.is_gochan()).collect();
    let Some((main, others)) = builds.split_first() else { return };
    let mut header = vec!["workload".to_owned(), "unit".to_owned(), "workers".to_owned(), main.name.clone()];
    header.extend(
        others.iter().flat_map(|other| [other.name.clone(), format!("{} ÷ {}", main.name, other.name)]),
    );
    header.extend(
        ["Go", "best Rust peer", "÷ Go", "÷ best Rust peer", "÷ one worker", "aim"].map(str::to_owned),
    );
    let _ = writeln!(page, "| {} |\n|{}", header.join(" | "), "---|".repeat(header.len()));
    for cell in cells {
        let Some((_, series, summary)) = cell.of_contestant(&main.name) else { continue };
        let mut row =
            vec![cell.workload.title(cell.metric), cell.metric.unit.to_owned(), cell.procs.to_string()];
        row.push(figure(summary.median));
        for other in others {
            let other = cell.of_contestant(&other.name);
            row.push(other.map_or_else(none, |(.., summary)| figure(summary.median)));
            row.push(other.and_then(|(_, theirs, _)| ratio(series, theirs)).map_or_else(none, spread));
        }
        let best = cell.best_rust();
        row.push(cell.of_contestant("go").map_or_else(none, |(.., go)| figure(go.median)));
        row.push(
            best.map_or_else(none, |(peer, _, best)| format!("{} ({})", figure(best.median), peer.name)),
        );
        row.push(cell.go().and_then(|go| ratio(series, go)).map_or_else(none, slower_stands_out));
        row.push(best.and_then(|(_, theirs, _)| ratio(series, theirs)).map_or_else(none, spread));
        let times_one = cell.times_one_worker(&main.name, series, results);
        row.push(times_one.map_or_else(none, |times| figure(times.median)));
        row.push(cell.aim(&main.name, series, results).unwrap_or_default());
        let _ = writeln!(page, "| {} |", row.join(" | "));
    }
}
