use gochan::prelude::*;

fn fetch() -> Option<u32> {
    let ch = chan!(u32);
    go!([ch] { send!(ch <- slow()); }); //~ leaked_send
    ch.recv_timeout(Duration::from_secs(1)).ok()
}
