//! Locks, conditions, things done once, pools, semaphores and groups, with user code that panics inside of them.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::*};
use std::time::Duration;

use fastrand::Rng;
use gochan::runtime;
use gochan::sync::{
    Cond, Lazy, Mutex, Once, OnceCell, Pool, RwLock, Semaphore, errgroup, once_func, once_value,
};

use crate::shelf;
use crate::values::{Value, provoke};
use crate::verdict::{attempt, check, step};
use crate::world::{World, moment};

const PERMITS: usize = 3;

/// What is under a lock. The counts are equal while nobody has it for writing.
#[derive(Default)]
struct Guarded {
    begun: u64,
    ended: u64,
    value: Value,
}

impl Guarded {
    /// Changes it, with others running in the middle, and returns the value that was there.
    fn change(&mut self, value: Value, random: &mut Rng) -> Value {
        check(self.begun == self.ended, "a lock does not exclude");
        self.begun += 1;
        match random.u8(..8) {
            0 => runtime::gosched(),
            1 => gochan::time::sleep(moment(random) / 4),
            _ => {}
        }
        self.ended += 1;
        std::mem::replace(&mut self.value, value)
    }

    fn look(&self) {
        check(self.begun == self.ended, "a lock shows something half done");
    }
}

/// What the world has of these.
pub(crate) struct Locks {
    mutex: Mutex<Guarded>,
    rwlock: RwLock<Guarded>,
    cond: Cond,
    semaphore: Semaphore,
    held: AtomicUsize,
    pool: Pool<Value, fn() -> Value>,
    /// Renewed now and then.
    cell: Mutex<Arc<OnceCell<Value>>>,
    once: Mutex<Arc<Once>>,
    errors: errgroup::Group<Value>,
}

impl Locks {
    pub(crate) fn new(random: &mut Rng) -> Locks {
        let errors = errgroup::Group::new();
        if random.bool() {
            errors.set_limit(3);
        }
        Locks {
            mutex: Mutex::default(),
            rwlock: RwLock::default(),
            cond: Cond::new(),
            semaphore: Semaphore::new(PERMITS),
            held: AtomicUsize::new(0),
            pool: Pool::new(Value::default),
            cell: Mutex::default(),
            once: Mutex::default(),
            errors,
        }
    }

    /// For those who wait for the end of the round.
    pub(crate) fn end(&self) {
        // Whoever has looked whether it is the end already, waits by now.
        drop(self.mutex.try_lock());
        attempt(|| self.cond.broadcast());
    }

    pub(crate) fn clear(&self) {
        attempt(|| drop(self.errors.wait()));
        for value in
            [std::mem::take(&mut self.mutex.lock().value), std::mem::take(&mut self.rwlock.write().value)]
        {
            attempt(|| drop(value));
        }
        attempt(|| self.pool.trim());
        let cell = std::mem::take(&mut *self.cell.lock());
        attempt(|| drop(cell));
    }

    /// What does not wait for anybody.
    pub(crate) fn touch(&self, world: &Arc<World>, random: &mut Rng) {
        match random.u8(..8) {
            0 => {
                let value = Value::new(world);
                let old = self.mutex.try_lock().map(|mut guard| std::mem::replace(&mut guard.value, value));
                drop(old);
            }
            1 => drop(self.rwlock.try_read().map(|guard| guard.look())),
            2 => drop(self.rwlock.try_write().map(|guard| guard.look())),
            3 => self.cond.signal(),
            4 => self.cond.broadcast(),
            5 => self.pool.put(Value::new(world)),
            6 => drop(self.pool.get()),
            _ => drop(format!("{:?} {:?} {:?} {:?}", self.cond, self.semaphore, self.pool, self.errors)),
        }
    }
}

