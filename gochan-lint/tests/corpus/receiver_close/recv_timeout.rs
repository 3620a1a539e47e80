use gochan::prelude::*;

fn poll(ch: &Chan<u32>) -> Option<u32> {
    match ch.recv_timeout(Duration::from_secs(1)) {
        Ok(n) => Some(n),
        Err(_) => {
            ch.close(); //~ receiver_close
            None
        }
    }
}
