use crate::types::{Job, Jobs, Server};
use gochan::prelude::*;

impl Server {
    pub fn stop(&self) {
        close!(self.jobs);
        send!(self.jobs <- Job(0)); //~ send_after_close
    }

    pub fn stop_twice(&self) {
        self.finish();
        close!(self.stopped); //~ double_close
    }

    fn finish(&self) { close!(self.stopped); }
}

pub fn end(jobs: Jobs) {
    close!(jobs);
    close!(jobs); //~ double_close
}
