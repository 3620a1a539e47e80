use gochan::prelude::*;

fn find(results: &Chan<u32>, ticks: &Receiver<u32>) {
    'outer: loop {
        for tick in ticks {
            let Some(n) = results.recv() else { break 'outer };
            if n == tick { break 'outer; }
        }
    }
    close!(results); //~ receiver_close
}
