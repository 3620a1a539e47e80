//! Selects among the other operations: producers, relays and consumers on the same few channels.

use std::array;
use std::collections::BTreeMap;
use std::sync::atomic::AtomicU64;

use gochan::Select;

use super::*;

/// A few of them may be nil.
type Channels = [Chan<Tracked>; 4];

/// What a round consists of.
#[derive(Debug)]
struct Plan {
    capacities: [Option<usize>; 4],
    producers: Vec<Who>,
    relays: Vec<Who>,
    consumers: Vec<Who>,
    values: u64,
    /// Every value must arrive; otherwise channels are closed at any moment.
    drain: bool,
}

impl Plan {
    fn draw(random: &mut Rng) -> Self {
        let crowd = |random: &mut Rng, least: usize| -> Vec<Who> {
            (0..random.usize(least..=4))
                .map(|_| if random.u32(..4) > 0 { Who::Goroutine } else { Who::Thread })
                .collect()
        };
        let mut capacities =
            array::from_fn(|_| [None, Some(0), Some(0), Some(1), Some(3)][random.usize(..5)]);
        capacities[random.usize(..4)] = Some(random.usize(..2));
        Self {
            capacities,
            producers: crowd(random, 1),
            relays: crowd(random, 0),
            consumers: crowd(random, 1),
            values: random.u64(1..=150),
            drain: random.bool(),
        }
    }
}

/// One end of a round: the channels, and what all take part in.
#[derive(Clone)]
struct Member {
    channels: Channels,
    random: Rng,
    drain: bool,
}

/// What became of the values that a member had.
#[derive(Default)]
struct Tally {
    received: Vec<u64>,
    returned: Vec<u64>,
}

impl Member {
    fn live(&mut self) -> Chan<Tracked> {
        let live: Vec<_> = self.channels.iter().filter(|ch| !ch.is_nil()).collect();
        live[self.random.usize(..live.len())].clone()
    }

    fn all_closed(&self) -> bool {
        self.channels.iter().all(|ch| ch.is_nil() || ch.is_closed())
    }

    /// Receives by one way or another; `None` if nothing came this time.
    fn receive(&mut self) -> Option<Tracked> {
        let random = &mut self.random;
        let [a, b, c, d] = &self.channels;
        match random.u32(..8) {
            0 | 1 => select! {
                Some(v) = <-a => Some(v),
                Some(v) = <-b => Some(v),
                Some(v) = <-c => Some(v),
                Some(v) = <-d => Some(v),
                else => None,
            },
            2 => select! {
                biased;
                Some(v) = <-d => Some(v),
                Some(v) = <-c, if random.bool() => Some(v),
                Some(v) = <-a, if random.bool() => Some(v),
                Some(v) = <-b => Some(v),
                default => None,
            },
            3 => {
                let mut set = Select::new();
                // Those that are open now are closed at the end.
                let open = self.channels.iter().filter(|ch| !ch.is_nil() && !ch.is_closed());
                let arms: Vec<_> = open.map(|ch| set.recv(ch)).collect();
                let limit = moment(random);
                let selected = match random.u32(..3) {
                    0 => set.wait_timeout(limit),
                    1 => set.try_wait(),
                    _ if arms.is_empty() => None,
                    _ if may_block_on() => Some(pollster::block_on(set.wait_async())),
                    _ => Some(set.wait()),
                };
                selected.and_then(|selected| {
                    let arm = arms[selected.index()];
                    selected.recv(arm)
                })
            }
            4 if !self.drain => self.live().recv(),
            4 | 5 => {
                let limit = moment(random);
                self.live().recv_timeout(limit).ok()
            }
            6 => self.live().try_recv().ok(),
            _ => {
                runtime::gosched();
                None
            }
        }
    }

    /// Sends by one way or another; the value comes back if it could not be sent this time.
    fn send(&mut self, value: Tracked) -> Result<(), SendError<Tracked>> {
        let random = &mut self.random;
        let [a, b, c, d] = &self.channels;
        match random.u32(..8) {
            0 | 1 => select! {
                r = a <- value => r,
                r = b <- value => r,
                r = c <- value => r,
                r = d <- value => r,
            },
            2 => select! {
                biased;
                r = c <- value => r,
                r = b <- value, if random.bool() => r,
                r = a <- value => r,
                r = d <- value, if random.bool() => r,
                default => Err(SendError(value)),
            },
            3 => {
                let channel = self.live();
                let limit = moment(&mut self.random);
                let mut set = Select::new();
                let arm = set.send(&channel, value);
                loop {
                    if let Some(selected) = set.wait_timeout(limit) {
                        break selected.send(arm);
                    }
                }
            }
            4 if may_block_on() => {
                let channel = self.live();
                let mut set = Select::new();
                let arm = set.send(&channel, value);
                pollster::block_on(set.wait_async()).send(arm)
            }
            4 | 5 => self.live().send(value),
            6 => {
                let limit = moment(random);
                self.live().send_timeout(value, limit).map_err(|error| SendError(error.into_inner()))
            }
            _ => self.live().try_send(value).map_err(|error| SendError(error.into_inner())),
        }
    }

