use futures::executor::block_on;
use gochan::prelude::*;
use tokio::runtime::{Handle, Runtime};

struct Server { runtime: Runtime, input: Receiver<u32> }

impl Server {
    fn serves(&self) {
        self.runtime.block_on(async {
            let n = self.input.recv(); //~ thread_local_across_blocking
            work(n).await;
        });
    }
    fn calls(&self) {
        self.runtime.block_on(self.run()); //~ thread_local_across_blocking
    }
    async fn run(&self) {
        while let Some(n) = self.input.recv() { work(n).await; }
    }
    fn nested(&self) {
        self.runtime.block_on(async { self.run().await }); //~ thread_local_across_blocking
    }
}

fn by_handle(handle: &Handle, wg: &WaitGroup) {
    handle.block_on(async move {
        fetch().await;
        wg.wait(); //~ thread_local_across_blocking
    });
}
fn of_futures(output: &Sender<u32>) {
    block_on(async { send!(output <- 1) }); //~ thread_local_across_blocking
}
fn by_path(input: &Receiver<u32>) {
    pollster::block_on(takes(input)); //~ thread_local_across_blocking
}
async fn takes(input: &Receiver<u32>) -> Option<u32> { input.recv() }
fn bound(input: &Receiver<u32>) {
    let future = async { input.recv() }; //~ thread_local_across_blocking
    futures::executor::block_on(future);
}
fn made_there(input: &Receiver<u32>) {
    Runtime::new().unwrap().block_on(async {
        gochan::time::sleep(Duration::from_secs(1)); //~ thread_local_across_blocking
    });
}
