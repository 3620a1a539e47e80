//! The command.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

fn command() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_cargo-gochan-fmt"));
    // As cargo calls it.
    command.arg("gochan-fmt");
    command
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

/// A folder that is removed at the end.
struct Folder(PathBuf);

impl Folder {
    fn new(name: &str) -> Folder {
        let path = std::env::temp_dir().join(format!("gochan-fmt-{name}-{}", std::process::id()));
        std::fs::create_dir_all(path.join("src")).unwrap();
        let folder = Folder(path);
        let manifest = "[package]\nname = \"app\"\nversion = \"0.1.0\"\nedition = \"2024\"\n\n[dependencies]\ngochan = \"0.1\"\n\n[workspace]\n";
        folder.write("Cargo.toml", manifest);
        folder
    }

    fn write(&self, name: &str, text: &str) {
        std::fs::write(self.0.join(name), text).unwrap();
    }

    fn read(&self, name: &str) -> String {
        std::fs::read_to_string(self.0.join(name)).unwrap()
    }

    fn run(&self, arguments: &[&str]) -> Output {
        command().args(arguments).current_dir(&self.0).output().unwrap()
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

const MAIN: &str = "use gochan::prelude::*;\nmod part;\nfn main() {\n  let x=1;\n    send!(ch<-x);\n}\n";
const FORMATTED: &str =
    "use gochan::prelude::*;\nmod part;\nfn main() {\n    let x = 1;\n    send!(ch <- x);\n}\n";
const PART: &str = "use gochan::prelude::*;\nfn f() {\n    go!([a]{f(a)});\n}\n";

#[test]
fn packages_are_formatted_and_checked() {
    let folder = Folder::new("packages");
    folder.write("src/main.rs", MAIN);
    folder.write("src/part.rs", PART);
    let checked = folder.run(&["--check"]);
    let shown = text(&checked.stdout);
    assert_eq!(checked.status.code(), Some(1), "{}", text(&checked.stderr));
    assert!(shown.contains("-    go!([a]{f(a)});\n+    go!([a] { f(a) });\n"), "{shown}");
    assert!(shown.contains("let x = 1;"), "rustfmt's differences too: {shown}");
    assert_eq!(folder.read("src/main.rs"), MAIN);

    let macros = folder.run(&["--macros-only"]);
    assert_eq!(macros.status.code(), Some(0), "{}", text(&macros.stderr));
    assert_eq!(folder.read("src/main.rs"), MAIN.replace("ch<-x", "ch <- x"));

    let done = folder.run(&["-p", "app"]);
    assert_eq!(done.status.code(), Some(0), "{}", text(&done.stderr));
    assert_eq!(folder.read("src/main.rs"), FORMATTED);
    assert_eq!(folder.read("src/part.rs"), PART.replace("[a]{f(a)}", "[a] { f(a) }"));
    let checked = folder.run(&["--check", "--all"]);
    assert_eq!((checked.status.code(), text(&checked.stdout)), (Some(0), String::new()));
    assert_eq!(folder.run(&["-p", "nothing"]).status.code(), Some(2));
}

#[test]
fn files_and_the_configuration_beside_them() {
    let folder = Folder::new("files");
    folder.write("src/main.rs", &PART.replace("f(a)", "ff(a, b)"));
    folder.write("rustfmt.toml", "tab_spaces = 2\nmax_width = 21\n");
    assert_eq!(folder.run(&["src/main.rs", "--check"]).status.code(), Some(1));
    assert_eq!(folder.run(&["src/main.rs"]).status.code(), Some(0));
    assert_eq!(
        folder.read("src/main.rs"),
        "use gochan::prelude::*;\nfn f() {\n  go!([a] {\n    ff(a, b)\n  });\n}\n"
    );
    folder.write("rustfmt.toml", "disable_all_formatting = true\n");
    folder.write("src/main.rs", PART);
    assert_eq!(folder.run(&["src/main.rs", "--check"]).status.code(), Some(0));
    assert_eq!(folder.run(&["src/missing.rs"]).status.code(), Some(2));
}

fn through(folder: &Path, arguments: &[&str], input: &str) -> Output {
    let mut child = command()
        .args(arguments)
        .current_dir(folder)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    child.stdin.take().unwrap().write_all(input.as_bytes()).unwrap();
    child.wait_with_output().unwrap()
}

#[test]
fn standard_input_to_standard_output() {
    let folder = Folder::new("stdin");
    for flag in ["-", "--stdin"] {
        let output = through(&folder.0, &[flag], MAIN);
        assert_eq!((output.status.code(), text(&output.stdout)), (Some(0), FORMATTED.to_owned()));
    }
    let output = through(&folder.0, &["-", "--macros-only"], MAIN);
    assert_eq!(text(&output.stdout), MAIN.replace("ch<-x", "ch <- x"));
    let output = through(&folder.0, &["-"], "fn f( {");
    assert_eq!((output.status.code(), text(&output.stdout)), (Some(2), String::new()));
    assert!(text(&output.stderr).contains("rustfmt does not accept it"), "{}", text(&output.stderr));
}
