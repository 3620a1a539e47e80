//! The command as it is called: exit codes, forms of reports, broken files, fixes, baselines.

use serde_json::Value;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

/// A package in a folder of its own, which goes with it.
struct Package(PathBuf);

impl Package {
    fn new(name: &str, files: &[(&str, &str)]) -> Package {
        let root = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("{name}-{}", std::process::id()));
        let package = Package(root);
        package.write(
            "gochan/Cargo.toml",
            "[package]\nname = \"gochan\"\nversion = \"0.1.0\"\nedition = \"2024\"\n",
        );
        package.write("gochan/src/lib.rs", "");
        package.write(".git/HEAD", "");
        package.write(
            "Cargo.toml",
            "[package]\nname = \"sample\"\nversion = \"0.1.0\"\nedition = \"2024\"\n[workspace]\n\
             [dependencies]\ngochan = { path = \"gochan\" }\n",
        );
        files.iter().for_each(|(path, text)| package.write(path, text));
        package
    }

    fn write(&self, path: &str, text: &str) {
        let path = self.0.join(path);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    }

    fn lint(&self, arguments: &[&str]) -> Output {
        let mut command = Command::new(env!("CARGO_BIN_EXE_cargo-gochan-lint"));
        let target = self.0.join("target");
        command
            .arg("gochan-lint")
            .args(arguments)
            .current_dir(&self.0)
            .env("CARGO_TARGET_DIR", target)
            .output()
            .unwrap()
    }
}

