//! What a table must say about where and with what it was measured.

use crate::command::Cmd;
use crate::root;

use super::programs;

/// Facts as (name, value).
pub(super) fn facts() -> Vec<(&'static str, String)> {
    let unknown = || "unknown".to_owned();
    let output =
        |program: &str, args: &[&str]| Cmd::new(program, args).output().filter(|text| !text.is_empty());
    let revision = output("git", &["describe", "--always", "--dirty"]);
    let gochan =
        revision.map_or_else(|| "working tree".to_owned(), |revision| format!("revision {revision}"));
    let environment = settings(std::env::vars());
    let mut facts = vec![
        ("date", output("date", &["-u", "+%Y-%m-%d %H:%M UTC"]).unwrap_or_else(unknown)),
        ("command", command_line(std::env::args().skip(1))),
        ("gochan", gochan),
        ("rustc", output("rustc", &["--version"]).unwrap_or_else(unknown)),
        ("Go", programs::go_version().unwrap_or_else(|| "none".to_owned())),
        ("Rust peers", peer_versions()),
        ("processor", processor()),
        ("kernel", output("uname", &["-sr"]).unwrap_or_else(unknown)),
    ];
    if !environment.is_empty() {
        facts.push(("environment", environment));
    }
    facts
}

fn command_line(args: impl Iterator<Item = String>) -> String {
    Cmd::cargo(&["xtask"]).args(args).to_string()
}

/// The settings of the runtime that reach the measured programs.
fn settings(variables: impl Iterator<Item = (String, String)>) -> String {
    let ours = variables.filter(|(name, _)| name.starts_with("GOCHAN_") || name == "GOGC");
    let hidden = ["GOCHAN_GO", "GOCHAN_MAXPROCS"];
    let shown = ours.filter(|(name, _)| !hidden.contains(&name.as_str()));
    shown.map(|(name, value)| format!("{name}={value}")).collect::<Vec<_>>().join(" ")
}

fn processor() -> String {
    let cpuinfo = std::fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let model = cpuinfo.lines().find_map(|line| line.strip_prefix("model name")?.split_once(": "));
    let count = std::thread::available_parallelism().map_or(0, usize::from);
    format!("{} ({count} available)", model.map_or("unknown", |(_, model)| model))
}

fn peer_versions() -> String {
    let lock = std::fs::read_to_string(root().join("xtask/bench/peers/Cargo.lock")).unwrap_or_default();
    let crates = [
        "tokio",
        "tokio-util",
        "kanal",
        "flume",
        "async-channel",
        "async-executor",
        "async-io",
        "may",
        "crossbeam-channel",
    ];
    versions(&lock, &crates).join(", ")
}

/// `NAME VERSION` of these packages in a lock file.
fn versions(lock: &str, names: &[&str]) -> Vec<String> {
    let field =
        |line: &str, field: &str| Some(line.strip_prefix(field)?.trim_matches([' ', '=', '"']).to_owned());
    let mut found = Vec::new();
    let mut name = String::new();
    for line in lock.lines() {
        if let Some(value) = field(line, "name") {
            name = value;
        } else if let Some(version) = field(line, "version").filter(|_| names.contains(&name.as_str())) {
            found.push(format!("{name} {version}"));
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_versions_from_a_lock_file() {
        let lock = "version = 4\n\n[[package]]\nname = \"kanal\"\nversion = \"0.1.1\"\ndependencies = []\n\
                    [[package]]\nname = \"libc\"\nversion = \"0.2.0\"\n";
        assert_eq!(versions(lock, &["kanal", "tokio"]), ["kanal 0.1.1"]);
    }

    #[test]
    fn shows_settings_that_matter() {
        let variables = [("HOME", "/"), ("GOCHAN_BACKEND", "threads"), ("GOCHAN_MAXPROCS", "3")];
        let variables = variables.map(|(name, value)| (name.to_owned(), value.to_owned()));
        assert_eq!(settings(variables.into_iter()), "GOCHAN_BACKEND=threads");
    }

    #[test]
    fn the_command_line_can_be_typed_again() {
        let args = ["bench", "^spsc0$", "--reps", "3"].map(str::to_owned);
        assert_eq!(command_line(args.into_iter()), "cargo xtask bench '^spsc0$' --reps 3");
    }
}
