use std::sync::{Condvar, Mutex, WaitTimeoutResult};
use std::time::Duration;

fn timed_out() -> WaitTimeoutResult {
    let cond = Condvar::new();
    let lock = Mutex::new(());
    let waited = cond.wait_timeout(lock.lock().unwrap(), Duration::from_millis(0));
    let (_unused, result) = waited.unwrap();
    result
}
