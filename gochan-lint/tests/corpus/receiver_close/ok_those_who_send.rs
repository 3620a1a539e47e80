use gochan::prelude::*;
struct Source {
    out: Chan<u32>,
    stop: Chan<()>,
}

impl Source {
    fn run(&self) {
        defer!(close!(self.out));
        loop {
            select! {
                self.out <- 1 => {}
                <-self.stop => return,
            }
        }
    }

    fn stop(&self) {
        self.stop.close();
    }
}

fn merge(a: Chan<u32>, b: Chan<u32>) -> Chan<u32> {
    let out = chan!(u32);
    let wg = WaitGroup::new();
    for input in [a, b] {
        wg.add(1);
        go!([out, wg] {
            defer!(wg.done());
            for n in &input {
                send!(out <- n);
            }
        });
    }
    go!([out] {
        wg.wait();
        close!(out);
    });
    out
}

fn relay(from: &Chan<u32>, to: &Chan<u32>) {
    for n in from {
        to.send(n).unwrap();
    }
    to.close();
}

fn all(chans: Vec<Chan<i32>>) {
    for ch in &chans {
        send!(ch <- 1);
    }
    for ch in &chans {
        close!(ch);
    }
}

fn table(chans: &HashMap<u32, Chan<i32>>, pair: (Chan<i32>, Chan<i32>)) {
    for ch in chans.values() {
        close!(ch);
    }
    send!(pair.0 <- recv!(pair.1));
    close!(pair.0);
}

fn array() {
    let chans = [chan!(u32, 1), chan!(u32, 1)];
    for ch in &chans {
        send!(ch <- 1);
    }
    for ch in chans {
        close!(ch);
    }
    let list: Vec<Chan<u32>> = (0..3).map(|_| chan!(u32)).collect();
    for ch in &list {
        close!(ch);
    }
    let more = vec![chan!(u32); 3];
    close!(more[0]);
    close!(more[1]);
    send!(more[2] <- 1);
}
