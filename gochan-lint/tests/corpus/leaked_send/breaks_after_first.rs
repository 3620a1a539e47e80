use gochan::prelude::*;

fn fastest(urls: &[String]) -> Option<String> {
    let ch = chan!(String);
    for url in urls.to_vec() {
        go!([ch] { send!(ch <- get(url)); }); //~ leaked_send
    }
    let mut best = None;
    for answer in &ch {
        best = Some(answer);
        break;
    }
    best
}
