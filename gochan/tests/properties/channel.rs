use gochan::chan::{RecvTimeoutError, SendError, TryRecvError, TrySendError};
use gochan::prelude::*;
use gochan::test::wait;
use gochan::time::sleep;
use proptest::prelude::*;
use std::collections::VecDeque;
use std::sync::{Arc, Mutex};
use std::time::Duration;

/// An operation on the channel. Those that may wait are done by a goroutine of their own.
#[derive(Debug, Clone)]
enum Op {
    Send(u32),
    SelectSend(u32),
    SendTimeout(u32, u32),
    Recv,
    SelectRecv,
    RecvTimeout(u32),
    TrySend(u32),
    TryRecv,
    Close,
    /// So many milliseconds pass.
    Pass(u32),
}

fn op() -> impl Strategy<Value = Op> {
    prop_oneof![
        any::<u32>().prop_map(Op::Send),
        any::<u32>().prop_map(Op::SelectSend),
        (any::<u32>(), 1..50_u32).prop_map(|(value, limit)| Op::SendTimeout(value, limit)),
        Just(Op::Recv),
        Just(Op::SelectRecv),
        (1..50_u32).prop_map(Op::RecvTimeout),
        any::<u32>().prop_map(Op::TrySend),
        Just(Op::TryRecv),
        (1..50_u32).prop_map(Op::Pass),
        // Rare, since little happens afterwards.
        (0..8_u32).prop_map(|draw| if draw == 0 { Op::Close } else { Op::Recv }),
    ]
}

/// What came of an operation.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
enum Outcome {
    Sent,
    GivenBack(u32),
    SendTimedOut(u32),
    Received(u32),
    Drained,
    RecvTimedOut,
}

/// The outcomes so far, with the number of the operation.
type Log = Vec<(usize, Outcome)>;

#[derive(Default)]
struct Model {
    capacity: usize,
    buffer: VecDeque<u32>,
    closed: bool,
    now: u32,
    senders: VecDeque<Sender>,
    receivers: VecDeque<Receiver>,
    log: Log,
}

struct Sender {
    number: usize,
    value: u32,
    deadline: Option<u32>,
}

struct Receiver {
    number: usize,
    deadline: Option<u32>,
}

impl Model {
    fn send(&mut self, number: usize, value: u32, limit: Option<u32>) {
        match self.try_send(value) {
            Ok(()) => self.log.push((number, Outcome::Sent)),
            Err(TrySendError::Closed(value)) => self.log.push((number, Outcome::GivenBack(value))),
            Err(TrySendError::Full(value)) => {
                let deadline = limit.map(|limit| self.now + limit);
                self.senders.push_back(Sender { number, value, deadline });
            }
        }
    }

    fn try_send(&mut self, value: u32) -> Result<(), TrySendError<u32>> {
        if self.closed {
            return Err(TrySendError::Closed(value));
        }
        if let Some(receiver) = self.receivers.pop_front() {
            self.log.push((receiver.number, Outcome::Received(value)));
        } else if self.buffer.len() < self.capacity {
            self.buffer.push_back(value);
        } else {
            return Err(TrySendError::Full(value));
        }
        Ok(())
    }

    fn recv(&mut self, number: usize, limit: Option<u32>) {
        match self.try_recv() {
            Ok(value) => self.log.push((number, Outcome::Received(value))),
            Err(TryRecvError::Closed) => self.log.push((number, Outcome::Drained)),
            Err(TryRecvError::Empty) => {
                let deadline = limit.map(|limit| self.now + limit);
                self.receivers.push_back(Receiver { number, deadline });
            }
        }
    }

    fn try_recv(&mut self) -> Result<u32, TryRecvError> {
        let first = self.buffer.pop_front();
        let sender = self.senders.pop_front();
        if let Some(sender) = &sender {
            self.log.push((sender.number, Outcome::Sent));
        }
        match (first, sender) {
            (Some(value), Some(sender)) => {
                self.buffer.push_back(sender.value);
                Ok(value)
            }
            (Some(value), None) => Ok(value),
            (None, Some(sender)) => Ok(sender.value),
            (None, None) if self.closed => Err(TryRecvError::Closed),
            (None, None) => Err(TryRecvError::Empty),
        }
    }

    fn close(&mut self) -> bool {
        let first = !std::mem::replace(&mut self.closed, true);
        for sender in self.senders.drain(..) {
            self.log.push((sender.number, Outcome::GivenBack(sender.value)));
        }
        for receiver in self.receivers.drain(..) {
            self.log.push((receiver.number, Outcome::Drained));
        }
        first
    }

