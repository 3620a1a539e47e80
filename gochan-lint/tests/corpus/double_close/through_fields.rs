use gochan::prelude::*;

struct Hub {
    quit: Chan<()>,
    closed: bool,
}

impl Hub {
    fn shutdown(&self) {
        close!(self.quit);
        self.finish(); //~ double_close
    }

    fn finish(&self) {
        close!(self.quit);
    }

    fn stop(&mut self) {
        if self.closed {
            return;
        }
        self.closed = true;
        close!(self.quit);
    }

    fn stop_twice(&mut self) {
        self.stop();
        self.stop();
    }

    fn leave(&self, quiet: bool) {
        if quiet {
            return;
        }
        close!(self.quit);
        close!(self.quit); //~ double_close
    }
}
