#[gochan::main(flavor = "multi_thread", worker_threads = 4)]
fn main() {}

#[gochan::main(worker_threads = 4)]
fn workers() {}

#[gochan::main(on_panic = abort)]
fn word() {}

#[gochan::main(stack_size = "8MB")]
fn text() {}

#[gochan::main(4)]
fn bare() {}
