//! Programs that every Go programmer has written once, as they are written here.

use std::collections::{HashMap, HashSet};
use std::io::{BufRead, BufReader, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use crate::common::watchdog;
use gochan::blocking;
use gochan::chan::TrySendError;
use gochan::prelude::*;
use gochan::sync::errgroup;
use gochan::sync::{Cond, Mutex, RwLock};

/// Visits every page once, and reads no more than two at a time.
#[derive(Clone)]
struct Crawler {
    seen: Arc<Mutex<HashSet<&'static str>>>,
    reading: Chan<()>,
    pages: WaitGroup,
}

impl Crawler {
    fn links(page: &str) -> &'static [&'static str] {
        match page {
            "/" => &["/a", "/b"],
            "/a" => &["/", "/b", "/c"],
            "/b" => &["/d", "/a"],
            _ => &[],
        }
    }

    fn crawl(self, page: &'static str) {
        defer!(self.pages.done());
        if !self.seen.lock().insert(page) {
            return;
        }
        let links = {
            send!(self.reading <- ());
            defer!(recv!(self.reading));
            Crawler::links(page)
        };
        for link in links {
            self.pages.add(1);
            go!(self.clone().crawl(link));
        }
    }
}

#[gochan::test]
fn a_crawler_visits_every_page_once() {
    let crawler = Crawler { seen: Arc::default(), reading: chan!((), 2), pages: WaitGroup::new() };
    crawler.pages.add(1);
    go!(crawler.clone().crawl("/"));
    crawler.pages.wait();
    assert_eq!(crawler.seen.lock().len(), 5);
    assert!(crawler.reading.is_empty());
}

/// Adds up the bytes of each file on three goroutines, and gives up at the first that cannot be read.
fn sums(ctx: &Context, files: Vec<(u32, Result<Vec<u8>, String>)>) -> Result<HashMap<u32, u32>, String> {
    let (group, ctx) = errgroup::Group::with_context(ctx);
    let (paths, sums) = (chan!((u32, Result<Vec<u8>, String>)), chan!((u32, u32)));
    let feed = {
        let (ctx, paths) = (ctx.clone(), paths.clone());
        move || {
            defer!(close!(paths));
            for file in files {
                select! {
                    paths <- file => {}
                    <-ctx.done() => ctx.check().map_err(|error| error.to_string())?,
                }
            }
            Ok(())
        }
    };
    group.go(feed);
    for _ in 0..3 {
        let (ctx, paths, sums) = (ctx.clone(), paths.clone(), sums.clone());
        group.go(move || {
            for (path, bytes) in &paths {
                let sum = bytes?.into_iter().map(u32::from).sum();
                select! {
                    sums <- (path, sum) => {}
                    <-ctx.done() => ctx.check().map_err(|error| error.to_string())?,
                }
            }
            Ok(())
        });
    }
    let end = go!([sums] {
        defer!(close!(sums));
        group.wait()
    });
    let all = sums.iter().collect();
    end.join().expect("no panic").map(|()| all)
}

#[gochan::test]
fn a_pipeline_ends_at_its_first_error() {
    let file = |n: u8| (u32::from(n), Ok(vec![n; 3]));
    let all = sums(&background(), (0..20).map(file).collect()).unwrap();
    assert!(all.len() == 20 && all.iter().all(|(&path, &sum)| sum == 3 * path));
    let broken = (0..20).map(|n| if n == 7 { (7, Err("no 7".to_owned())) } else { file(n) });
    assert_eq!(sums(&background(), broken.collect()), Err("no 7".to_owned()));
}

/// A channel that closes as soon as one of `channels` does.
fn or(channels: &[Receiver<()>]) -> Receiver<()> {
    match channels {
        [] => Receiver::nil(),
        [one] => one.clone(),
        [a, b @ ..] => {
            let (done, rest) = (chan!(()), or(b));
            go!([a, done] {
                defer!(close!(done));
                select! {
                    <-a => {}
                    <-rest => {}
                }
            });
            done.receiver()
        }
    }
}

#[gochan::test]
fn an_or_channel_closes_with_the_first_of_many() {
    let signals: Vec<Chan<()>> = (0..8).map(|_| chan!(())).collect();
    let either = or(&signals.iter().map(Chan::receiver).collect::<Vec<_>>());
    close!(signals[5]);
    assert_eq!(either.recv(), None);
    drop(signals);
}

/// Lets `size` goroutines through when the last of them has come.
struct Barrier {
    size: usize,
    /// How many wait, and how often all have gone through.
    state: Mutex<(usize, usize)>,
    turn: Cond,
}

impl Barrier {
    fn wait(&self) {
        let mut state = self.state.lock();
        let turn = state.1;
        state.0 += 1;
        if state.0 == self.size {
            *state = (0, turn + 1);
            self.turn.broadcast();
        }
        while state.1 == turn {
            state = self.turn.wait(state);
        }
    }
}

#[gochan::test]
fn a_barrier_keeps_goroutines_in_step() {
    let barrier = Arc::new(Barrier { size: 4, state: Mutex::default(), turn: Cond::new() });
    let steps = Arc::new(AtomicUsize::new(0));
    let walkers: Vec<_> = (0..4)
        .map(|_| {
            go!([barrier, steps] {
                for step in 0..20 {
                    steps.fetch_add(1, Ordering::Relaxed);
                    barrier.wait();
                    assert!(steps.load(Ordering::Relaxed) >= 4 * (step + 1));
                }
            })
        })
        .collect();
    walkers.into_iter().for_each(|walker| walker.join().unwrap());
    assert_eq!(barrier.state.lock().1, 20);
}

