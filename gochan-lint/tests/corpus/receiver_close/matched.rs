use gochan::prelude::*;

fn run(ch: Chan<Message>) {
    loop {
        match ch.recv() {
            Some(Message::Job(n)) => work(n),
            Some(Message::Stop) => {
                close!(ch); //~ receiver_close
                break;
            }
            None => break,
        }
    }
}
