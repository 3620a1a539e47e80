use gochan::sync::{Mutex, RwLock};

struct Cache {
    items: Mutex<Vec<u32>>,
    count: RwLock<u32>,
}

impl Cache {
    fn argument(&self) {
        self.items.lock().push(self.items.lock().len() as u32); //~ double_lock
    }

    fn both_sides(&self) -> usize {
        self.items.lock().len() + self.items.lock().capacity() //~ double_lock
    }

    fn in_closure(&self) -> Option<u32> {
        self.items.lock().last().copied().or_else(|| self.items.lock().first().copied()) //~ double_lock
    }

    fn one_after_the_other(&self) -> bool {
        self.items.lock().push(1);
        let length = self.items.lock().len();
        self.items.lock().truncate(length);
        self.items.lock().is_empty() && self.items.lock().capacity() > 1
    }

    fn readers(&self) -> u32 {
        *self.count.read() + *self.count.read()
    }

    fn conditions(&self) {
        if self.items.lock().is_empty() {
            self.items.lock().push(1);
        }
        while self.items.lock().len() < 3 {
            self.items.lock().push(1);
        }
        let text = format!("{}", self.items.lock().len());
        assert_eq!(self.items.lock().len(), text.len());
    }
}
