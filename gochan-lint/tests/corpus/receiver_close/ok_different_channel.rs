use gochan::prelude::*;

fn stage(input: Receiver<u32>, output: Sender<u32>) {
    for n in &input { send!(output <- n); }
    close!(output);
}
