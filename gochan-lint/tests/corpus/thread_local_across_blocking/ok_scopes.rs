use gochan::prelude::*;
use gochan::sync::{Map, Mutex};
use pyo3::prelude::*;
use tracing::info_span;

fn never_waits(input: &Receiver<u32>, output: &Sender<u32>, known: &Map<u32, u32>, total: &Mutex<u32>) {
    critical_section::with(|_| {
        let _ = output.try_send(input.try_recv().unwrap_or(0));
        known.store(1, input.len() as u32);
        for n in input.try_iter() { work(n); }
        if let Some(mut total) = total.try_lock() { *total += 1; }
        let more = output.clone();
        go!({ send!(more <- 1); });
        close!(output);
    });
}
fn outside(input: &Receiver<u32>) {
    let n = input.recv();
    second_stack::buffer(0..10, |slice| work(slice, n));
    input.recv();
}
fn detached(input: &Receiver<u32>) {
    Python::attach(|py| {
        let n = py.detach(|| input.recv());
        work(py, n);
    });
}
fn closed_before(input: &Receiver<u32>) {
    let entered = info_span!("job").entered();
    work(1);
    let span = entered.exit();
    work(input.recv());
    drop(span);
}
fn handed_on(input: &Receiver<u32>) -> tracing::span::EnteredSpan {
    let entered = info_span!("job").entered();
    keep(entered);
    work(input.recv());
    info_span!("next").entered()
}
fn other_sets(table: &Table, input: &Receiver<u32>) {
    table.set(1, || work(input.recv()));
    table.buffer(1, |slice| work(slice, input.recv()));
}
fn on_a_thread(input: Receiver<u32>) {
    std::thread::spawn(move || {
        critical_section::with(|_| work(input.recv()));
        let _entered = info_span!("job").entered();
        work(input.recv());
    });
}
fn stored(hub: &mut Hub, input: Receiver<u32>) {
    critical_section::with(|_| hub.callbacks.push(Box::new(move || input.recv())));
}
#[test]
fn of_std() {
    let (input, _entered) = (chan!(u32, 1), info_span!("test").entered());
    send!(input <- 1);
    input.recv();
}