impl Drop for Package {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

const BAD: &str = "use gochan::prelude::*;\nfn main() {\n    go!(work);\n    loop {}\n}\nfn work() {}\n";

#[test]
fn json_is_cargos_and_the_second_run_says_the_same() {
    let package = Package::new("json", &[("src/main.rs", BAD)]);
    let first = package.lint(&["--format", "json"]);
    assert_eq!(first.status.code(), Some(1), "{}", text(&first.stderr));
    let message: Value = serde_json::from_slice(&first.stdout).unwrap();
    assert_eq!(message["reason"], "compiler-message");
    let message = &message["message"];
    assert_eq!(message["code"]["code"], "missing_call");
    assert_eq!(message["level"], "error");
    let span = &message["spans"][0];
    assert_eq!(span["file_name"], "src/main.rs");
    assert_eq!((&span["line_start"], &span["column_start"]), (&3.into(), &9.into()));
    assert_eq!(span["is_primary"], true);
    let fix = &message["children"][1]["spans"][0];
    assert_eq!(fix["suggested_replacement"], "()");
    assert_eq!(fix["suggestion_applicability"], "MachineApplicable");
    let second = package.lint(&["--format", "json"]);
    assert_eq!(text(&first.stdout), text(&second.stdout));
}

#[test]
fn a_fix_leaves_nothing_to_report() {
    let package = Package::new("fix", &[("src/main.rs", BAD)]);
    let fixed = package.lint(&["--fix"]);
    assert_eq!(fixed.status.code(), Some(0), "{}", text(&fixed.stdout));
    let source = std::fs::read_to_string(package.0.join("src/main.rs")).unwrap();
    assert!(source.contains("go!(work());"), "{source}");
}

#[test]
fn a_file_that_does_not_parse_is_told_and_the_rest_is_linted() {
    let package = Package::new(
        "broken",
        &[("src/main.rs", &format!("mod half;\n{BAD}")), ("src/half.rs", "fn f( {\n")],
    );
    let output = package.lint(&["--format", "short"]);
    assert_eq!(output.status.code(), Some(2));
    assert!(text(&output.stderr).contains("src/half.rs:1:"), "{}", text(&output.stderr));
    let cached = package.lint(&["--format", "short"]);
    assert!(package.0.join("target/gochan-lint/cache.json").exists());
    assert_eq!(
        (cached.status, cached.stderr, cached.stdout),
        (output.status, output.stderr.clone(), output.stdout.clone())
    );
    assert!(
        text(&output.stdout).contains("src/main.rs:4:9: error[missing_call]"),
        "{}",
        text(&output.stdout)
    );
    package.write("src/main.rs", "mod half;\nfn main() {}\n");
    assert_eq!(package.lint(&[]).status.code(), Some(2));
}

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

/// What the schema of SARIF 2.1.0 asks of the parts that are written here.
#[test]
fn sarif_has_what_its_schema_requires() {
    let silenced = "pub fn f() {} // gochan-lint: allow(nil_channel) nothing is here\n";
    let (odd, broken) = (("src/odd name.rs", silenced), ("src/broken.rs", "fn ("));
    let main = format!("#[path = \"odd name.rs\"]\nmod odd;\nmod broken;\n{BAD}");
    let package = Package::new("sarif", &[("src/main.rs", &main), odd, broken]);
    let log: Value = serde_json::from_slice(&package.lint(&["--format", "sarif"]).stdout).unwrap();
    only(&log, &["$schema", "version", "runs"]);
    assert_eq!(log["version"], "2.1.0");
    let run = &log["runs"][0];
    only(run, &["tool", "invocations", "columnKind", "results"]);
    assert_eq!(run["columnKind"], "unicodeCodePoints");

    let driver = &run["tool"]["driver"];
    only(&run["tool"], &["driver"]);
    only(driver, &["name", "version", "informationUri", "rules"]);
    assert_eq!(driver["name"], "gochan-lint");
    assert!(driver["informationUri"].as_str().unwrap().starts_with("https://"));
    let rules = driver["rules"].as_array().unwrap();
    for rule in rules {
        only(rule, &["id", "shortDescription", "fullDescription", "defaultConfiguration"]);
        assert!(rule["id"].is_string() && rule["shortDescription"]["text"].is_string());
        let level = &rule["defaultConfiguration"]["level"];
        assert!(level.is_null() || LEVELS.contains(&level.as_str().unwrap()), "{rule}");
    }
    let ids: std::collections::BTreeSet<_> = rules.iter().map(|rule| rule["id"].as_str().unwrap()).collect();
    assert_eq!(ids.len(), rules.len(), "no id twice");

    let results = run["results"].as_array().unwrap();
    for result in results {
        only(result, &["ruleId", "ruleIndex", "level", "message", "locations"]);
        assert!(result["message"]["text"].is_string());
        let index = usize::try_from(result["ruleIndex"].as_u64().unwrap()).unwrap();
        assert_eq!(rules[index]["id"], result["ruleId"]);
        assert!(LEVELS.contains(&result["level"].as_str().unwrap()));
        located(&result["locations"][0]);
    }
    let place = |result: &Value| {
        let place = &result["locations"][0]["physicalLocation"];
        (place["artifactLocation"]["uri"].as_str().unwrap().to_owned(), place["region"]["startLine"].clone())
    };
    assert_eq!(place(&results[0]), ("src/main.rs".to_owned(), 6.into()));
    let comment = results.iter().find(|result| result["ruleId"] == "unused_allow").unwrap();
    assert_eq!(place(comment), ("src/odd%20name.rs".to_owned(), 1.into()));

    let invocation = &run["invocations"][0];
    only(invocation, &["executionSuccessful", "toolExecutionNotifications"]);
    assert_eq!(invocation["executionSuccessful"], false);
    let unread = &invocation["toolExecutionNotifications"][0];
    only(unread, &["level", "message", "locations"]);
    assert_eq!(place(unread).0, "src/broken.rs");
    located(&unread["locations"][0]);
}

const LEVELS: [&str; 4] = ["error", "warning", "note", "none"];

/// The schema allows no properties that it does not know.
fn only(object: &Value, known: &[&str]) {
    for name in object.as_object().unwrap().keys() {
        assert!(known.contains(&name.as_str()), "{name}");
    }
}

/// Lines and columns count from one; a place has the form of a reference.
fn located(location: &Value) {
    only(location, &["physicalLocation"]);
    let place = &location["physicalLocation"];
    only(place, &["artifactLocation", "region"]);
    let uri = place["artifactLocation"]["uri"].as_str().unwrap();
    assert!(uri.bytes().all(|byte| byte.is_ascii_graphic() && byte != b'\\'), "{uri}");
    only(&place["region"], &["startLine", "startColumn", "endLine", "endColumn"]);
    for (_, number) in place["region"].as_object().unwrap() {
        assert!(number.as_u64().unwrap() >= 1, "{location}");
    }
}

#[test]
fn what_cannot_run_says_so() {
    let package = Package::new("cannot", &[("src/main.rs", "fn main() {}\n")]);
    assert_eq!(package.lint(&["-D", "recever_close"]).status.code(), Some(2));
    assert_eq!(package.lint(&["-p", "nobody"]).status.code(), Some(2));
    assert_eq!(package.lint(&[]).status.code(), Some(0));
    assert!(text(&package.lint(&["--explain", "lost_cancel"]).stdout).contains("CancelHandle"));
}

/// The lint, file and line of each message.
fn places(output: &Output) -> Vec<(String, String, u64)> {
    let place = |line: &str| {
        let message: Value = serde_json::from_str(line).unwrap();
        assert_eq!(message["reason"], "compiler-message");
        let message = &message["message"];
        let spans = message["spans"].as_array().unwrap();
        let primary = spans.iter().find(|span| span["is_primary"] == true).unwrap();
        let word = |value: &Value| value.as_str().unwrap().to_owned();
        (word(&message["code"]["code"]), word(&primary["file_name"]), primary["line_start"].as_u64().unwrap())
    };
    text(&output.stdout).lines().map(place).collect()
}

fn one(lint: &str, file: &str, line: u64) -> (String, String, u64) {
    (lint.to_owned(), file.to_owned(), line)
}

#[test]
fn gochan_under_another_name_is_gochan() {
    let renamed = "use chans::prelude::*;\nuse chans::context::CancelHandle;\nfn f(c: &chans::Context) {\n    \
                   let (ctx, _) = c.with_cancel();\n    chans::go!(g);\n    run(&ctx);\n}\n";
    let package = Package::new("renamed", &[("src/lib.rs", renamed)]);
    package.write(
        "Cargo.toml",
        "[package]\nname = \"sample\"\nversion = \"0.1.0\"\nedition = \"2024\"\n[workspace]\n\
         [dependencies]\nchans = { package = \"gochan\", path = \"gochan\" }\n",
    );
    let output = package.lint(&["--format", "json"]);
    let expected = [one("lost_cancel", "src/lib.rs", 4), one("missing_call", "src/lib.rs", 5)];
    assert_eq!(places(&output), expected, "{}", text(&output.stderr));
}

#[test]
fn a_workspace_is_linted_member_by_member() {
    let member = |name: &str| {
        format!(
            "[package]\nname = \"{name}\"\nversion = \"0.1.0\"\nedition = \"2024\"\n[dependencies]\ngochan.workspace = true\n"
        )
    };
    let package = Package::new("members", &[("a/src/lib.rs", "mod deep;\n"), ("b/src/main.rs", BAD)]);
    package.write("a/src/deep.rs", BAD);
    package.write("a/tests/it.rs", BAD);
    package.write("a/Cargo.toml", &member("a"));
    package.write("b/Cargo.toml", &member("b"));
    package.write(
        "Cargo.toml",
        "[workspace]\nmembers = [\"a\", \"b\"]\n[workspace.dependencies]\ngochan = { path = \"gochan\" }\n",
    );
    let in_a = [one("missing_call", "a/src/deep.rs", 3), one("missing_call", "a/tests/it.rs", 3)];
    let in_b = one("missing_call", "b/src/main.rs", 3);
    assert_eq!(places(&package.lint(&["-p", "a", "--format", "json"])), in_a);
    let without_a = package.lint(&["--workspace", "--exclude", "a", "--format", "json"]);
    assert_eq!(places(&without_a), std::slice::from_ref(&in_b));
    let mut all = places(&package.lint(&["--workspace", "--format", "json"]));
    all.sort();
    assert_eq!(all, [&in_a[..], &[in_b]].concat());
    assert_eq!(package.lint(&["--manifest-path", "b/Cargo.toml", "--quiet"]).status.code(), Some(1));
    assert_eq!(package.lint(&["--manifest-path", "nowhere/Cargo.toml"]).status.code(), Some(2));
}

#[test]
fn a_crate_that_has_gochan_from_another_member_is_linted_with_what_it_calls() {
    let front = "pub mod dsl {\n    pub use gochan::prelude::*;\n    pub use gochan::{Chan, go};\n}\n\
                 use dsl::*;\npub fn stop(ch: &Chan<u32>) {\n    ch.close();\n}\n\
                 pub fn fails() {\n    go!(stop);\n}\n";
    let back = "use front::dsl::*;\nfn serve(ctx: Context) { ctx.done().recv(); }\n\
                fn loses() {\n    let (ctx, _) = background().with_cancel();\n    go!(serve(ctx));\n}\n\
                fn closes(ch: Chan<u32>) {\n    for n in &ch { println!(\"{n}\"); }\n    front::stop(&ch);\n}\n\
                fn names() {\n    front::dsl::go!(loses);\n}\n";
    let package = Package::new("facade", &[("front/src/lib.rs", front), ("back/src/lib.rs", back)]);
    let member = |name: &str, dependency: &str, path: &str| {
        format!(
            "[package]\nname = \"{name}\"\nversion = \"0.1.0\"\nedition = \"2024\"\n\
             [dependencies]\n{dependency} = {{ path = \"../{path}\" }}\n"
        )
    };
    package.write("front/Cargo.toml", &member("front", "gochan", "gochan"));
    package.write("back/Cargo.toml", &member("back", "front", "front"));
    package.write("Cargo.toml", "[workspace]\nmembers = [\"front\", \"back\"]\nexclude = [\"gochan\"]\n");
    let output = package.lint(&["-p", "back", "--format", "json"]);
    let file = "back/src/lib.rs";
    let expected =
        [one("lost_cancel", file, 4), one("receiver_close", file, 9), one("missing_call", file, 12)];
    assert_eq!(places(&output), expected, "{}", text(&output.stderr));
}

#[test]
fn services_get_paths_from_the_root_of_the_repository() {
    let package = Package::new("below", &[("src/main.rs", "fn main() {}\n")]);
    package.write(
        "part/Cargo.toml",
        "[package]\nname = \"part\"\nversion = \"0.1.0\"\nedition = \"2024\"\n[workspace]\n\
         [dependencies]\ngochan = { path = \"../gochan\" }\n",
    );
    package.write("part/src/main.rs", BAD);
    let output = package.lint(&["--manifest-path", "part/Cargo.toml", "--format", "github"]);
    assert!(text(&output.stdout).contains("file=part/src/main.rs,"), "{}", text(&output.stdout));
    let output = package.lint(&["--manifest-path", "part/Cargo.toml", "--format", "sarif"]);
    assert!(text(&output.stdout).contains("\"part/src/main.rs\""), "{}", text(&output.stdout));
}

#[test]
fn documentation_is_linted_on_request_and_where_it_stands() {
    let library = "#![doc = include_str!(\"../README.md\")]\n\n/// Starts.\n///\n/// ```\n/// use gochan::prelude::*;\n\
                   /// # fn work() {}\n/// go!(work);\n/// ```\npub fn start() {}\n\n/// ```compile_fail\n\
                   /// gochan::go!(work);\n/// ```\npub fn other() {}\n";
    let readme = "# Sample\n\n```rust\nuse gochan::prelude::*;\nlet (ctx, _) = background().with_cancel();\n\
                  step(&ctx);\n// gochan-lint: allow(lost_cancel) shown\n```\n\n```text\ngo!(work)\n```\n";
    let package = Package::new("doc", &[("src/lib.rs", library), ("README.md", readme)]);
    assert_eq!(package.lint(&[]).status.code(), Some(0));
    let output = package.lint(&["--doc", "--format", "json"]);
    let expected = [one("lost_cancel", "README.md", 5), one("missing_call", "src/lib.rs", 8)];
    assert_eq!(places(&output), expected, "{}", text(&output.stderr));
    let message: Value = serde_json::from_str(text(&output.stdout).lines().nth(1).unwrap()).unwrap();
    assert_eq!(message["message"]["spans"][0]["column_start"], 9);
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

#[test]
fn places_and_fixes_are_right_behind_a_byte_order_mark_and_a_line_for_the_shell() {
    for begin in ["\u{feff}", "#!/usr/bin/env run\n", "\u{feff}#!/usr/bin/env run\n", "// größer\n"] {
        let package = Package::new("begin", &[("src/main.rs", &format!("{begin}{BAD}"))]);
        let line = 3 + begin.matches('\n').count() as u64;
        let output = package.lint(&["--format", "json"]);
        assert_eq!(places(&output), [one("missing_call", "src/main.rs", line)]);
        let message: Value = serde_json::from_slice(&output.stdout).unwrap();
        assert_eq!(message["message"]["spans"][0]["column_start"], 9, "{begin:?}");
        package.lint(&["--fix", "--quiet"]);
        let fixed = std::fs::read_to_string(package.0.join("src/main.rs")).unwrap();
        assert_eq!(fixed, format!("{begin}{}", BAD.replace("go!(work)", "go!(work())")));
    }
}

#[test]
fn a_fixed_file_is_read_again() {
    let half = ("src/half.rs", "fn f( {\n");
    let package = Package::new("repaired", &[("src/main.rs", "mod half;\nfn main() {}\n"), half]);
    assert_eq!(package.lint(&[]).status.code(), Some(2));
    package.write("src/half.rs", "fn f() {}\n");
    assert_eq!(package.lint(&[]).status.code(), Some(0));
}

#[test]
fn deep_nesting_is_an_error_of_its_file() {
    let (open, close) = ("(".repeat(10_000), ")".repeat(10_000));
    let calls = ".clone()".repeat(10_000);
    let deep = format!("pub fn deep() -> u32 {{ {open}1{close} }}\n");
    let long = format!("pub fn long() -> u32 {{ 1{calls} }}\n");
    let strings = format!("pub const OPEN: &str = \"{open}\";\n");
    let main = format!("mod deep;\nmod long;\nmod strings;\n{BAD}");
    let files = [
        ("src/main.rs", &*main),
        ("src/deep.rs", &deep),
        ("src/long.rs", &long),
        ("src/strings.rs", &strings),
    ];
    let package = Package::new("nested", &files);
    let output = package.lint(&["--format", "short"]);
    assert_eq!(output.status.code(), Some(2), "{}", text(&output.stderr));
    let errors = text(&output.stderr);
    assert!(errors.contains("src/deep.rs:1:279: not linted: brackets are nested"), "{errors}");
    assert_eq!(errors.lines().count(), 1, "{errors}");
    assert!(
        text(&output.stdout).contains("src/main.rs:6:9: error[missing_call]"),
        "{}",
        text(&output.stdout)
    );
}

#[test]
fn packages_are_chosen_as_cargo_chooses_them() {
    let package = Package::new("chosen", &[("src/main.rs", BAD)]);
    let code = |spec: &str| package.lint(&["-p", spec]).status.code();
    for spec in ["sample", "sample@0.1.0", "sample@0.1", "sam*", "*", "s?mple"] {
        assert_eq!(code(spec), Some(1), "{spec}");
    }
    for spec in ["sample@0.2.0", "x*", "sam"] {
        assert_eq!(code(spec), Some(2), "{spec}");
    }
}

#[test]
fn messages_are_counted_and_named_once() {
    let package = Package::new("counted", &[("src/main.rs", BAD)]);
    let report = text(&package.lint(&[]).stderr);
    assert!(report.contains("gochan-lint: 1 file, 1 error, 0 warnings"), "{report}");
    let report = text(&package.lint(&["--manifest-path", "nowhere/Cargo.toml"]).stderr);
    assert!(report.starts_with("error: ") && !report.contains("error: error:"), "{report}");
}

#[test]
fn a_broken_file_is_a_valid_compiler_message() {
    let package = Package::new("message", &[("src/main.rs", "fn main( {\n")]);
    let output = package.lint(&["--format", "json"]);
    let message: cargo_metadata::CompilerMessage = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(message.message.spans[0].file_name, "src/main.rs");
    assert_eq!(message.target.name, "sample");
}

#[test]
fn every_way_to_name_a_file_is_followed() {
    let bad = "use gochan::prelude::*;\npub fn bad() {\n    go!(work);\n}\nfn work() {}\n";
    let main = "#[path = \"imp/unix.rs\"]\nmod imp;\n#[cfg_attr(unix, path = \"sys/unix.rs\")]\n\
                #[cfg_attr(not(unix), path = \"sys/other.rs\")]\nmod sys;\n#[path = \"weird\"]\nmod inline {\n    \
                pub mod leaf;\n}\nmod outer {\n    #[path = \"x.rs\"]\n    mod renamed;\n}\n\
                if_unix! { mod from_macro; }\nif_unix! { fn inside() { gochan::go!(main); } }\n\
                mod included { include!(\"included.inc\"); }\nfn main() {}\n";
    let files = [
        ("src/main.rs", main),
        ("src/imp/unix.rs", "mod poll;\n"),
        ("src/imp/poll.rs", bad),
        ("src/sys/unix.rs", bad),
        ("src/sys/other.rs", bad),
        ("src/weird/leaf.rs", bad),
        ("src/outer/x.rs", bad),
        ("src/from_macro.rs", bad),
        ("src/included.inc", bad),
        ("tests/it.rs", "#[path = \"../src/from_macro.rs\"]\nmod from_macro;\n"),
    ];
    let package = Package::new("modules", &files);
    let output = text(&package.lint(&["--format", "short", "-D", "missing_call"]).stdout);
    let mut found: Vec<&str> = output.lines().filter_map(|line| line.split(':').next()).collect();
    found.sort_unstable();
    let mut expected: Vec<&str> =
        files.iter().filter(|(_, text)| *text == bad).map(|(path, _)| *path).collect();
    expected.push("src/main.rs");
    expected.sort_unstable();
    assert_eq!(found, expected, "{output}");
}

#[test]
fn github_is_told_of_files_that_do_not_parse() {
    let package = Package::new("annotated", &[("src/main.rs", "fn main( {\n")]);
    let output = package.lint(&["--format", "github"]);
    assert_eq!(output.status.code(), Some(2));
    assert!(text(&output.stdout).starts_with("::error file=src/main.rs,line=1,"), "{}", text(&output.stdout));
}

/// A wait within a span, in a package that asks for gochan by `dependency`.
fn spans(name: &str, dependency: &str) -> String {
    let package = Package::new(
        name,
        &[
            (
                "src/lib.rs",
                "use gochan::prelude::*;\n#[tracing::instrument]\npub fn takes(input: &Receiver<u32>) -> Option<u32> {\n    \
                 input.recv()\n}\npub fn enters(input: &Receiver<u32>) -> Option<u32> {\n    \
                 let _entered = tracing::info_span!(\"job\").entered();\n    input.recv()\n}\n\
                 pub fn sets(input: &Receiver<u32>) -> Option<u32> {\n    KEY.set(&1, || input.recv())\n}\n",
            ),
            ("Cargo.toml", dependency),
            (
                "gochan/Cargo.toml",
                "[package]\nname = \"gochan\"\nversion = \"0.1.0\"\nedition = \"2024\"\n[features]\ntracing = []\n",
            ),
        ],
    );
    text(&package.lint(&["--quiet", "--format", "short"]).stdout)
}

#[test]
fn spans_across_a_wait_are_reported_unless_gochan_follows_them() {
    let manifest = |rest: &str| {
        format!("[package]\nname = \"sample\"\nversion = \"0.1.0\"\nedition = \"2024\"\n[workspace]\n{rest}")
    };
    let lines = |report: &str| -> Vec<String> {
        let found = report.lines().filter(|line| line.contains("thread_local_across_blocking"));
        found.filter_map(|line| Some(line.split(':').nth(1)?.to_owned())).collect()
    };
    let off = spans("spans-off", &manifest("[dependencies]\ngochan = { path = \"gochan\" }\n"));
    assert_eq!(lines(&off), ["4", "8", "11"], "{off}");
    let on = manifest("[dependencies]\ngochan = { path = \"gochan\", features = [\"tracing\"] }\n");
    let on = spans("spans-on", &on);
    assert_eq!(lines(&on), ["11"], "{on}");
    let own = manifest(
        "[dependencies]\ngochan = { path = \"gochan\" }\n[features]\ntrace = [\"gochan/tracing\"]\n",
    );
    let own = spans("spans-own", &own);
    assert_eq!(lines(&own), ["11"], "{own}");
}

#[test]
fn what_stands_around_a_broken_item_is_linted() {
    let late = "pub fn late() {\n    let wg = WaitGroup::new();\n    go!([wg] {\n        wg.add(1);\n        \
                defer!(wg.done());\n    });\n    wg.wait();\n}\n";
    let broken = format!(
        "use gochan::prelude::*;\npub fn wrong(x: Box<Fn() + 'static +>) {{}}\nstruct S;\nimpl S {{\n    fn \
         broken(&self, {{}}) {{}}\n    {}}}\n{late}",
        late.replace("late()", "inside()")
    );
    let package = Package::new("around", &[("src/lib.rs", &broken)]);
    let output = package.lint(&["--format", "short"]);
    assert_eq!(output.status.code(), Some(2), "{}", text(&output.stderr));
    assert_eq!(text(&output.stdout).matches("[add_in_goroutine]").count(), 2, "{}", text(&output.stdout));
    assert!(text(&output.stderr).contains("src/lib.rs:2:"), "{}", text(&output.stderr));
    let again = package.lint(&["--format", "short"]);
    assert_eq!(again.stdout, output.stdout, "from the cache");
}

#[test]
fn verbose_says_what_was_not_looked_at() {
    let source = "use gochan::prelude::*;\nmod gone;\nitems! { a => b, c }\nfn main() { loop {} }\n";
    let package = Package::new("verbose", &[("src/main.rs", source)]);
    for _ in ["read", "from the cache"] {
        let output = package.lint(&["--verbose"]);
        assert_eq!(output.status.code(), Some(0));
        let said = text(&output.stderr);
        assert!(said.contains("note: src/gone.rs: not looked at: the file of a module"), "{said}");
        assert!(
            said.contains("note: src/main.rs:3:1: not looked at: the input of the macro `items!`"),
            "{said}"
        );
        assert!(said.contains("2 not looked at"), "{said}");
    }
    assert!(text(&package.lint(&[]).stderr).contains("2 not looked at (`--verbose` says what)"));
}

#[test]
fn an_editor_gets_the_errors_of_the_compiler_and_the_findings() {
    // The package `gochan` here is empty, so that its names are errors.
    let package = Package::new("editor", &[("src/main.rs", BAD)]);
    let output = package.lint(&["--with-check", "--format", "json", "--quiet"]);
    assert_eq!(output.status.code(), Some(1), "{}", text(&output.stderr));
    let stdout = text(&output.stdout);
    let lines: Vec<Value> = stdout.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let codes = lines.iter().filter(|line| line["reason"] == "compiler-message");
    let codes: Vec<&str> = codes.filter_map(|line| line["message"]["code"]["code"].as_str()).collect();
    assert!(codes.contains(&"E0432") && codes.contains(&"missing_call"), "{codes:?}");
}
