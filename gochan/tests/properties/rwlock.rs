use gochan::prelude::*;
use gochan::sync::{RwLock, RwLockWriteGuard};
use gochan::test::wait;
use proptest::prelude::*;
use std::collections::{BTreeMap, VecDeque};
use std::sync::{Arc, Mutex};

/// An operation on the lock. A goroutine of its own does each `Read` and `Write` and keeps the guard until it is told.
#[derive(Debug, Clone)]
enum Op {
    Read,
    Write,
    TryRead,
    TryWrite,
    /// One of those inside leaves.
    Release(prop::sample::Index),
    /// The writer inside, if there is one, becomes a reader.
    Downgrade,
}

fn op() -> impl Strategy<Value = Op> {
    prop_oneof![
        3 => Just(Op::Read),
        2 => Just(Op::Write),
        1 => Just(Op::TryRead),
        1 => Just(Op::TryWrite),
        4 => any::<prop::sample::Index>().prop_map(Op::Release),
        1 => Just(Op::Downgrade),
    ]
}

/// What a goroutine has come to hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Held {
    Read,
    Write,
}

/// Go's RWMutex: a writer that waits holds off new readers; when it leaves, the readers that wait go first.
#[derive(Default)]
struct Model {
    inside: BTreeMap<usize, Held>,
    /// It holds off new readers and waits for those inside.
    next_writer: Option<usize>,
    writers: VecDeque<usize>,
    readers: Vec<usize>,
}

impl Model {
    fn has_writer(&self) -> bool {
        self.next_writer.is_some() || self.inside.values().any(|&held| held == Held::Write)
    }

    fn read(&mut self, number: usize) {
        if self.has_writer() {
            self.readers.push(number);
        } else {
            self.inside.insert(number, Held::Read);
        }
    }

    fn write(&mut self, number: usize) {
        self.writers.push_back(number);
        self.settle();
    }

    fn release(&mut self, number: usize) {
        if self.inside.remove(&number) == Some(Held::Write) {
            self.let_readers_in();
        }
        self.settle();
    }

    fn downgrade(&mut self, number: usize) {
        self.inside.insert(number, Held::Read);
        self.let_readers_in();
        self.settle();
    }

    fn let_readers_in(&mut self) {
        self.inside.extend(self.readers.drain(..).map(|number| (number, Held::Read)));
    }

    fn settle(&mut self) {
        if !self.has_writer() {
            self.next_writer = self.writers.pop_front();
        }
        if self.inside.is_empty()
            && let Some(writer) = self.next_writer.take()
        {
            self.inside.insert(writer, Held::Write);
        }
    }
}

/// What a goroutine with a guard is told.
enum Told {
    Downgrade,
    Release,
}

fn agrees(ops: Vec<Op>) -> Result<(), TestCaseError> {
    let mut model = Model::default();
    let lock = Arc::new(RwLock::new(()));
    let inside = Arc::new(Mutex::new(BTreeMap::new()));
    let mut holders = BTreeMap::new();
    for (number, op) in ops.into_iter().enumerate() {
        match op {
            Op::Read => {
                model.read(number);
                let told = chan!(Told, 2);
                holders.insert(number, told.clone());
                go!([lock, inside] {
                    let guard = lock.read();
                    inside.lock().unwrap().insert(number, Held::Read);
                    told.recv();
                    inside.lock().unwrap().remove(&number);
                    drop(guard);
                });
            }
            Op::Write => {
                model.write(number);
                let told = chan!(Told, 2);
                holders.insert(number, told.clone());
                go!([lock, inside] {
                    let guard = lock.write();
                    inside.lock().unwrap().insert(number, Held::Write);
                    if let Some(Told::Downgrade) = told.recv() {
                        inside.lock().unwrap().insert(number, Held::Read);
                        let guard = RwLockWriteGuard::downgrade(guard);
                        told.recv();
                        inside.lock().unwrap().remove(&number);
                        drop(guard);
                    } else {
                        inside.lock().unwrap().remove(&number);
                        drop(guard);
                    }
                });
            }
            Op::TryRead => prop_assert_eq!(lock.try_read().is_some(), !model.has_writer()),
            Op::TryWrite => {
                prop_assert_eq!(lock.try_write().is_some(), !model.has_writer() && model.inside.is_empty());
            }
            Op::Release(index) => {
                let numbers: Vec<_> = model.inside.keys().copied().collect();
                if !numbers.is_empty() {
                    let &number = index.get(&numbers);
                    model.release(number);
                    holders[&number].send(Told::Release).unwrap();
                }
            }
            Op::Downgrade => {
                let writer = model.inside.iter().find(|&(_, &held)| held == Held::Write);
                if let Some((&number, _)) = writer {
                    model.downgrade(number);
                    holders[&number].send(Told::Downgrade).unwrap();
                }
            }
        }
        wait();
        prop_assert_eq!(&*inside.lock().unwrap(), &model.inside);
    }
    holders.into_values().for_each(|told| _ = told.close());
    wait();
    prop_assert!(inside.lock().unwrap().is_empty());
    Ok(())
}

#[gochan::test(virtual_time)]
fn rw_02_a_lock_does_what_its_model_does() {
    super::holds(prop::collection::vec(op(), 1..50), agrees);
}