    fn pass(&mut self, time: u32) {
        self.now += time;
        let now = self.now;
        let is_over = |deadline: Option<u32>| deadline.is_some_and(|deadline| deadline <= now);
        let (log, senders, receivers) = (&mut self.log, &mut self.senders, &mut self.receivers);
        senders.retain(|sender| {
            let stays = !is_over(sender.deadline);
            if !stays {
                log.push((sender.number, Outcome::SendTimedOut(sender.value)));
            }
            stays
        });
        receivers.retain(|receiver| {
            let stays = !is_over(receiver.deadline);
            if !stays {
                log.push((receiver.number, Outcome::RecvTimedOut));
            }
            stays
        });
    }
}

fn millis(count: u32) -> Duration {
    Duration::from_millis(count.into())
}

fn agrees(capacity: usize, ops: Vec<Op>) -> Result<(), TestCaseError> {
    let mut model = Model { capacity, ..Model::default() };
    let ch = if capacity == 0 { chan!(u32) } else { chan!(u32, capacity) };
    let never = chan!(u32);
    let log = Arc::new(Mutex::new(Log::new()));
    for (number, op) in ops.into_iter().enumerate() {
        let note = {
            let log = log.clone();
            move |outcome| log.lock().unwrap().push((number, outcome))
        };
        let sent = |result: Result<(), SendError<u32>>| match result {
            Ok(()) => Outcome::Sent,
            Err(SendError(value)) => Outcome::GivenBack(value),
        };
        let received = |value: Option<u32>| value.map_or(Outcome::Drained, Outcome::Received);
        match op {
            Op::Send(value) => {
                model.send(number, value, None);
                go!([ch] { note(sent(ch.send(value))) });
            }
            Op::SelectSend(value) => {
                model.send(number, value, None);
                go!([ch, never] {
                    select! {
                        r = ch <- value => note(sent(r)),
                        <-never => unreachable!("nobody sends"),
                    }
                });
            }
            Op::SendTimeout(value, limit) => {
                model.send(number, value, Some(limit));
                go!([ch] {
                    use gochan::chan::SendTimeoutError::{Closed, Timeout};
                    note(match ch.send_timeout(value, millis(limit)) {
                        Ok(()) => Outcome::Sent,
                        Err(Closed(value)) => Outcome::GivenBack(value),
                        Err(Timeout(value)) => Outcome::SendTimedOut(value),
                    });
                });
            }
            Op::Recv => {
                model.recv(number, None);
                go!([ch] { note(received(ch.recv())) });
            }
            Op::SelectRecv => {
                model.recv(number, None);
                go!([ch, never] {
                    select! {
                        <-never => unreachable!("nobody sends"),
                        Some(value) = <-ch else note(Outcome::Drained) => note(Outcome::Received(value)),
                    }
                });
            }
            Op::RecvTimeout(limit) => {
                model.recv(number, Some(limit));
                go!([ch] {
                    note(match ch.recv_timeout(millis(limit)) {
                        Ok(value) => Outcome::Received(value),
                        Err(RecvTimeoutError::Closed) => Outcome::Drained,
                        Err(RecvTimeoutError::Timeout) => Outcome::RecvTimedOut,
                    });
                });
            }
            Op::TrySend(value) => prop_assert_eq!(ch.try_send(value), model.try_send(value)),
            Op::TryRecv => prop_assert_eq!(ch.try_recv(), model.try_recv()),
            Op::Close => prop_assert_eq!(ch.close(), model.close()),
            Op::Pass(time) => {
                model.pass(time);
                sleep(millis(time));
            }
        }
        wait();
        let mut seen = log.lock().unwrap().clone();
        seen.sort();
        let mut expected = model.log.clone();
        expected.sort();
        prop_assert_eq!(seen, expected);
        prop_assert_eq!(ch.len(), model.buffer.len());
        prop_assert_eq!(ch.is_closed(), model.closed);
        prop_assert_eq!(ch.is_full(), model.buffer.len() == capacity);
    }
    ch.close();
    wait();
    Ok(())
}

#[gochan::test(virtual_time)]
fn ch_30_a_channel_does_what_its_model_does() {
    super::holds((0..4_usize, prop::collection::vec(op(), 1..40)), |(capacity, ops)| agrees(capacity, ops));
}
