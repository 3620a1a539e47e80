//! What the fixes make of programs compiles: every program that has fixes is compiled as it is and with its fixes, all of
//! them by one crate. Those of `tests/fixable` are complete; those of the corpus leave out functions, and have no other
//! errors with their fixes than without.

use gochan_lint::diagnostic::Diagnostic;
use gochan_lint::link::{Program, Unit};
use gochan_lint::source::{SourceFile, Span};
use gochan_lint::{fix, lints, read};
use rayon::prelude::*;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::Command;

fn found(text: &str) -> Vec<Diagnostic> {
    let file = read::read(text, Some("gochan")).unwrap_or_else(|error| panic!("{error:?}\n{text}"));
    let unit = Unit { source: SourceFile::new("fixed.rs".into(), text.to_owned()), file, package: 0 };
    lints::run(&Program::link(vec![unit], &["corpus".to_owned()]), |_| true)
}

fn programs(folder: &Path, found: &mut Vec<PathBuf>) {
    let mut entries: Vec<_> = folder.read_dir().unwrap().map(|entry| entry.unwrap().path()).collect();
    entries.sort();
    for path in entries {
        if path.is_dir() { programs(&path, found) } else { found.push(path) }
    }
}

fn tests() -> &'static Path {
    Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/tests"))
}

/// A program and what the fixes make of it.
struct Fixed {
    path: PathBuf,
    before: String,
    after: String,
    fixes: usize,
}

impl Fixed {
    /// `None` if the program has no fixes.
    fn of(path: PathBuf) -> Option<Fixed> {
        let marked = std::fs::read_to_string(&path).unwrap();
        // The marks are no part of the program.
        let lines = marked.lines().map(|line| format!("{}\n", line.split("//~").next().unwrap_or(line)));
        let before: String = lines.collect();
        let found = found(&before);
        let edits = |found: &Diagnostic| found.fix.as_ref().map(|fix| fix.edits.clone());
        let fixes: Vec<Vec<(Span, String)>> = found.iter().filter_map(edits).collect();
        let (after, applied) = fix::edit(&before, &fixes.iter().map(Vec::as_slice).collect::<Vec<_>>());
        (applied > 0).then_some(Fixed { path, before, after, fixes: applied })
    }
}

/// The newest build of gochan beside this test, and the folder of its dependencies.
fn library() -> (PathBuf, PathBuf) {
    let folder = std::env::current_exe().unwrap().parent().unwrap().to_owned();
    let built = folder.read_dir().unwrap().map(|entry| entry.unwrap().path());
    let libraries = built.filter(|path| {
        let name = path.file_name().unwrap().to_string_lossy();
        name.strip_prefix("libgochan-").is_some_and(|rest| rest.ends_with(".rlib"))
    });
    let newest = libraries.max_by_key(|path| path.metadata().unwrap().modified().unwrap());
    (newest.expect("gochan is a dependency of this test"), folder)
}

/// The errors of the compiler in each file: their codes and messages.
fn compile(root: &Path) -> BTreeMap<String, Vec<(String, String)>> {
    let (gochan, dependencies) = library();
    let output = Command::new(std::env::var_os("RUSTC").unwrap_or_else(|| "rustc".into()))
        .args(["--edition", "2024", "--crate-type", "lib", "--crate-name", "fixed", "--emit", "metadata"])
        .args(["--error-format", "json", "--cap-lints", "allow", "-L"])
        .arg(format!("dependency={}", dependencies.display()))
        .arg("--extern")
        .arg(format!("gochan={}", gochan.display()))
        .arg("--out-dir")
        .arg(root.parent().unwrap())
        .arg(root)
        .output()
        .unwrap();
    let mut errors: BTreeMap<String, Vec<(String, String)>> = BTreeMap::new();
    for line in String::from_utf8(output.stderr).unwrap().lines() {
        let Ok(message) = serde_json::from_str::<serde_json::Value>(line) else { continue };
        let spans = message["spans"].as_array().map_or(&[][..], Vec::as_slice);
        let Some(span) = spans.iter().find(|span| span["is_primary"] == true) else { continue };
        if message["level"] == "error" {
            let file = Path::new(span["file_name"].as_str().unwrap()).file_name().unwrap();
            let code = message["code"]["code"].as_str().unwrap_or_default().to_owned();
            let text = message["message"].as_str().unwrap().to_owned();
            errors.entry(file.to_string_lossy().into_owned()).or_default().push((code, text));
        }
    }
    errors
}

/// True for an error that says that something is missing which the program leaves out.
fn is_left_out(program: &str, message: &str) -> bool {
    let name = message.strip_prefix("cannot find ").and_then(|rest| rest.split('`').nth(1));
    name.is_some_and(|name| !program.contains(&format!("fn {name}")))
}

#[test]
fn each_program_compiles_with_its_fixes_as_it_did_without() {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("fixed");
    let _ = std::fs::remove_dir_all(&folder);
    std::fs::create_dir_all(&folder).unwrap();
    let mut paths = Vec::new();
    programs(&tests().join("corpus"), &mut paths);
    let complete = paths.len();
    programs(&tests().join("fixable"), &mut paths);
    let all = paths.into_iter().enumerate();
    let all: Vec<(usize, PathBuf)> = all.collect();
    let all: Vec<(usize, Fixed)> =
        all.into_par_iter().filter_map(|(index, path)| Some((index, Fixed::of(path)?))).collect();
    let mut modules = Vec::new();
    for (index, program) in &all {
        for (name, text) in [("before", &program.before), ("after", &program.after)] {
            std::fs::write(folder.join(format!("{name}_{index}.rs")), text).unwrap();
            modules.push(format!("{name}_{index}"));
        }
    }
    let compile = |modules: &[String]| {
        let modules = modules.iter().map(|name| format!("mod {name};\n"));
        let root = format!("#![allow(warnings)]\n{}", modules.collect::<String>());
        std::fs::write(folder.join("lib.rs"), root).unwrap();
        compile(&folder.join("lib.rs"))
    };
    // The compiler checks types only where all names are known, and borrows only where all types are right.
    let mut errors = BTreeMap::new();
    for _ in ["names", "types", "borrows"] {
        errors.extend(compile(&modules));
        modules.retain(|name| !errors.contains_key(&format!("{name}.rs")));
    }
    let of =
        |name: &str, index: usize| errors.get(&format!("{name}_{index}.rs")).cloned().unwrap_or_default();
    let mut wrong = String::new();
    for (index, program) in &all {
        let (mut known, after) = (of("before", *index), of("after", *index));
        for (code, message) in after {
            // A cycle is reported in one of two files.
            if is_left_out(&program.before, &message) || code == "E0391" {
                continue;
            }
            let same = known.iter().position(|(other, text)| *other == code && *text == message);
            match same {
                Some(at) if *index < complete => drop(known.remove(at)),
                _ => wrong += &format!("{}: {code} {message}\n", program.path.display()),
            }
        }
    }
    let fixes: usize =
        all.iter().filter(|(index, _)| *index >= complete).map(|(_, program)| program.fixes).sum();
    assert!(wrong.is_empty(), "\n{wrong}in {}", folder.display());
    assert!(fixes >= 30, "{fixes} fixes in complete programs");
}
