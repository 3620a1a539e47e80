use gochan::sync::Mutex;

#[derive(Default)]
pub struct Server {
    mu: Mutex<u32>,
    drain: u32,
}
impl Server {
    pub fn new() -> Self {
        Self::default()
    }
    pub fn touch(&self) {
        *self.mu.lock() += 1;
    }
    pub fn stop(&self) {
        let _mu = self.mu.lock();
        self.touch(); //~ double_lock
    }
    // No lock, and no channel.
    pub fn work(&self) {
        println!("{}", self.drain);
    }
    pub fn end(&self) {}
}
