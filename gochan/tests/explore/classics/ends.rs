//! Contexts and time: what ends, when, and what comes at the same time.

use super::*;

classics! {
    /// Looks whether it is cancelled, and then waits for something else.
    cancel_missed_between_check_and_wait(LEAK) |buggy| {
        let (ctx, cancel) = background().with_cancel();
        let jobs = chan!(u32);
        go!([ctx, jobs] {
            while ctx.err().is_none() {
                if buggy {
                    if jobs.recv().is_none() {
                        return;
                    }
                } else {
                    select! {
                        _ = <-jobs => {}
                        <-ctx.done() => {}
                    }
                }
            }
        });
        gosched();
        cancel.cancel();
        std::mem::forget(jobs);
    };

    /// Acts on a context that was alive a moment ago.
    context_check_then_act("began after the end") |buggy| {
        let (ctx, cancel) = background().with_cancel();
        let (over, began) = (Arc::new(AtomicBool::new(false)), Arc::new(Mutex::new(())));
        let worker = go!([ctx, over, began] {
            let guard = if buggy { None } else { Some(began.lock()) };
            if ctx.err().is_none() {
                assert!(!over.load(SeqCst), "began after the end");
            }
            drop(guard);
        });
        let guard = if buggy { None } else { Some(began.lock()) };
        cancel.cancel();
        over.store(true, SeqCst);
        drop(guard);
        join_all([worker]);
    };

    /// Counts on `stop` to mean that the function will not be running.
    after_func_runs_although_stopped("used after it was closed") |buggy| {
        let (ctx, cancel) = background().with_cancel();
        let open = Arc::new(AtomicBool::new(true));
        let finished = chan!((), 1);
        let stop = ctx.after_func({
            let (open, finished) = (open.clone(), finished.clone());
            move || {
                assert!(open.load(SeqCst), "used after it was closed");
                send!(finished <- ());
            }
        });
        let canceller = go!({ cancel.cancel() });
        if !stop.stop() && !buggy {
            recv!(finished);
        }
        open.store(false, SeqCst);
        join_all([canceller]);
    };

    /// A timer that was stopped too late has run its function.
    timer_stopped_too_late("the request was answered twice") |buggy| {
        let answered = Arc::new(AtomicUsize::new(0));
        let timeout = after_func(SECOND, {
            let answered = answered.clone();
            move || {
                answered.fetch_add(1, SeqCst);
            }
        });
        sleep(SECOND);
        let stopped = timeout.stop();
        if buggy || stopped {
            answered.fetch_add(1, SeqCst);
        }
        gochan::test::wait();
        assert!(answered.load(SeqCst) == 1, "the request was answered twice");
    };

    /// A timeout and the answer at the same time: the select takes either.
    timer_and_answer_at_once("no answer") |buggy| {
        let answer = chan!(u32, 1);
        go!([answer] {
            sleep(SECOND);
            send!(answer <- 1);
        });
        let timer = Timer::new(SECOND);
        let got = select! {
            v = <-answer => Some(v),
            <-timer.channel() => if buggy { None } else { answer.recv() },
        };
        assert_eq!(got, Some(1), "no answer");
    };

    /// A deadline of a context and a result at the same time.
    context_deadline_and_result("gave up although it was done") |buggy| {
        let (ctx, _cancel) = background().with_timeout(SECOND);
        let result = chan!(u32, 1);
        go!([result] {
            sleep(SECOND);
            send!(result <- 1);
        });
        let got = select! {
            v = <-result => Some(v),
            // Nobody is held up for longer than a second.
            <-ctx.done() => if buggy { None } else { result.recv_timeout(2 * SECOND).ok() },
        };
        assert_eq!(got, Some(1), "gave up although it was done");
    };

    /// Two tickers, of which one is expected to be the first.
    ticks_at_the_same_time("in this order") |buggy| {
        let order = Arc::new(StdMutex::new(Vec::new()));
        let tickers: Vec<_> = (0..2)
            .map(|i| go!([order] {
                sleep(SECOND);
                order.lock().unwrap().push(i);
            }))
            .collect();
        join_all(tickers);
        let order = order.lock().unwrap();
        assert!(!buggy || *order == [0, 1], "in this order");
        assert!(time::now() > time::now() - SECOND);
    };
}
