use gochan::sync::RwLock;

pub struct Pair {
    left: RwLock<u32>,
    right: RwLock<u32>,
}

impl Pair {
    pub fn sum(&self) -> u32 {
        let left = self.left.read();
        *left + *self.right.read()
    }
    pub fn given(&self, other: &Pair) -> u32 {
        let left = self.left.read();
        *left + *other.right.read()
    }
    pub fn set(&self) {
        *self.left.write() = 1;
        *self.right.write() = 1;
    }
}
