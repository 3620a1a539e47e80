use gochan::prelude::*;

struct Out {
    lines: Chan<String>,
}

impl Out {
    fn end(&self) {
        close!(self.lines);
    }

    fn last_words(&self) {
        self.end();
        send!(self.lines <- "bye".to_owned()); //~ send_after_close
    }
}

// What is deferred last runs first.
fn in_the_wrong_order() {
    let out = chan!(u32, 2);
    defer!(send!(out <- 2)); //~ send_after_close
    defer!(close!(out));
    send!(out <- 1);
}

fn in_the_right_order() {
    let out = chan!(u32, 2);
    defer!(close!(out));
    defer!(send!(out <- 2));
    send!(out <- 1);
}