pub(crate) fn operate(world: &Arc<World>, random: &mut Rng) {
    let locks = &world.locks;
    match random.u8(..16) {
        0..=2 => mutex(world, random),
        3..=5 => rwlock(world, random),
        6 => cond(world, random),
        7 => permits(world, random),
        8 => pool(world, random),
        9 => once(world, random),
        10 => cell(world, random),
        11 => lazy(world, random),
        12 => group(world, random),
        13 => errors(world, random),
        _ => locks.touch(world, random),
    }
}

fn mutex(world: &Arc<World>, random: &mut Rng) {
    let mut guard = world.locks.mutex.lock();
    let old = guard.change(Value::new(world), random);
    match random.u8(..4) {
        // Its destructor runs under the lock.
        0 => drop(old),
        1 => provoke(&Arc::downgrade(world)),
        _ => {
            drop(guard);
            drop(old);
        }
    }
}

fn rwlock(world: &Arc<World>, random: &mut Rng) {
    let lock = &world.locks.rwlock;
    match random.u8(..5) {
        0 | 1 => {
            let guard = lock.read();
            guard.look();
            if random.bool() {
                runtime::gosched();
                provoke(&Arc::downgrade(world));
            }
            guard.look();
        }
        2 => {
            let mut guard = lock.write();
            let old = guard.change(Value::new(world), random);
            let guard = gochan::sync::RwLockWriteGuard::downgrade(guard);
            provoke(&Arc::downgrade(world));
            guard.look();
            drop(old);
        }
        3 => {
            let old = lock.try_write().map(|mut guard| guard.change(Value::new(world), random));
            drop(old);
        }
        _ => {
            let mut guard = lock.write();
            let old = guard.change(Value::new(world), random);
            if random.bool() {
                drop(old);
            }
        }
    }
}

fn cond(world: &Arc<World>, random: &mut Rng) {
    let Locks { mutex, cond, .. } = &world.locks;
    let mut guard = mutex.lock();
    let before = guard.ended;
    if random.u8(..3) == 0 {
        guard = cond.wait_while(guard, |guarded| {
            provoke(&Arc::downgrade(world));
            guarded.ended == before && !world.is_ending()
        });
    } else {
        let mut timed_out = false;
        while !timed_out && guard.ended == before {
            (guard, timed_out) = cond.wait_timeout(guard, moment(random));
        }
    }
    guard.look();
    drop(guard);
    cond.signal();
}

fn permits(world: &Arc<World>, random: &mut Rng) {
    let Locks { semaphore, held, .. } = &world.locks;
    let weight = random.usize(..=PERMITS + 1);
    let (ctx, _cancel) = world.ctx.with_timeout(moment(random));
    let check_held = |held: usize| check(held <= PERMITS, "more permits are held than there are");
    match random.u8(..3) {
        0 => {
            let Ok(_permit) = semaphore.permit(&ctx, weight) else { return };
            check_held(held.fetch_add(weight, SeqCst) + weight);
            attempt(|| provoke(&Arc::downgrade(world)));
            held.fetch_sub(weight, SeqCst);
        }
        1 => {
            if semaphore.acquire(&ctx, weight).is_ok() {
                check_held(held.fetch_add(weight, SeqCst) + weight);
                runtime::gosched();
                held.fetch_sub(weight, SeqCst);
                semaphore.release(weight);
            }
        }
        _ => {
            if semaphore.try_acquire(weight) {
                check_held(held.fetch_add(weight, SeqCst) + weight);
                held.fetch_sub(weight, SeqCst);
                semaphore.release(weight);
            }
        }
    }
}

fn pool(world: &Arc<World>, random: &mut Rng) {
    let pool = &world.locks.pool;
    match random.u8(..5) {
        0 => pool.put(Value::new(world)),
        1 => drop(pool.get()),
        2 => {
            let mut lease = pool.lease();
            *lease = Value::new(world);
            shelf::dispose(world, lease, random);
        }
        3 => drop(gochan::sync::Lease::into_inner(pool.lease())),
        _ => pool.trim(),
    }
    if random.u8(..4) == 0 {
        // One whose values are made by code that panics.
        let weak = Arc::downgrade(world);
        let own = Pool::new(move || {
            provoke(&weak);
            weak.upgrade().map(|world| Value::new(&world)).unwrap_or_default()
        });
        attempt(|| own.put(own.get()));
        attempt(|| drop(own.lease()));
    }
}

