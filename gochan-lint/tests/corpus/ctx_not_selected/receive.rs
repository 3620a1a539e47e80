use gochan::prelude::*;

fn run(ctx: &Context, a: &Receiver<u32>) {
    loop {
        let Some(n) = a.recv() else { return }; //~ ctx_not_selected
        work(n);
    }
}
