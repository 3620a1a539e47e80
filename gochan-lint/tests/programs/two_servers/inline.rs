mod a {
    use gochan::prelude::*;
    pub struct Queue {
        pub items: Chan<u32>,
    }
    impl Queue {
        pub fn finish(&self) {
            self.items.close();
        }
        pub fn put(&self) {
            send!(self.items <- 1);
        }
    }
}
mod b {
    pub struct Queue {
        pub items: Vec<u32>,
    }
    impl Queue {
        pub fn finish(&self) {}
    }
}
fn of_a(q: &a::Queue) {
    while let Some(n) = q.items.recv() {
        println!("{n}");
    }
    q.finish(); //~ receiver_close
}
fn of_b(q: &b::Queue) {
    println!("{:?}", q.items);
    q.finish();
    q.finish();
}
