use gochan::prelude::*;

fn scope() -> u32 {
    let ch = chan!(u32, 8);
    gochan::scope(|s| {
        for n in 0..3 {
            let ch = &ch;
            s.go(move || send!(ch <- n));
        }
    });
    close!(ch);
    ch.iter().sum()
}

fn join_all(handles: Vec<gochan::JoinHandle<()>>) {
    for handle in handles {
        handle.join().unwrap();
    }
}

fn joined_by_a_helper() -> u32 {
    let ch = chan!(u32, 8);
    let handles: Vec<_> = (0..3).map(|n| go!([ch] { send!(ch <- n); })).collect();
    join_all(handles);
    close!(ch);
    ch.iter().sum()
}

fn joined_by_a_closure() -> u32 {
    let ch = chan!(u32, 8);
    let handles: Vec<_> = (0..3).map(|n| go!([ch] { send!(ch <- n); })).collect();
    handles.into_iter().for_each(|handle| handle.join().unwrap());
    close!(ch);
    ch.iter().sum()
}

fn joined_by_a_path() -> u32 {
    let ch = chan!(u32, 8);
    let handles: Vec<_> = (0..3).map(|n| go!([ch] { send!(ch <- n); })).collect();
    let _ = handles.into_iter().map(gochan::JoinHandle::join).count();
    close!(ch);
    ch.iter().sum()
}

fn counted() -> u32 {
    let (out, done) = (chan!(u32, 8), chan!(()));
    for n in 0..3 {
        go!([out, done] {
            send!(out <- n);
            send!(done <- ());
        });
    }
    for _ in 0..3 {
        done.recv();
    }
    close!(out);
    out.iter().sum()
}

fn counted_by_defer() -> u32 {
    let (out, done) = (chan!(u32, 8), chan!((), 3));
    for n in 0..3 {
        go!([out, done] {
            defer!(send!(done <- ()));
            send!(out <- n);
        });
    }
    for _ in 0..3 {
        recv!(done);
    }
    close!(out);
    out.iter().sum()
}

fn closed_by_the_sender() -> u32 {
    let (out, done) = (chan!(u32, 8), chan!(()));
    go!([out, done] {
        for n in 0..3 {
            send!(out <- n);
        }
        close!(done);
    });
    done.recv();
    close!(out);
    out.iter().sum()
}

fn barrier(arrived: &std::sync::atomic::AtomicUsize, n: usize, open: &Chan<()>) {
    if arrived.fetch_add(1, std::sync::atomic::Ordering::SeqCst) + 1 == n {
        close!(*open);
    } else {
        open.recv();
    }
}
