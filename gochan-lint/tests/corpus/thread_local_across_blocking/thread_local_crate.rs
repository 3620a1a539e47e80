use gochan::prelude::*;
use std::sync::LazyLock;
use thread_local::ThreadLocal;

static LIMITS: LazyLock<ThreadLocal<u32>> = LazyLock::new(ThreadLocal::new);
static INPUT: Chan<u32> = make();

struct Settings { size: u32 }
impl Default for Settings {
    fn default() -> Settings { Settings { size: recv!(INPUT) } }
}

struct Hub { own: ThreadLocal<Vec<u32>>, settings: ThreadLocal<Settings> }

impl Hub {
    fn list(&self) -> &Vec<u32> {
        self.own.get_or(|| INPUT.iter().collect()) //~ thread_local_across_blocking
    }
    fn checked(&self) -> Result<&Vec<u32>, u32> {
        self.own.get_or_try(|| {
            let first = INPUT.recv().ok_or(1)?; //~ thread_local_across_blocking
            Ok(vec![first])
        })
    }
    fn settings(&self) -> u32 {
        self.settings.get_or_default().size //~ thread_local_across_blocking
    }
    fn by_name(&self) -> u32 {
        self.settings.get_or(make_settings).size //~ thread_local_across_blocking
    }
}

fn make_settings() -> Settings { Settings::default() }

fn of_a_static() -> u32 {
    *LIMITS.get_or(|| recv!(INPUT)) //~ thread_local_across_blocking
}
fn of_a_local() {
    let local = ThreadLocal::new();
    println!("{}", local.get_or(|| recv!(INPUT))); //~ thread_local_across_blocking
    let local: ThreadLocal<Settings> = ThreadLocal::new();
    println!("{}", local.get_or_default().size); //~ thread_local_across_blocking
}
