//! The files of a package: how they are found, fixed and read again, also where they are broken.

use super::{BAD, Package, one, places, text};
use serde_json::Value;

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
