use gochan::prelude::*;

struct Queue {
    jobs: Chan<u32>,
}

impl Queue {
    fn drain(&self, list: &mut Vec<u32>) {
        list.extend(self.jobs.iter());
        self.jobs.close(); //~ receiver_close
    }
}

fn together(a: Chan<u32>, b: Chan<u32>) {
    for (x, y) in a.iter().zip(b.iter()) {
        show(x + y);
    }
    close!(a); //~ receiver_close
    close!(b); //~ receiver_close
}

fn first_three(ch: Chan<u32>) -> u32 {
    let total = ch.iter().take(3).sum();
    ch.close(); //~ receiver_close
    total
}

fn feeds(ch: Chan<u32>, list: &[u32], more: &mut Vec<u32>) {
    for &n in list {
        send!(ch <- n);
    }
    ch.close();
    more.extend(ch.iter());
}

fn show(_: u32) {}
