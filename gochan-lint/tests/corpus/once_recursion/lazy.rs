use gochan::prelude::*;

static TABLE: LazyLock<Vec<u32>> = LazyLock::new(|| {
    fill() //~ once_recursion
});
fn fill() -> Vec<u32> {
    TABLE.iter().map(|n| n + 1).collect()
}
