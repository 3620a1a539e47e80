use gochan::prelude::*;
fn start(tx: Sender<JoinHandle<()>>, ready: Receiver<()>) {
    send!(tx <- go!(work)); //~ missing_call
    println!("{:?}", go!(work).id()); //~ missing_call
    assert!(go!(work).join().is_ok()); //~ missing_call
    let handles = vec![go!(work), go!(work())]; //~ missing_call
    for handle in handles {
        handle.join().unwrap();
    }
    select! {
        <-ready => go!(work), //~ missing_call
        default => go!(work()),
    };
    with_context!(ctx = background().with_timeout(SECOND) => {
        go!(work); //~ missing_call
        step(&ctx);
    });
}

fn work() {}
