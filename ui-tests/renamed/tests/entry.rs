//! Runs the program of this package.

#[test]
fn main_works_under_another_name() {
    let run = std::process::Command::new(env!("CARGO_BIN_EXE_renamed")).output().expect("the program starts");
    assert_eq!(String::from_utf8_lossy(&run.stdout), "5050\n");
    assert_eq!(String::from_utf8_lossy(&run.stderr), "Error: \"this is how main fails\"\n");
    assert_eq!(run.status.code(), Some(1));
}
