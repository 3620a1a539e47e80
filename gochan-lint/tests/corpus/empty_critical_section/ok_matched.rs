use gochan::sync::Mutex;

enum State {
    Idle,
    Busy(String),
}

fn slice(m: &Mutex<Vec<u8>>) -> u32 {
    match *m.lock().as_slice() {
        [] => 0,
        _ => 1,
    }
}

fn choice(m: &Mutex<State>) -> u32 {
    match *m.lock() {
        State::Idle => 0,
        _ => 1,
    }
}

fn reference(m: &Mutex<State>) -> u32 {
    match &*m.lock() {
        State::Idle => 0,
        _ => 1,
    }
}

fn mutable(m: &Mutex<State>) {
    match &mut *m.lock() {
        State::Busy(name) => name.clear(),
        _ => {}
    }
}

fn condition(m: &Mutex<Option<u32>>) -> bool {
    if let Some(_) = *m.lock() { true } else { matches!(*m.lock(), None) }
}

fn tuple(m: &Mutex<(u32, u32)>) -> u32 {
    let (first, _) = *m.lock();
    first
}
