use gochan::prelude::*;
use std::future::Future;

async fn fetch(n: u32) -> u32 {
    n
}
fn later(n: u32) -> impl Future<Output = u32> {
    async move { n }
}
struct Client;
impl Client {
    async fn get(&self, n: u32) {
        println!("{n}");
    }
    fn spawns(self: std::sync::Arc<Self>, wg: &WaitGroup) {
        let client = self.clone();
        go!(client.get(1)); //~ future_not_run
        let other = self.clone();
        wg.go(move || other.get(2)); //~ future_not_run
    }
}
fn spawns(wg: &WaitGroup) {
    go!(fetch(1)); //~ future_not_run
    go!(later(1)); //~ future_not_run
    wg.go(|| fetch(2)); //~ future_not_run
    wg.go(move || async move { println!("x") }); //~ future_not_run
    go!({
        println!("before");
        fetch(3) //~ future_not_run
    });
    gochan::Builder::new().spawn(|| fetch(4)); //~ future_not_run
    let handle = go!(fetch(5)); //~ future_not_run
    drop(handle);
}
