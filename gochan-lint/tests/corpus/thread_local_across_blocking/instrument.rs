use gochan::prelude::*;
use tracing::instrument;

struct Hub { input: Receiver<u32> }

impl Hub {
    #[instrument(skip(self))]
    fn takes(&self) -> Option<u32> {
        self.input.recv() //~ thread_local_across_blocking
    }
    #[tracing::instrument]
    fn calls(&self) {
        work(self.inner()); //~ thread_local_across_blocking
    }
    fn inner(&self) -> Option<u32> { self.input.recv() }
    #[instrument]
    fn computes(&self) -> usize { self.input.len() }
    #[instrument]
    async fn awaits(&self) -> Option<u32> { self.input.recv_async().await }
    #[instrument]
    fn starts(&self) {
        let input = self.input.clone();
        go!({ for n in input { work(n); } });
    }
}

#[cfg_attr(feature = "trace", instrument(level = "debug"))]
fn sometimes() {
    gochan::time::sleep(Duration::from_secs(1)); //~ thread_local_across_blocking
}

#[instrument]
fn main() {
    gochan::time::sleep(Duration::from_secs(1));
}
