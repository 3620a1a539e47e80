use gochan::prelude::*;
fn start(kind: Kind, fs: Vec<fn()>) -> Option<()> {
    match kind {
        Kind::A => drop(go!(work)), //~ missing_call
        Kind::B if kind.is_live() => {
            go!(work); //~ missing_call
        }
        _ => {}
    }
    for f in &fs {
        let f = *f;
        go!(f); //~ missing_call
    }
    'outer: while let Some(f) = fs.first() {
        if fs.is_empty() {
            break 'outer;
        }
        go!([f] f); //~ missing_call
    }
    let Some(f) = fs.last() else {
        go!(work); //~ missing_call
        return None;
    };
    let handle = if let Kind::A = kind { go!(work) } else { go!(work()) }; //~ missing_call
    drop(handle);
    go!(f());
    Some(())
}

fn work() {}
