use std::time::Duration;

/// Runs in a goroutine of `main.rs`.
pub fn sync_all() {
    for _ in 0..3 { pause(); }
}

fn pause() {
    std::thread::sleep(Duration::from_millis(1)); //~ std_sync_in_goroutine
}

/// Runs in main itself, which `#[gochan::main]` makes a goroutine.
pub fn report() {
    println!("done");
}

/// Nothing starts it in a goroutine.
pub fn on_a_thread() {
    std::thread::sleep(Duration::from_millis(1));
}
