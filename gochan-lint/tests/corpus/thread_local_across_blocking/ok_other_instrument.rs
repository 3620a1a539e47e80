use gochan::prelude::*;
use measured::instrument;

#[instrument]
fn takes(input: &Receiver<u32>) -> Option<u32> { input.recv() }

struct Door;
impl Door {
    fn enter(&self) -> Visit { Visit }
    fn entered(&self) -> u32 { 1 }
}
struct Visit;

fn enters(door: &Door, input: &Receiver<u32>) -> Option<u32> {
    let _visit = door.enter();
    let visits = door.entered();
    work(visits);
    input.recv()
}
