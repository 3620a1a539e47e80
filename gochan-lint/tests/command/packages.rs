//! The packages that are linted, and the names and features of gochan in them.

use super::{BAD, Package, one, places, text};

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
