use gochan::sync::Mutex;
use std::sync::{Arc, OnceLock};

struct Store {
    a: Mutex<u32>,
    replicas: Vec<Arc<Replica>>,
}
struct Replica {
    b: Mutex<u32>,
    store: OnceLock<Arc<Store>>,
}
impl Store {
    fn ab(&self) {
        let _a = self.a.lock();
        for r in &self.replicas {
            *r.b.lock() += 1;
        }
    }
}
impl Replica {
    fn ba(&self) {
        let _b = self.b.lock();
        let store = self.store.get().unwrap();
        *store.a.lock() += 1; //~ lock_order
    }
}
struct Inner {
    x: Mutex<u32>,
}
struct Outer {
    y: Mutex<u32>,
    inner: Arc<Inner>,
}
impl Outer {
    fn yx(&self) {
        let _y = self.y.lock();
        *self.inner.x.lock() += 1;
    }
}
fn xy(inner: &Inner, outer: &Outer) {
    let _x = inner.x.lock();
    *outer.y.lock() += 1; //~ lock_order
}
