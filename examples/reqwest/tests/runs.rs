//! The example prints what its header says, on both backends.

use std::process::Command;

#[test]
fn twenty_requests_wait_at_once_while_a_ticker_ticks() {
    for backend in ["coroutines", "threads"] {
        let mut example = Command::new(env!("CARGO_BIN_EXE_gochan-example-reqwest"));
        let output = example.env("GOCHAN_BACKEND", backend).env("GOCHAN_MAXPROCS", "1").output().unwrap();
        let stdout = String::from_utf8_lossy(&output.stdout);
        let promised =
            "20 answers of 12 bytes\ntogether faster than 5 in a row: true\nthe ticker ticked: true\n";
        assert_eq!(stdout, promised, "{output:?}");
        print!("{}", String::from_utf8_lossy(&output.stderr));
    }
}
