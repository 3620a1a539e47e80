//! The forms of reports: what they say, and that those who read them understand it.

use super::{BAD, Package, text};
use serde_json::Value;

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
fn github_is_told_of_files_that_do_not_parse() {
    let package = Package::new("annotated", &[("src/main.rs", "fn main( {\n")]);
    let output = package.lint(&["--format", "github"]);
    assert_eq!(output.status.code(), Some(2));
    assert!(text(&output.stdout).starts_with("::error file=src/main.rs,line=1,"), "{}", text(&output.stdout));
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
