use gochan::prelude::*;

static INPUT: Chan<u32> = make();

trait Source {
    fn make() -> u32;
    fn twice() -> u32 { 2 * Self::make() }
    fn now() -> u32 { INPUT.try_recv().unwrap_or(0) }
}
struct Jobs;
impl Source for Jobs {
    fn make() -> u32 { recv!(INPUT) }
}
struct Known;
impl Source for Known {
    fn make() -> u32 { 1 }
}

thread_local! {
    static BY_TYPE: u32 = Jobs::make(); //~ thread_local_across_blocking
    static BY_TRAIT: u32 = <Jobs as Source>::make(); //~ thread_local_across_blocking
    static OF_ANOTHER: u32 = <Known as Source>::make() + Known::make();
    static AT_ONCE: u32 = <Jobs as Source>::now();
}
