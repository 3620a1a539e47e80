use gochan::prelude::*;

fn asks(requests: Sender<Chan<u32>>) {
    loop {
        let reply = chan!(u32);
        send!(requests <- reply.clone());
        println!("{}", recv!(reply));
    }
}

struct Request {
    reply: Sender<u32>,
}

fn asks_with_a_structure(requests: Sender<Request>) {
    loop {
        let (tx, rx) = chan!(u32, 1).split();
        send!(requests <- Request { reply: tx });
        let answer = recv!(rx);
        println!("{answer}");
    }
}
