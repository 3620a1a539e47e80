use gochan::prelude::*;

struct Quit { ch: Chan<()>, closed: AtomicBool, once: Once }

impl Quit {
    fn by_flag(&self) {
        if !self.closed.swap(true, Ordering::SeqCst) {
            close!(self.ch);
        }
    }
    fn by_once(&self) {
        self.once.call_once(|| close!(self.ch));
    }
}
