use gochan::sync::{Mutex, MutexGuard};

fn element(m: &Mutex<Vec<u32>>) {
    let mut list = m.lock();
    list[0] += 1;
    let again = m.lock(); //~ double_lock
    println!("{}", again.len());
}

fn assigned(m: &Mutex<Vec<u32>>) {
    let mut list = m.lock();
    list[0] = 1;
    m.lock().push(1); //~ double_lock
}

struct Totals {
    sum: u32,
}

fn field(m: &Mutex<Totals>) {
    let mut totals = m.lock();
    totals.sum += 1;
    m.lock().sum = 2; //~ double_lock
}

struct Bees {
    bees: Mutex<u32>,
}

impl Bees {
    fn lends(&self) {
        let bees = self.bees.lock();
        self.without(&bees); //~ double_lock
    }

    fn without(&self, bees: &MutexGuard<'_, u32>) {
        *self.bees.lock() += **bees;
    }
}

fn then(m: &Mutex<Option<u8>>) {
    if let Some(n) = *m.lock() {
        *m.lock() = Some(n + 1); //~ double_lock
    }
}

fn arm(m: &Mutex<Option<u8>>) {
    match *m.lock() {
        Some(n) => *m.lock() = Some(n + 1), //~ double_lock
        None => {}
    }
}
