use gochan::prelude::*;

fn each_turn(items: &[u32]) -> u32 {
    let ch = chan!(u32);
    let mut sum = 0;
    for &item in items {
        go!([ch] { send!(ch <- item); });
        sum += recv!(ch);
    }
    sum
}

fn answers(requests: Receiver<u32>) {
    let ch = chan!(u32);
    for request in &requests {
        go!([ch] {
            send!(ch <- request);
        });
        let Some(answer) = ch.recv() else { return };
        show(answer);
    }
}

fn chosen(requests: Receiver<u32>, other: Receiver<u32>) {
    let ch = chan!(u32);
    for request in &requests {
        go!([ch] {
            send!(ch <- request);
        });
        'wait: loop {
            select! {
                answer = <-ch => {
                    show(answer);
                    break 'wait;
                }
                Some(n) = <-other => show(n),
            }
        }
    }
}

fn list(items: Vec<u32>) {
    let chans: Vec<Chan<u32>> = items.iter().map(|_| chan!(u32)).collect();
    for (ch, item) in chans.iter().zip(items) {
        let ch = ch.clone();
        go!({
            send!(ch <- item);
        });
    }
    for ch in &chans {
        show(recv!(ch));
    }
    for ch in chans {
        close!(ch);
    }
}

fn pairs() {
    let pair = (chan!(u32), chan!(u32));
    let (first, second) = pair.clone();
    go!({
        send!(first <- 1);
        send!(second <- 2);
    });
    show(recv!(pair.0));
    show(recv!(pair.1));
}

fn show(_: u32) {}
