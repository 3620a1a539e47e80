//! The command as it is called.

mod files;
mod levels;
mod packages;
mod reports;

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
