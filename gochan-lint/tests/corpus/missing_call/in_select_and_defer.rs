use gochan::prelude::*;

fn run(ctx: Context, rx: Receiver<u32>) {
    defer!({ go!(cleanup); }); //~ missing_call
    loop {
        select! {
            Some(job) = <-rx else { return } => { go!(handle); work(job); } //~ missing_call
            <-ctx.done() => { go!(|| flush()); return } //~ missing_call
        }
    }
}
