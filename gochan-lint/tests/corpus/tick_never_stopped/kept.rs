use gochan::sync::Lazy;
use gochan::time::{Ticker, tick};
use std::sync::Mutex;
use std::time::{Duration, Instant};

fn forgotten() {
    let beat = tick(Duration::from_secs(1)); //~ tick_never_stopped
    std::mem::forget(beat);
}

fn leaked() -> &'static Ticker {
    let ticker = Ticker::new(Duration::from_secs(1)); //~ tick_never_stopped
    Box::leak(Box::new(ticker))
}

static BEATS: Mutex<Vec<gochan::Receiver<Instant>>> = Mutex::new(Vec::new());

fn pushed() {
    let beat = tick(Duration::from_secs(1)); //~ tick_never_stopped
    BEATS.lock().unwrap().push(beat);
}

static BEAT: Lazy<gochan::Receiver<Instant>> = Lazy::new(|| tick(Duration::from_secs(1))); //~ tick_never_stopped
