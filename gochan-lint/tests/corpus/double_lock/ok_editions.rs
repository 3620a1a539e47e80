use gochan::prelude::*;
use gochan::sync::{Mutex, MutexGuard, RwLock};

fn if_let(m: &Mutex<Option<u8>>) {
    if let Some(n) = *m.lock() {
        println!("{n}");
    } else {
        *m.lock() = Some(1);
    }
}

fn if_let_of_a_method(m: &Mutex<Vec<u8>>) {
    if let Some(n) = m.lock().pop() {
        println!("{n}");
    } else if m.lock().is_empty() {
        m.lock().push(1);
    }
}

fn if_let_of_a_reference(m: &Mutex<Option<String>>) {
    if let Some(name) = m.lock().as_ref() {
        println!("{name}");
    } else {
        *m.lock() = Some(String::new());
    }
}

fn let_else(m: &RwLock<Option<u8>>) {
    let Some(n) = *m.read() else {
        *m.write() = Some(1);
        return;
    };
    println!("{n}");
    *m.write() = None;
}

fn let_else_of_a_method(m: &Mutex<Vec<u8>>) {
    let Some(n) = m.lock().pop() else {
        m.lock().push(1);
        return;
    };
    m.lock().push(n);
}

fn operands(m: &Mutex<Vec<u8>>) -> bool {
    m.lock().is_empty() || m.lock().len() > 3 && m.lock()[0] == 1
}

fn conditions(m: &Mutex<Vec<u8>>) {
    if m.lock().is_empty() {
        m.lock().push(1);
    }
    while m.lock().len() < 3 {
        m.lock().push(1);
    }
}

fn tail(m: &Mutex<Vec<u8>>) -> usize {
    let first = { m.lock().len() };
    let second = match first {
        0 => m.lock().len(),
        _ => m.lock().capacity(),
    };
    first + second + m.lock().len()
}

struct Bees {
    bees: Mutex<u32>,
}

impl Bees {
    fn lends(&self) {
        let bees = self.bees.lock();
        let bees = self.without(bees);
        assert!(*bees < 10);
    }

    fn without<'a>(&'a self, bees: MutexGuard<'a, u32>) -> MutexGuard<'a, u32> {
        drop(bees);
        gochan::time::sleep(std::time::Duration::from_millis(1));
        self.bees.lock()
    }

    fn gives(&self) {
        let bees = self.bees.lock();
        unlock(bees);
        assert!(*self.bees.lock() < 10);
    }

    fn gives_to_a_method(&self) -> u32 {
        self.release(self.bees.lock());
        *self.bees.lock()
    }

    fn release(&self, guard: MutexGuard<'_, u32>) {
        drop(guard);
        *self.bees.lock() += 1;
    }
}

fn unlock<T>(guard: MutexGuard<'_, T>) {
    drop(guard);
}
