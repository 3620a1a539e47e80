use gochan::prelude::*;

fn work() {}
fn takes(_: u32) {}
mod inner {
    pub fn run() {}
}
struct Server;
impl Server {
    fn run(&self) {}
    fn start(self: std::sync::Arc<Self>, wg: &WaitGroup) {
        wg.go(|| work); //~ missing_call
        wg.go(|| { work }); //~ missing_call
        wg.go(move || move || work()); //~ missing_call
        wg.go(|| inner::run); //~ missing_call
        wg.go(|| Server::run); //~ missing_call
    }
}
fn in_scopes() {
    gochan::scope(|s| {
        s.go(|| work); //~ missing_call
        s.go(|| || work()); //~ missing_call
    });
    gochan::Builder::new().spawn(|| work); //~ missing_call
    gochan::Builder::new().name("x").spawn(|| || work()); //~ missing_call
}
fn blocks() {
    go!({ inner::run }); //~ missing_call
    go!({ work; }); //~ missing_call
    go!({
        let job = || work(); //~ missing_call
        job
    });
    let later = || work();
    go!({
        println!("start");
        later //~ missing_call
    });
}
fn parameters(f: impl FnOnce() + Send + 'static, g: Box<dyn FnOnce() + Send>, h: fn()) {
    go!({ f }); //~ missing_call
    go!({ g }); //~ missing_call
    go!({ h }); //~ missing_call
}
