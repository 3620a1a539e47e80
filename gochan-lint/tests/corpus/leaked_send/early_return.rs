use gochan::prelude::*;

fn fetch(cached: Option<u32>) -> u32 {
    let ch = chan!(u32);
    go!([ch] { send!(ch <- slow()); }); //~ leaked_send
    if let Some(n) = cached {
        return n;
    }
    recv!(ch)
}
