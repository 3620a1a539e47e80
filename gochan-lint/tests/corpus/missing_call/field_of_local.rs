use gochan::prelude::*;

struct Worker { id: u32 }
impl Worker { fn run(&self) { println!("{}", self.id); } }

fn main() {
    let workers: Vec<Worker> = (0..3).map(|id| Worker { id }).collect();
    for worker in workers {
        go!(worker.run); //~ missing_call
    }
}
