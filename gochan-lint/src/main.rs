//! `cargo gochan-lint`

/// Half of what a parser does is to ask for memory and to give it back.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> std::process::ExitCode {
    gochan_lint::cli::main()
}
