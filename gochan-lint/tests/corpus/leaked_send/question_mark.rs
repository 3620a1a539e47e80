use gochan::prelude::*;

fn run() -> Result<u32, Error> {
    let ch = chan!(u32);
    go!([ch] {
        send!(ch <- slow()); //~ leaked_send
    });
    prepare()?;
    Ok(recv!(ch))
}
