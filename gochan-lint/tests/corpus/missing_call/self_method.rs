use gochan::prelude::*;

impl Server {
    fn start(self) {
        go!(self.run); //~ missing_call
    }
}
