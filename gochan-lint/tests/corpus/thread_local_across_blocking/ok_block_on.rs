use gochan::prelude::*;
use tokio::runtime::Runtime;

fn awaits(runtime: &Runtime, input: &Receiver<u32>, output: &Sender<u32>) {
    runtime.block_on(async {
        let n = input.recv_async().await;
        output.send_async(n).await;
        let _ = output.try_send(1);
        select! { v = <-input => work(v), default => {} }
    });
    pollster::block_on(takes(input));
    let n = input.recv();
    runtime.block_on(fetch(n));
}
async fn takes(input: &Receiver<u32>) -> Option<u32> { input.recv_async().await }
fn on_its_own_thread(input: Receiver<u32>) {
    std::thread::spawn(move || pollster::block_on(async { input.recv() }));
}
fn in_blocking(input: &Receiver<u32>) {
    gochan::blocking(|| pollster::block_on(async { input.recv() }));
}
fn starts(runtime: &Runtime, input: Receiver<u32>) {
    runtime.block_on(async {
        go!({ for n in input { work(n); } });
    });
}
fn of_gochan(input: &Receiver<u32>) {
    use gochan::block_on;
    gochan::block_on(async { input.recv() });
    block_on(async { input.recv() });
}
struct Parking;
impl Parking {
    fn block_on(&self, input: &Receiver<u32>) { work(input.recv()); }
}
fn another(parking: &Parking, input: &Receiver<u32>) { parking.block_on(input); }
fn main() {
    let input = chan!(u32, 1);
    send!(input <- 1);
    pollster::block_on(async { input.recv() });
}
