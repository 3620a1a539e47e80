use gochan::prelude::*;

fn each<F: Fn() + Send + Sync + 'static>(f: Arc<F>, g: impl FnOnce() + Send + 'static) {
    go!([f] f); //~ missing_call
    go!(g); //~ missing_call
}
