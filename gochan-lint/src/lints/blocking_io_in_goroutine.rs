//! I/O that blocks the worker.

use super::prelude::*;

pub(super) const LINT: Lint = Lint {
    id: "blocking_io_in_goroutine",
    level: Level::Warn,
    summary: "a goroutine does I/O that blocks its worker, outside `blocking(…)`",
    explanation: "\
Std sockets, waiting for child processes, reading standard input and blocking HTTP clients block the thread, and \
with it every goroutine of the same worker, for as long as the other side takes. So do `BufReader`, `lines()`, \
`accept` and `incoming` on them, in a goroutine or in `#[gochan::main]` itself. `blocking(|| …)` runs such a call \
on a thread that may block, while the goroutine parks.",
    at_run_time: "\
The runtime reports a worker whose goroutine has not returned to the scheduler, with the place where that goroutine \
was spawned.",
    near: "none for Go, whose runtime handles such calls itself; in async Rust, clippy's `disallowed_methods` with a custom list.",
    bad: "\
go!({
    let stream = std::net::TcpStream::connect(\"localhost:80\");
}).join().unwrap();",
    good: "\
go!({
    let stream = gochan::blocking(|| std::net::TcpStream::connect(\"localhost:80\"));
}).join().unwrap();",
    check: Check::Function(check),
};

fn check(code: Code<'_>, found: &mut Vec<Diagnostic>) {
    for (body, _, event) in code.everywhere() {
        let EventKind::Unknown(call) = &event.kind else { continue };
        let blocks = if call.is_method {
            let io = call.receiver.is_some_and(|receiver| *code.kind(receiver) == Kind::Io);
            io && METHODS.contains(&call.path[0].as_str())
        } else {
            let path: Vec<&str> = call.path.iter().map(String::as_str).collect();
            matches!(
                path[..],
                ["std", "net", .., "connect"] | ["reqwest", "blocking", .., "get"] | ["ureq", "get" | "post"]
            )
        };
        if blocks && code.is_on_worker(body) {
            found.push(
                code.finding(LINT.id, event.span, "this blocks every goroutine of the worker")
                    .label("blocks the thread")
                    .help("wrap it: `blocking(|| …)`"),
            );
        }
    }
}

const METHODS: [&str; 25] = [
    "read",
    "read_exact",
    "read_to_end",
    "read_to_string",
    "read_line",
    "write",
    "write_all",
    "flush",
    "accept",
    "recv",
    "recv_from",
    "send_to",
    "peek",
    "wait",
    "wait_with_output",
    "output",
    "status",
    "send",
    "call",
    "connect",
    "lines",
    "incoming",
    "read_until",
    "read_vectored",
    "next",
];
