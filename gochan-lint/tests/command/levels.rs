//! The levels of lints: of flags, comments, manifests and baselines.

use super::{BAD, Package, text};

#[test]
fn a_baseline_keeps_what_is_known() {
    let package = Package::new("baseline", &[("src/main.rs", BAD)]);
    assert_eq!(package.lint(&["--baseline", "known.txt"]).status.code(), Some(0));
    package.write("src/main.rs", &format!("// moved\n\n{BAD}\nfn more() {{ go!(other); }}\n"));
    let output = package.lint(&["--baseline", "known.txt", "--format", "short"]);
    assert_eq!(output.status.code(), Some(1));
    assert_eq!(text(&output.stdout).lines().count(), 1, "{}", text(&output.stdout));
    assert!(text(&output.stdout).contains("src/main.rs:10:"), "{}", text(&output.stdout));
}

#[test]
fn what_cannot_run_says_so() {
    let package = Package::new("cannot", &[("src/main.rs", "fn main() {}\n")]);
    assert_eq!(package.lint(&["-D", "recever_close"]).status.code(), Some(2));
    assert_eq!(package.lint(&["-p", "nobody"]).status.code(), Some(2));
    assert_eq!(package.lint(&[]).status.code(), Some(0));
    assert!(text(&package.lint(&["--explain", "lost_cancel"]).stdout).contains("CancelHandle"));
}

#[test]
fn the_last_flag_counts_and_what_is_forbidden_stays_so() {
    let package = Package::new("order", &[("src/main.rs", BAD)]);
    let code = |flags: &[&str]| package.lint(flags).status.code();
    assert_eq!(code(&["-D", "missing_call", "-A", "missing_call"]), Some(0));
    assert_eq!(code(&["-A", "missing_call", "-W", "missing_call"]), Some(0));
    assert_eq!(code(&["-W", "missing_call", "--deny-warnings"]), Some(1));
    assert_eq!(code(&["-F", "missing_call", "-A", "missing_call"]), Some(1));
    assert_eq!(code(&["-D", "missing_call", "-A", "all"]), Some(1));
    let warned = package.lint(&["-D", "missing_call", "-W", "missing_call", "--format", "short"]);
    assert!(text(&warned.stdout).contains("warning[missing_call]"), "{}", text(&warned.stdout));
}

#[test]
fn a_comment_needs_its_lint_and_a_reason() {
    let source = |comment: &str| BAD.replace("    go!", &format!("    // gochan-lint: {comment}\n    go!"));
    let package = Package::new("comment", &[("src/main.rs", &source("allow(missing_call) a sample"))]);
    assert_eq!(package.lint(&[]).status.code(), Some(0));
    // A lint that is turned off does not make its comments superfluous.
    assert_eq!(package.lint(&["-A", "missing_call"]).status.code(), Some(0));
    let forbidden = package.lint(&["-F", "missing_call", "--format", "short"]);
    let said = text(&forbidden.stdout);
    assert!(said.contains("error[missing_call]") && said.contains("is forbidden"), "{said}");
    package.write("src/main.rs", &source("allow(nil_channel) nothing of the kind"));
    let unused = text(&package.lint(&["--format", "short"]).stdout);
    assert!(unused.contains("src/main.rs:3:5: warning[unused_allow]"), "{unused}");
    package.write("src/main.rs", &source("allow(missing_call)"));
    let without_reason = text(&package.lint(&["--format", "short"]).stdout);
    assert!(without_reason.contains("error[missing_call]"), "{without_reason}");
    assert!(without_reason.contains("warning[unused_allow]: say"), "{without_reason}");
}

#[test]
fn levels_of_the_package_come_before_those_of_the_workspace() {
    let package = Package::new("levels", &[("src/main.rs", BAD)]);
    let manifest = std::fs::read_to_string(package.0.join("Cargo.toml")).unwrap();
    let workspace = "[workspace.metadata.gochan-lint]\nmissing_call = \"allow\"\n";
    package.write("Cargo.toml", &format!("{manifest}{workspace}"));
    assert_eq!(package.lint(&[]).status.code(), Some(0));
    let own = "[package.metadata.gochan-lint]\nmissing_call = \"warn\"\n";
    package.write("Cargo.toml", &format!("{manifest}{workspace}{own}"));
    let warned = package.lint(&["--format", "short"]);
    assert!(text(&warned.stdout).contains("warning[missing_call]"), "{}", text(&warned.stdout));
    assert_eq!(package.lint(&["-A", "missing_call"]).status.code(), Some(0));
    package.write("Cargo.toml", &format!("{manifest}{workspace}{own}nonsense = \"warn\"\n"));
    assert_eq!(package.lint(&[]).status.code(), Some(2));
}
