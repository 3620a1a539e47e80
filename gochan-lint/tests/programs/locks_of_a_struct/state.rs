use gochan::sync::Mutex;

pub static LOG: Mutex<Vec<String>> = Mutex::new(Vec::new());
pub static LEVEL: Mutex<u32> = Mutex::new(0);
