use gochan::prelude::*;

enum State {
    Open,
    Closed,
}

fn first_message(inbox: &Receiver<u32>, ready: Sender<()>) {
    let mut told = false;
    for message in inbox {
        println!("{message}");
        if told {
            continue;
        }
        told = true;
        close!(ready);
    }
}

fn by_state(inbox: &Receiver<u32>, ready: Sender<()>) {
    let mut state = State::Open;
    for message in inbox {
        match state {
            State::Closed => continue,
            State::Open => println!("{message}"),
        }
        state = State::Closed;
        close!(ready);
    }
}

fn close_once(quit: &Chan<()>, closed: &mut bool) {
    if *closed {
        return;
    }
    *closed = true;
    close!(quit);
}

fn whoever_comes_first() {
    let quit = chan!(());
    let mut closed = false;
    close_once(&quit, &mut closed);
    close_once(&quit, &mut closed);
}
