use gochan::prelude::*;

fn example() {
    let jobs = chan!(u32);
    go!([jobs] feed); //~ missing_call
    for job in &jobs { if job > 3 { break } }
}
