use gochan::prelude::*;
fn some(ch: Chan<u32>) -> Option<u32> {
    'all: loop {
        let Some(n) = ch.recv() else { break 'all };
        if n == 7 {
            ch.close(); //~ receiver_close
            return Some(n);
        }
    }
    None
}

fn tried(ch: Chan<u32>) -> Result<(), Error> {
    let n = ch.try_recv().map_err(|_| Error)?;
    if let Err(error) = check(n) {
        close!(ch); //~ receiver_close
        return Err(error);
    }
    Ok(())
}

fn matched(ch: &Chan<Message>) {
    match ch.recv() {
        Some(Message::Stop) => {
            ch.close(); //~ receiver_close
        }
        Some(Message::Work(n)) => take(n),
        None => {}
    }
}

fn take(_: u32) {}