    fn produce(mut self, ledger: &Ledger, base: u64, values: u64) -> Tally {
        let mut tally = Tally::default();
        for number in base..base + values {
            let mut value = ledger.value(number);
            while let Err(SendError(back)) = self.send(value) {
                assert_eq!(back.number, number, "another value came back");
                if self.all_closed() {
                    tally.returned.push(number);
                    break;
                }
                value = back;
            }
        }
        tally
    }

    fn consume(mut self, count: &AtomicU64) -> Tally {
        let mut tally = Tally::default();
        loop {
            match self.receive() {
                Some(value) => {
                    tally.received.push(value.number);
                    count.fetch_add(1, SeqCst);
                }
                None if self.all_closed() && self.channels.iter().all(Chan::is_empty) => return tally,
                None => {}
            }
        }
    }

    /// Receives and sends on, often offering both at once.
    fn relay(mut self) -> Tally {
        let mut stash: Vec<Tracked> = Vec::new();
        while !self.all_closed() {
            let Some(value) = stash.pop() else {
                stash.extend(self.receive());
                continue;
            };
            if stash.len() > 3 || self.random.bool() {
                stash.extend(self.send(value).err().map(|SendError(back)| back));
                continue;
            }
            let (out, inn) = (self.live(), self.live());
            select! {
                r = out <- value => stash.extend(r.err().map(|SendError(back)| back)),
                Some(other) = <-inn => stash.extend([value, other]),
            }
        }
        Tally { received: Vec::new(), returned: stash.iter().map(|value| value.number).collect() }
    }
}

fn round(plan: &Plan, random: &mut Rng) {
    let ledger = Ledger::default();
    let channels: Channels =
        plan.capacities.map(|capacity| capacity.map_or(Chan::nil(), |capacity| chan!(Tracked, capacity)));
    let mut member = || Member { channels: channels.clone(), random: random.fork(), drain: plan.drain };
    let received = Arc::new(AtomicU64::new(0));

    let producers: Vec<_> = (0..)
        .zip(&plan.producers)
        .map(|(producer, who)| {
            let (member, ledger, values) = (member(), ledger.clone(), plan.values);
            Running::start(*who, move || member.produce(&ledger, producer * NUMBERS, values))
        })
        .collect();
    let relays: Vec<_> = plan
        .relays
        .iter()
        .map(|who| {
            let member = member();
            Running::start(*who, move || member.relay())
        })
        .collect();
    let consumers: Vec<_> = plan
        .consumers
        .iter()
        .map(|who| {
            let (member, received) = (member(), received.clone());
            Running::start(*who, move || member.consume(&received))
        })
        .collect();

    let all = plan.values * plan.producers.len() as u64;
    if plan.drain {
        common::until(|| received.load(SeqCst) == all);
    }
    for ch in channels.iter().filter(|ch| !ch.is_nil()) {
        (0..random.u32(..1000)).for_each(|_| runtime::gosched());
        assert!(ch.close(), "nobody else closes");
    }
    let tallies: Vec<Tally> =
        [producers, relays, consumers].into_iter().flatten().map(Running::join).collect();
    let left: Vec<u64> = channels
        .iter()
        .filter(|ch| !ch.is_nil())
        .flat_map(Chan::try_iter)
        .map(|value| value.number)
        .collect();

    let mut ends = BTreeMap::<u64, Vec<&str>>::new();
    let mut note = |numbers: &[u64], end: &'static str| {
        numbers.iter().for_each(|number| ends.entry(*number).or_default().push(end));
    };
    for tally in &tallies {
        note(&tally.received, "received");
        note(&tally.returned, "returned");
    }
    note(&left, "left");
    for (number, ends) in &ends {
        assert_eq!(ends.len(), 1, "value {} of producer {}", number % NUMBERS, number / NUMBERS);
        assert!(!plan.drain || ends == &["received"], "{ends:?}");
    }
    assert_eq!(ends.len() as u64, all, "values accounted for");
    drop(channels);
    ledger.balances();
}

#[test]
fn se_03_every_value_is_accounted_for_with_selects_among_the_operations() {
    rounds(Plan::draw, round);
}
