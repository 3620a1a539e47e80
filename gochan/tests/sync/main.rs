//! Locks and the rest of `gochan::sync`, and `WaitGroup`.

#[path = "../common/mod.rs"]
mod common;

mod barrier;
mod cond;
mod errgroup;
mod limits;
mod map;
mod mutex;
mod once;
mod pool;
mod rwlock;
mod semaphore;
mod singleflight;
mod waitgroup;
