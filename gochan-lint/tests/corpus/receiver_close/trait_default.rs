use gochan::prelude::*;
trait Consumer {
    fn take(&mut self, n: u32);

    fn consume(&mut self, ch: Chan<u32>) {
        for n in &ch {
            self.take(n);
        }
        close!(ch); //~ receiver_close
    }

    fn consume_some(&mut self, ch: &Chan<u32>) {
        while let Some(n) = ch.recv() {
            if n == 0 {
                break;
            }
            self.take(n);
        }
        ch.close(); //~ receiver_close
    }
}
