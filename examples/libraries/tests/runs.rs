//! The examples print what their headers say, on both backends.

use std::process::{Command, Stdio};

/// The part of an example's header between the line that runs it and the end of that block.
fn promised(source: &str) -> String {
    let header =
        source.lines().map_while(|line| line.strip_prefix("//!")).map(|line| line.trim_start_matches(' '));
    let shown = header.skip_while(|line| !line.starts_with("$ cargo run")).skip(1);
    shown.take_while(|line| *line != "```").map(|line| format!("{line}\n")).collect()
}

#[track_caller]
fn prints_what_its_header_promises(program: &str, source: &str) {
    for (backend, workers) in [("coroutines", "1"), ("coroutines", "2"), ("threads", "2")] {
        let mut example = Command::new(program);
        example.env("GOCHAN_BACKEND", backend).env("GOCHAN_MAXPROCS", workers).stdin(Stdio::null());
        let output = example.output().expect("the example starts");
        assert_eq!(
            String::from_utf8_lossy(&output.stdout),
            promised(source),
            "{backend}, {workers}: {output:?}"
        );
        assert!(output.status.success(), "{backend}, {workers}: {output:?}");
    }
}

#[test]
fn tls_echo() {
    prints_what_its_header_promises(env!("CARGO_BIN_EXE_tls_echo"), include_str!("../src/bin/tls_echo.rs"));
}

#[test]
fn websocket() {
    prints_what_its_header_promises(env!("CARGO_BIN_EXE_websocket"), include_str!("../src/bin/websocket.rs"));
}

#[test]
fn http_client() {
    prints_what_its_header_promises(
        env!("CARGO_BIN_EXE_http_client"),
        include_str!("../src/bin/http_client.rs"),
    );
}
