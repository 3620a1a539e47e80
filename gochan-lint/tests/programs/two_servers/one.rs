use gochan::prelude::*;
use gochan::sync::Mutex;

pub struct Server {
    drain: Mutex<bool>,
    jobs: Chan<u32>,
}
impl Server {
    pub fn new() -> Self {
        Self { drain: Mutex::new(false), jobs: chan!(u32, 4) }
    }
    pub fn graceful_stop(&self) {
        let drain = self.drain.lock();
        if *drain {
            let _again = self.drain.lock(); //~ double_lock
        }
    }
    pub fn work(&self) {
        for n in &self.jobs {
            println!("{n}");
        }
        self.stop();
    }
    fn stop(&self) {
        self.drain.lock(); //~ empty_critical_section
    }
    pub fn feed(&self) {
        send!(self.jobs <- 1);
    }
    pub fn end(&self) {
        self.jobs.close();
    }
}
