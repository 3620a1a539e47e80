use gochan::prelude::*;
use gochan::sync::atomic::AtomicU64;
use gochan::sync::{Cond, Map, Mutex as Ours};
use std::sync::{Arc, Mutex};

struct Hub { state: Mutex<u32>, room: Chan<u32>, known: Map<u32, u32>, count: AtomicU64, more: Cond, wg: WaitGroup }

impl Hub {
    fn tries(&self) {
        let mut n = self.state.lock().unwrap();
        let _ = self.room.try_send(*n);
        *n += self.room.try_recv().unwrap_or(0);
        for m in self.room.try_iter() { *n += m; }
        *n += self.room.try_iter().sum::<u32>();
    }
    fn asks(&self, handle: &gochan::JoinHandle<u32>) -> bool {
        let n = self.state.lock().unwrap();
        let full = self.room.len() == self.room.capacity() || self.room.is_full() || self.room.is_closed();
        full && handle.is_finished() && gochan::runtime::num_goroutine() > *n as usize
    }
    fn notes(&self, ctx: &Context) {
        let mut n = self.state.lock().unwrap();
        self.known.store(*n, 1);
        *n += self.known.load(&1).unwrap_or(0) + self.count.fetch_add(1, Ordering::SeqCst) as u32;
        self.more.signal();
        self.more.broadcast();
        println!("{:?} {:?}", self.room, ctx.deadline());
        drop(self.room.clone());
        close!(self.room);
    }
    fn starts(&self, other: &Arc<Ours<u32>>) {
        let n = self.state.lock().unwrap();
        self.wg.add(1);
        let (wg, room) = (self.wg.clone(), self.room.clone());
        go!({ defer!(wg.done()); send!(room <- 1); });
        if let Some(mut other) = other.try_lock() { *other += *n; }
    }
    fn keeps(&self, later: &mut Vec<Box<dyn Fn() -> u32>>) {
        let _n = self.state.lock().unwrap();
        let room = self.room.clone();
        later.push(Box::new(move || recv!(room)));
        let future = async { recv!(self.room) };
        work(future);
    }
    fn calls(&self) {
        let _n = self.state.lock().unwrap();
        self.asked();
        let future = self.awaited();
        drop(future);
    }
    fn asked(&self) -> usize { self.room.len() }
    async fn awaited(&self) -> u32 { recv!(self.room) }
    fn of_ours(&self, ctx: &Context, lock: &Ours<u32>, other: &Ours<u32>) {
        let mut n = lock.lock();
        gochan::runtime::gosched();
        select! { v = <-self.room => *n += v, default => {} }
        if ctx.err().is_none() { *n += *other.lock(); }
    }
}
