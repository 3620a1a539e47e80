use gochan::prelude::*;

fn start(flag: bool, kind: Kind) -> Result<(), Error> {
    let handle = go!(work); //~ missing_call
    if flag { go!(work); } //~ missing_call
    let handles = vec![go!(work), go!(work(1))]; //~ missing_call
    match kind {
        Kind::Fast => go!(fast), //~ missing_call
        Kind::Slow => go!(slow()),
    };
    let begin = || go!(work); //~ missing_call
    begin();
    Ok(())
}
