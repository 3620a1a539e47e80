use gochan::prelude::*;
struct Worker {
    jobs: Chan<u32>,
    name: String,
}

impl Worker {
    fn run(&self) {
        for job in &self.jobs {
            take(job);
        }
        close!(self.jobs); //~ receiver_close
    }
}

struct Reader {
    inner: Inner,
}

struct Inner {
    jobs: Chan<u32>,
}

impl Reader {
    fn run(self) {
        while let Some(job) = self.inner.jobs.recv() {
            take(job);
        }
        self.inner.jobs.close(); //~ receiver_close
    }
}

impl Drop for Reader {
    fn drop(&mut self) {}
}

fn take(_: u32) {}