/// Passes each message on to all who have subscribed to its topic; the slow miss some.
#[derive(Default)]
struct Hub {
    topics: Arc<RwLock<Topics>>,
}

type Topics = HashMap<&'static str, Vec<Sender<u32>>>;

impl Hub {
    fn subscribe(&self, topic: &'static str) -> Receiver<u32> {
        let (tx, rx) = chan!(u32, 2).split();
        self.topics.write().entry(topic).or_default().push(tx);
        rx
    }

    fn publish(&self, topic: &str, message: u32) -> usize {
        let topics = self.topics.read();
        let subscribers = topics.get(topic).into_iter().flatten();
        subscribers.filter(|subscriber| subscriber.try_send(message).is_ok()).count()
    }
}

#[gochan::test]
fn a_hub_serves_topics_and_drops_what_the_slow_cannot_take() {
    let hub = Hub::default();
    let (news, more_news, weather) = (hub.subscribe("news"), hub.subscribe("news"), hub.subscribe("weather"));
    let delivered: Vec<usize> = (1..=3).map(|n| hub.publish("news", n)).collect();
    assert_eq!(delivered, [2, 2, 0]);
    assert_eq!(hub.publish("sports", 1), 0);
    drop(hub);
    assert!(news.iter().eq([1, 2]) && more_news.iter().eq([1, 2]) && weather.iter().next().is_none());
}

#[gochan::test]
fn a_full_queue_gives_up_its_oldest() {
    let queue = chan!(u32, 3);
    for n in 0..10 {
        while let Err(TrySendError::Full(_)) = queue.try_send(n) {
            let _oldest = queue.try_recv();
        }
    }
    assert!(queue.try_iter().eq([7, 8, 9]));
}

#[gochan::test]
fn idle_workers_steal_from_the_others() {
    let queues: Arc<Vec<Mutex<Vec<usize>>>> =
        Arc::new((0..3).map(|n| Mutex::new(vec![n; 40 * n * n])).collect());
    let (done, workers) = (Arc::new(AtomicUsize::new(0)), WaitGroup::new());
    for own in 0..3 {
        workers.add(1);
        go!([queues, done, workers] {
            defer!(workers.done());
            let steal = || (0..3).filter(|&other| other != own).find_map(|other| queues[other].lock().pop());
            let next = || queues[own].lock().pop();
            while let Some(_job) = next().or_else(steal) {
                done.fetch_add(1, Ordering::Relaxed);
                gochan::runtime::gosched();
            }
        });
    }
    workers.wait();
    assert_eq!(done.load(Ordering::Relaxed), 40 + 160);
}

enum Event {
    Enter(u16, Sender<String>),
    Says(String),
    Leave(u16),
}

/// The one goroutine that knows who is there.
fn chat(events: Receiver<Event>) {
    let mut clients = HashMap::new();
    for event in events {
        match event {
            Event::Enter(id, client) => drop(clients.insert(id, client)),
            Event::Leave(id) => drop(clients.remove(&id)),
            Event::Says(line) => {
                for client in clients.values() {
                    send!(client <- line.clone());
                }
            }
        }
    }
}

fn serve(connection: TcpStream, events: Sender<Event>) {
    let id = connection.peer_addr().unwrap().port();
    let (client, lines) = chan!(String, 16).split();
    let mut writer = connection.try_clone().unwrap();
    let writing = go!({
        for line in lines {
            blocking(|| writeln!(writer, "{line}")).unwrap();
        }
    });
    send!(events <- Event::Enter(id, client));
    let mut reader = BufReader::new(connection);
    loop {
        let mut line = String::new();
        if blocking(|| reader.read_line(&mut line)).unwrap() == 0 {
            break;
        }
        send!(events <- Event::Says(line.trim_end().to_owned()));
    }
    send!(events <- Event::Leave(id));
    writing.join().unwrap();
}

#[test]
fn a_chat_over_sockets_hands_every_line_to_everybody() {
    let _watchdog = watchdog();
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let (events, chats) = chan!(Event).split();
    let broker = go!(chat(chats));
    let accepting = go!({
        let serving = [(); 2].map(|()| {
            let (connection, _) = blocking(|| listener.accept()).unwrap();
            go!([events] serve(connection, events))
        });
        drop(events);
        serving.into_iter().for_each(|one| one.join().unwrap());
    });
    let mut ann = TcpStream::connect(address).unwrap();
    let mut heard = BufReader::new(ann.try_clone().unwrap());
    let mut hears = |expected: &str| {
        let mut line = String::new();
        heard.read_line(&mut line).unwrap();
        assert_eq!(line.trim_end(), expected);
    };
    // Ann has entered once she hears herself.
    writeln!(ann, "anybody there?").unwrap();
    hears("anybody there?");
    let mut bob = TcpStream::connect(address).unwrap();
    writeln!(bob, "hello").unwrap();
    hears("hello");
    bob.shutdown(std::net::Shutdown::Write).unwrap();
    ann.shutdown(std::net::Shutdown::Write).unwrap();
    accepting.join().unwrap();
    broker.join().unwrap();
}
