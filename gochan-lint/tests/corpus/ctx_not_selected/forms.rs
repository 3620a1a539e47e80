use gochan::prelude::*;

fn ranges(ctx: &Context, rx: Receiver<u32>) {
    for n in &rx { //~ ctx_not_selected
        work(n);
    }
}
fn while_let(ctx: Context, rx: Receiver<u32>) {
    while let Some(n) = rx.recv() { //~ ctx_not_selected
        work(n);
    }
}
fn sends(ctx: &Context, tx: Sender<u32>) {
    for n in 0..10 {
        send!(tx <- n); //~ ctx_not_selected
    }
}
fn sleeps(ctx: &Context) {
    loop {
        work(1);
        gochan::time::sleep(Duration::from_secs(1)); //~ ctx_not_selected
    }
}
struct Worker { jobs: Receiver<u32>, quit: Receiver<()> }
impl Worker {
    fn run(&self, ctx: &Context) {
        loop {
            select! { //~ ctx_not_selected
                Some(n) = <-self.jobs else { return } => work(n),
                <-self.quit => return,
            }
        }
    }
}
