//! `cargo gochan-lint`

/// A parser spends much of its time allocating and freeing memory.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> std::process::ExitCode {
    gochan_lint::cli::main()
}
