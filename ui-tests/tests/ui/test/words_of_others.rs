#[gochan::test(flavor = "current_thread")]
fn flavor() {}

#[gochan::test(start_paused = true)]
fn paused() {}

#[gochan::test(5)]
fn bare() {}

#[gochan::test]
fn number() -> i32 {
    1
}

fn main() {}
