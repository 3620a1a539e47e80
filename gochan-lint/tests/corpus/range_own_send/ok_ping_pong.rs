use gochan::prelude::*;

fn table() {
    let table = chan!(u32);
    for _ in 0..2 {
        go!([table] {
            while let Some(ball) = table.recv() {
                if table.send(ball + 1).is_err() {
                    return;
                }
            }
        });
    }
    send!(table <- 0);
    gochan::time::sleep(std::time::Duration::from_millis(5));
    table.recv();
}

fn two_players() {
    let table = chan!(u32);
    go!([table] { while let Some(ball) = table.recv() { if table.send(ball + 1).is_err() { return; } } });
    go!([table] { while let Some(ball) = table.recv() { if table.send(ball + 1).is_err() { return; } } });
    send!(table <- 0);
    println!("{:?}", table.recv());
}
