use gochan::sync::RwLock;

pub struct Store {
    cpus: RwLock<u32>,
    names: RwLock<Vec<String>>,
}

impl Store {
    pub fn direct(&self) -> u32 {
        let cpus = self.cpus.read();
        *cpus + *self.cpus.read() //~ recursive_read
    }
    pub fn through_a_method(&self) -> u32 {
        let cpus = self.cpus.read();
        *cpus + self.len() //~ recursive_read
    }
    fn len(&self) -> u32 {
        *self.cpus.read()
    }
    pub fn in_a_closure(&self) -> u32 {
        let names = self.names.read();
        names.iter().map(|_| self.names.read().len() as u32).sum() //~ recursive_read
    }
    pub fn two_levels(&self) -> usize {
        let names = self.names.read();
        names.len() + self.outer() //~ recursive_read
    }
    fn outer(&self) -> usize {
        self.inner()
    }
    fn inner(&self) -> usize {
        self.names.read().len()
    }
    pub fn rename(&self) {
        self.names.write().clear();
        *self.cpus.write() += 1;
    }
}
