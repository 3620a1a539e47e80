//! `cargo gochan-lint`

fn main() -> std::process::ExitCode {
    gochan_lint::cli::main()
}
