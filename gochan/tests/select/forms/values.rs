//! Which values are made, kept and given back.

use super::*;

#[derive(Debug, PartialEq)]
struct Task {
    job: Job,
    spare: Job,
}

impl Task {
    fn offer(self, to: &Chan<Job>) -> Result<Job, Self> {
        select! {
            to <- self.job => Ok(self.spare),
            default => Err(self),
        }
    }

    fn give(self, to: &Chan<Self>) -> Option<Self> {
        select! {
            to <- self => None,
            default => Some(self),
        }
    }
}

#[gochan::test]
fn what_was_not_sent_is_still_the_callers() {
    let (tx, job) = (chan!(Job), Job(1));
    let back = select! {
        tx <- job => None,
        <-closed([(); 0]) => Some(job),
    };
    assert_eq!(back, Some(Job(1)));
}

#[gochan::test]
fn what_was_sent_is_not_dropped() {
    let (tx, value) = (chan!(Arc<()>, 1), Arc::new(()));
    let copy = value.clone();
    select! {
        tx <- copy => assert_eq!(Arc::strong_count(&value), 2),
    }
    assert_eq!(Arc::strong_count(&value), 2);
    drop(tx.recv());
    assert_eq!(Arc::strong_count(&value), 1);
}

#[gochan::test]
fn what_could_not_be_sent_is_dropped_once() {
    let (tx, value) = (closed([]), Arc::new(()));
    let copy = value.clone();
    assert_eq!(
        panic_of(|| select! {
            tx <- copy => {}
        }),
        "send on closed channel"
    );
    assert_eq!(
        panic_of(|| select! {
            tx <- value.clone() => {}
        }),
        "send on closed channel"
    );
    assert_eq!(Arc::strong_count(&value), 1);
}

#[gochan::test]
fn fields() {
    let (tx, never) = (chan!(Job, 1), chan!(Job));
    let task = Task { job: Job(1), spare: Job(2) };
    let left = select! {
        tx <- task.job => task.spare,
        never <- task.spare => task.job,
    };
    assert_eq!((left, tx.recv()), (Job(2), Some(Job(1))));
    let nested = ((Job(3), 4), [5]);
    select! {
        tx <- nested.0.0 => assert_eq!((nested.0.1, nested.1), (4, [5])),
    }
    assert_eq!(tx.recv(), Some(Job(3)));
}

#[gochan::test]
fn self_and_its_fields() {
    let task = Task { job: Job(1), spare: Job(2) };
    let task = task.offer(&chan!(Job)).unwrap_err();
    let task = task.give(&chan!(Task)).unwrap();
    let tasks = chan!(Task, 1);
    assert_eq!(task.give(&tasks), None);
    assert_eq!(tasks.recv().unwrap().offer(&chan!(Job, 1)), Ok(Job(2)));
}

#[gochan::test]
fn what_a_box_points_to() {
    let (tx, boxed) = (chan!(Job, 1), Box::new(Job(1)));
    let boxed = select! {
        tx <- *boxed, if false => unreachable!(),
        default => boxed,
    };
    select! {
        tx <- (*boxed) => {}
    }
    assert_eq!(tx.recv(), Some(Job(1)));
}

#[gochan::test]
fn operands_may_look_at_what_is_sent() {
    let (tx, done, job) = (chan!(Job, 1), chan!(()), Job(3));
    let ready = |job: &Job| job.0 == 3;
    let back = select! {
        tx <- job, if ready(&job) => None,
        <-*(&job, &done).1 => Some(job),
        <-vec![&done; job.0 as usize].swap_remove(0) => Some(job),
    };
    assert_eq!((back, tx.recv()), (None, Some(Job(3))));
}

#[gochan::test]
fn copies() {
    let (tx, n) = (chan!(u32, 4), 1);
    let reference = &n;
    let guarded = std::sync::Mutex::new(3);
    let guard = guarded.lock().unwrap();
    select! {
        tx <- n => assert_eq!(n, 1),
    }
    select! {
        tx <- *reference => assert_eq!(*reference, 1),
    }
    select! {
        tx <- *guard => assert_eq!(*guard, 3),
    }
    close!(tx);
    assert!(tx.iter().eq([1, 1, 3]));
}

#[gochan::test]
fn a_place_filled_again_in_a_loop() {
    let (tx, mut job, mut sent) = (chan!(Job, 3), Job(0), 0);
    loop {
        select! {
            tx <- job => {
                sent += 1;
                job = Job(sent);
            }
            default => break,
        }
    }
    assert_eq!(job, Job(3));
    close!(tx);
    assert!(tx.iter().eq([Job(0), Job(1), Job(2)]));
}

#[gochan::test]
fn one_place_in_several_arms() {
    let (a, b, job) = (chan!(Job), chan!(Job, 1), Job(1));
    let back = select! {
        a <- job => None,
        r = b <- job => {
            r.unwrap();
            None
        }
        <-chan!(()) => Some(job),
    };
    assert_eq!((back, b.recv()), (None, Some(Job(1))));
}

#[gochan::test]
fn a_value_without_a_place_goes_before_the_other_body() {
    let (tx, value) = (chan!(Arc<()>), Arc::new(()));
    select! {
        tx <- value.clone() => {}
        r = tx <- { value.clone() } => r.unwrap(),
        <-closed([(); 0]) => assert_eq!(Arc::strong_count(&value), 1),
    }
    select! {
        tx <- value.clone() => {}
        Some(()) = <-closed([]) else { assert_eq!(Arc::strong_count(&value), 1) } => {}
    }
    select! {
        tx <- value.clone() => {}
        default => assert_eq!(Arc::strong_count(&value), 1),
    }
    let (room, copy) = (chan!(Arc<()>, 1), value.clone());
    select! {
        tx <- value.clone() => {}
        room <- copy => assert_eq!(Arc::strong_count(&value), 2),
    }
}

#[gochan::test]
fn constants_and_the_like_are_values() {
    const LIMIT: u32 = 3;
    static SHARED: u32 = 4;
    let (tx, list) = (chan!(u32, 8), [5, 6]);
    select! {
        tx <- LIMIT => {}
    }
    select! {
        tx <- SHARED => {}
    }
    select! {
        tx <- u32::MAX => {}
    }
    select! {
        tx <- list[1] => {}
    }
    select! {
        tx <- 7_u8.into() => {}
    }
    close!(tx);
    assert!(tx.iter().eq([3, 4, u32::MAX, 6, 7]));
    let options = chan!(Option<u32>, 1);
    select! {
        options <- None => {}
    }
    assert_eq!(options.recv(), Some(None));
}
