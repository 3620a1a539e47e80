use gochan::prelude::*;

#[cfg(feature = "later")]
fn later() {
    go!(work); //~ missing_call
}
