use gochan::prelude::*;
fn first(ch: Chan<u32>, quit: Receiver<()>) {
    loop {
        select! {
            n, ok = <-ch => {
                if !ok {
                    return;
                }
                if n > 9 {
                    close!(ch); //~ receiver_close
                    return;
                }
            }
            <-quit => return,
        }
    }
}

fn second(ch: Chan<u32>, quit: Receiver<()>) {
    select! {
        Some(n) = <-ch else { return } => take(n),
        <-quit => close!(ch), //~ receiver_close
    }
}

fn third(ch: Chan<u32>) -> Result<u32, Error> {
    defer!(close!(ch)); //~ receiver_close
    let n = ch.recv().ok_or(Error)?;
    Ok(n)
}

fn take(_: u32) {}
