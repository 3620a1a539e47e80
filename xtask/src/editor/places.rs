//! Where an editor is asked, in a small program: `$0` is the cursor.

/// Before and after the statements of a place.
pub(crate) const AROUND: (&str, &str) = (
    "\
use gochan::prelude::*;

#[derive(Clone, Debug, Default)]
pub struct Job { pub number: u32, pub text: String }
impl Job {
    pub fn run(self) -> u32 { self.number }
    pub fn render(&self) -> String { self.text.clone() }
}
pub struct Server { pub jobs: Chan<Job>, pub open: bool }
pub fn work(_: Job) {}

pub fn example(
    server: &Server, job: Job, jobs: Chan<Job>, results: Sender<u32>, done: Receiver<()>, ctx: &Context, count: usize,
) {
",
    "\n}\n\nfn main() {}\n",
);

/// Statements, and a completion that has to be offered.
pub(crate) const COMPLETIONS: [(&str, &str); 36] = [
    ("go!(job.$0);", "run"),
    ("go!(job.ru$0);", "run"),
    ("go!(work(job.$0));", "number"),
    ("go!(wo$0);", "work"),
    ("go!({ job.$0 });", "render"),
    ("go! { work(job.$0) }", "number"),
    ("go!([jobs] { jobs.$0 });", "send"),
    ("go!([jobs] jobs.$0);", "recv"),
    ("go!([jobs = server.$0] { work(recv!(jobs)) });", "jobs"),
    ("go!(|n: u32| { job.$0 }(1));", "render"),
    ("go!([jo$0] { work(recv!(jobs)) });", "jobs"),
    ("go!([jobs, $0] { work(recv!(jobs)) });", "results"),
    ("select! { <-done.$0 => {} }", "recv"),
    ("select! { v = <-server.$0 => {} }", "jobs"),
    ("select! { Some(v) = <-jobs else { job.$0 } => {} }", "run"),
    ("select! { v = <-jobs => v.$0 }", "number"),
    ("select! { v = <-jobs => { v.$0 } <-done => {} }", "number"),
    ("select! { Some(v) = <-jobs => { v.$0 } <-done => {} }", "number"),
    ("select! { results <- job.$0 => {} }", "number"),
    ("select! { <-ctx.$0 => {} }", "done"),
    ("select! { <-done, if server.$0 => {} }", "open"),
    ("select! { <-don$0 => {} }", "done"),
    ("select! { <-done => {} default => job.$0 }", "render"),
    ("with_context!(c = background().$0 => {});", "with_timeout"),
    ("with_context!(c = ctx.with_cancel() => { c.$0 });", "done"),
    ("with_context!((c, cancel) = ctx.with_cancel() => { cancel.$0 });", "cancel"),
    ("with_context!(c = ct$0 => {});", "ctx"),
    ("let c = chan!(u32, job.$0);", "number"),
    ("let c = chan!(Jo$0);", "Job"),
    ("let c = chan!(Job, cou$0);", "count"),
    ("send!(results <- job.$0);", "number"),
    ("send!(server.$0 <- job);", "jobs"),
    ("send!(results <- cou$0);", "count"),
    ("recv!(server.$0);", "jobs"),
    ("recv!(jo$0);", "jobs"),
    ("recv!(jobs).$0", "number"),
];

/// Statements, and a part of what is shown for the name at the cursor.
pub(crate) const HOVERS: [(&str, &str); 12] = [
    ("g$0o!(work(job));", "Starts a goroutine"),
    ("go!(wo$0rk(job));", "fn work"),
    ("go!({ jo$0b.run() });", "job: Job"),
    ("go!([jo$0bs] { work(recv!(jobs)) });", "jobs: Chan<Job>"),
    ("select! { v = <-jobs => { $0v.run(); } }", "v: Job"),
    ("select! { <-do$0ne => {} }", "done: Receiver<()>"),
    ("select! { results <- job.num$0ber => {} }", "number: u32"),
    ("with_context!($0c = ctx.with_cancel() => { c.done(); });", "c: "),
    ("with_context!(c = ctx.with_can$0cel() => { c.done(); });", "fn with_cancel"),
    ("let c = chan!(Jo$0b);", "struct Job"),
    ("send!(res$0ults <- 1);", "results: Sender<u32>"),
    ("let v = recv!(jo$0bs);", "jobs: Chan<Job>"),
];

/// Statements in which the variable `old` at the cursor is renamed, and the others of this name with it: then they compile.
pub(crate) const RENAMES: [&str; 8] = [
    "let $0old = chan!(u32, 1); go!([old] { send!(old <- 1); }); recv!(old);",
    "let old = chan!(u32, 1); go!([$0old] { send!(old <- 1); }); recv!(old);",
    "let old = chan!(u32, 1); go!([old] { send!($0old <- 1); }); recv!(old);",
    "let old = chan!(u32, 1); go!([old] { send!(old <- 1); }); recv!($0old);",
    "let $0old = chan!(u32, 1); go!([jobs, old] |n: u32| { println!(\"{}\", jobs.len()); send!(old <- n); }(1)); recv!(old);",
    "let old = job; select! { <-done => work($0old), default => {} }",
    "let $0old = job.number; select! { results <- old => {} <-done => {} }",
    "with_context!($0old = ctx.with_cancel() => { old.done().recv(); });",
];
