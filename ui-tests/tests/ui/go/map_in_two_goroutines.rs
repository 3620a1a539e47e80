use std::collections::HashMap;

use gochan::prelude::*;

fn main() {
    let mut counts = HashMap::new();
    go!({
        counts.insert("a", 1);
    });
    go!({
        counts.insert("b", 2);
    });
}
