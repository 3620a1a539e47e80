//! A library crate, whose types the other crate uses.

use gochan::prelude::*;
use gochan::sync::Mutex;

pub struct Queue { pub items: Mutex<Vec<u32>>, pub ready: Chan<()>, pub name: String }

impl Queue {
    pub fn len(&self) -> usize { self.items.lock().len() }

    pub fn shut_down(&self) { close!(self.ready); }

    pub fn wait(&self) { recv!(self.ready); }
}

pub fn close_all(queues: &[Queue]) {
    for queue in queues { queue.shut_down(); }
}

/// As the application's function of the same name, which does not close.
pub fn finish(ready: &Chan<()>) { close!(ready); }