fn once(world: &Arc<World>, random: &mut Rng) {
    let once = world.locks.once.lock().clone();
    attempt(|| {
        once.call_once(|| {
            runtime::gosched();
            provoke(&Arc::downgrade(world));
        });
    });
    check(once.is_completed(), "a Once is not completed after a call");
    if random.u8(..4) == 0 {
        *world.locks.once.lock() = Arc::default();
    }
}

fn cell(world: &Arc<World>, random: &mut Rng) {
    let cell = world.locks.cell.lock().clone();
    let make = || {
        runtime::gosched();
        provoke(&Arc::downgrade(world));
        Value::new(world)
    };
    match random.u8(..4) {
        0 => drop(cell.set(Value::new(world))),
        1 => drop(cell.get_or_try_init(|| if world.whim(2) { Ok(make()) } else { Err(Value::new(world)) })),
        _ => {
            let first = cell.get_or_init(make).id();
            check(cell.get().is_some_and(|value| value.id() == first), "a cell has changed");
        }
    }
    if random.u8(..4) == 0 {
        let old = std::mem::take(&mut *world.locks.cell.lock());
        drop(old);
    }
}

fn lazy(world: &Arc<World>, random: &mut Rng) {
    let weak = Arc::downgrade(world);
    let make = move || {
        provoke(&weak);
        runtime::gosched();
        weak.upgrade().map(|world| Value::new(&world)).unwrap_or_default()
    };
    match random.u8(..3) {
        0 => {
            let lazy = Lazy::new(make);
            gochan::scope(|scope| {
                for _ in 0..3 {
                    scope.go(|| attempt(|| Lazy::force(&lazy).id()));
                }
            });
            let _ = attempt(|| Lazy::force(&lazy).id());
        }
        1 => {
            let value = once_value(make);
            for _ in 0..2 {
                let value = value.clone();
                attempt(|| drop(value()));
            }
        }
        _ => {
            let run = once_func(move || drop(make()));
            for _ in 0..2 {
                attempt(&run);
            }
            shelf::dispose(world, run, random);
        }
    }
}

/// Tasks of one group that fail, panic, and leave.
fn group(world: &Arc<World>, random: &mut Rng) {
    let weak = Arc::downgrade(world);
    let (group, ctx) = match random.u8(..3) {
        0 => errgroup::Group::<Value>::with_context(&world.ctx),
        1 => errgroup::Group::with_context_cause(&world.ctx, move |error: &Value| {
            provoke(&weak);
            format!("{error:?}")
        }),
        _ => (errgroup::Group::new(), world.ctx.clone()),
    };
    for _ in 0..random.usize(1..5) {
        let (live, ctx, wait) = (world.live(), ctx.clone(), random.bool());
        group.go(move || {
            step();
            if wait && !live.world().is_ending() {
                let _ = ctx.done().recv_timeout(Duration::from_micros(200));
            }
            provoke(&Arc::downgrade(live.world()));
            if live.world().whim(3) { Err(Value::new(live.world())) } else { Ok(()) }
        });
    }
    match random.u8(..4) {
        0 => shelf::dispose(world, group, random),
        _ => drop(group.wait()),
    }
}

/// Tasks of the one group of the world.
fn errors(world: &Arc<World>, random: &mut Rng) {
    let group = &world.locks.errors;
    let live = world.live();
    let task = move || {
        provoke(&Arc::downgrade(live.world()));
        if live.world().whim(4) { Err(Value::new(live.world())) } else { Ok(()) }
    };
    match random.u8(..3) {
        0 => drop(group.try_go(task)),
        1 => group.go(task),
        _ => drop((task, group.wait())),
    }
}
