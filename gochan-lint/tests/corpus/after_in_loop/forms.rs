use gochan::prelude::*;

fn labelled(rx: Receiver<u32>, stop: Receiver<()>) {
    'wait: loop {
        select! {
            n = <-rx => if n == 0 { break 'wait },
            <-stop => break 'wait,
            <-after(Duration::from_secs(30)) => { println!("timed out"); break 'wait } //~ after_in_loop
        }
    }
}
fn full_path(rx: Receiver<u32>, other: Receiver<u32>) {
    let mut seen = 0;
    while seen < 10 {
        select! {
            Some(n) = <-rx => { work(n); seen += 1; }
            Some(n) = <-other => { work(n); seen += 1; }
            <-gochan::time::after(Duration::from_secs(5)) => return, //~ after_in_loop
        }
    }
}
