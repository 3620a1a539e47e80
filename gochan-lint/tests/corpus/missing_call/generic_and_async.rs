use gochan::prelude::*;
fn start<F: FnOnce() + Send + 'static>(f: F) {
    go!(f); //~ missing_call
}

fn start_boxed(f: Box<dyn FnOnce() + Send>) {
    go!(f); //~ missing_call
}

async fn start_async(f: fn()) {
    go!(f); //~ missing_call
}

impl Pool {
    async fn run(&self) {
        let this = self.clone();
        go!(this.serve); //~ missing_call
    }
}
