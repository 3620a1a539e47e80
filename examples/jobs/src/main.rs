//! A pool of workers on several machines: the jobs are in a stream of Redis, and each machine runs some at once.
//!
//! ```text
//! $ cargo run -p gochan-example-jobs -- produce redis://127.0.0.1:6379 1000 20
//! $ cargo run -p gochan-example-jobs -- work redis://127.0.0.1:6379 one
//! $ cargo run -p gochan-example-jobs -- state redis://127.0.0.1:6379
//! ```
//!
//! Redis keeps the jobs, knows which worker has which, and gives each to one of them (a *consumer group*). What remains
//! for each machine is `patterns::worker_pool`. A job is lost by no end of a worker, and done twice only if it was marked
//! as delivered again:
//!
//! * A job is acknowledged in one transaction with the record of its result.
//! * A worker renews its claim on the jobs that it has. What was not renewed for [`ABANDONED`] goes to another one, which
//!   marks it. The first worker may be alive and slow: who must not do a job twice looks at the mark.
//! * At Ctrl-C a worker takes no more jobs and finishes those that it has.

use std::collections::HashSet;
use std::error::Error;
use std::io;
use std::sync::Arc;
use std::time::Duration;

use gochan::patterns::worker_pool;
use gochan::prelude::*;
use gochan::signal::{Signal, notify_context};
use gochan::sync::Mutex;
use gochan::time::{Ticker, sleep};
use redis::aio::MultiplexedConnection;
use redis::streams::{StreamAutoClaimReply, StreamId, StreamReadReply};
use redis::{AsyncConnectionConfig, Client, Cmd, FromRedisValue, RedisResult, cmd, pipe};

/// The names in Redis.
const JOBS: &str = "jobs";
const GROUP: &str = "workers";
const DONE: &str = "done";

/// Jobs that one worker runs at once.
const AT_ONCE: usize = 4;
/// A claim that is so old belongs to a worker that is gone.
const ABANDONED: Duration = Duration::from_millis(600);
const RENEWAL: Duration = Duration::from_millis(100);
/// The longest wait for new jobs, after which a worker looks for abandoned ones again.
const LOOK: Duration = Duration::from_millis(100);

/// A connection to Redis for several goroutines. Each command parks the goroutine that sends it.
#[derive(Clone)]
struct Redis(MultiplexedConnection);

impl Redis {
    fn connect(url: &str) -> RedisResult<Redis> {
        let client = Client::open(url)?;
        let config = AsyncConnectionConfig::new().set_response_timeout(Some(Duration::from_secs(5)));
        gochan::tokio::block_on(client.get_multiplexed_async_connection_with_config(&config)).map(Redis)
    }

    fn ask<T: FromRedisValue>(&self, command: &Cmd) -> RedisResult<T> {
        let mut connection = self.0.clone();
        gochan::tokio::block_on(command.query_async(&mut connection))
    }

    /// Makes the stream and the group, unless they are there.
    fn prepare(&self) -> RedisResult<()> {
        let made = self.ask(cmd("XGROUP").arg("CREATE").arg(JOBS).arg(GROUP).arg("0").arg("MKSTREAM"));
        match made {
            Err(error) if error.code() == Some("BUSYGROUP") => Ok(()),
            made => made,
        }
    }
}

struct Job {
    id: String,
    number: u64,
    /// How long it takes.
    millis: u64,
    /// Another worker may have begun it, or even done it.
    again: bool,
}

impl Job {
    fn of(entry: &StreamId, again: bool) -> Job {
        let field = |name: &str| entry.get(name).unwrap_or(0);
        Job { id: entry.id.clone(), number: field("number"), millis: field("millis"), again }
    }
}

/// A worker process.
struct Worker {
    redis: Redis,
    name: String,
    /// The jobs that it has, for the renewal.
    held: Arc<Mutex<HashSet<String>>>,
}

impl Worker {
    /// Gets jobs until `ctx` ends: abandoned ones before new ones.
    fn fetch(&self, ctx: &Context, url: &str, jobs: &Sender<Job>) -> RedisResult<()> {
        // A connection of its own, because the answer to its question may take a while.
        let redis = Redis::connect(url)?;
        let mut claim = cmd("XAUTOCLAIM");
        claim.arg(JOBS).arg(GROUP).arg(&self.name).arg(ABANDONED.as_millis() as u64).arg("0");
        claim.arg("COUNT").arg(AT_ONCE);
        let mut read = cmd("XREADGROUP");
        read.arg("GROUP").arg(GROUP).arg(&self.name).arg("COUNT").arg(AT_ONCE);
        read.arg("BLOCK").arg(LOOK.as_millis() as u64).arg("STREAMS").arg(JOBS).arg(">");
        while ctx.err().is_none() {
            let abandoned: StreamAutoClaimReply = redis.ask(&claim)?;
            let mut got: Vec<Job> = abandoned.claimed.iter().map(|entry| Job::of(entry, true)).collect();
            if got.is_empty() {
                let new: Option<StreamReadReply> = redis.ask(&read)?;
                let entries = new.iter().flat_map(|new| &new.keys).flat_map(|stream| &stream.ids);
                got.extend(entries.map(|entry| Job::of(entry, false)));
            }
            self.held.lock().extend(got.iter().map(|job| job.id.clone()));
            for job in got {
                send!(jobs <- job);
            }
        }
        Ok(())
    }

    /// Keeps the claims young, until `ctx` ends.
    fn renew(&self, ctx: &Context) -> RedisResult<()> {
        let ticker = Ticker::new(RENEWAL);
        loop {
            select! {
                <-ctx.done() => return Ok(()),
                _ = <-ticker.channel() => {}
            }
            let held: Vec<String> = self.held.lock().iter().cloned().collect();
            if !held.is_empty() {
                let mut claim = cmd("XCLAIM");
                claim.arg(JOBS).arg(GROUP).arg(&self.name).arg(0).arg(held).arg("JUSTID");
                self.redis.ask::<Vec<String>>(&claim)?;
            }
        }
    }

    /// Records that a job is done, and acknowledges it: both or neither.
    fn record(&self, job: &Job) -> RedisResult<()> {
        let mark = if job.again { "again" } else { "once" };
        let mut both = pipe();
        both.atomic();
        both.cmd("RPUSH").arg(DONE).arg(format!("{} {mark} {}", job.number, self.name)).ignore();
        both.cmd("XACK").arg(JOBS).arg(GROUP).arg(&job.id).ignore();
        let mut connection = self.redis.0.clone();
        gochan::tokio::block_on(both.query_async::<()>(&mut connection))?;
        self.held.lock().remove(&job.id);
        Ok(())
    }
}

/// Works until `ctx` ends, and finishes what it has. Returns the number of jobs.
fn work(ctx: &Context, url: &str, name: &str) -> RedisResult<usize> {
    let redis = Redis::connect(url)?;
    redis.prepare()?;
    let worker = Arc::new(Worker { redis, name: name.to_owned(), held: Arc::default() });
    let (jobs, waiting) = chan!(Job).split();
    let done = worker_pool(&ctx.without_cancel(), AT_ONCE, waiting, |job: Job| {
        // The work.
        sleep(Duration::from_millis(job.millis));
        job
    });
    let (renewing, stop) = ctx.without_cancel().with_cancel();
    let renewal = go!([worker] { worker.renew(&renewing) });
    // When it is over, `jobs` is dropped, and so the pool ends.
    let fetching = go!([ctx, worker, url = url.to_owned()] { worker.fetch(&ctx, &url, &jobs) });
    let mut count = 0;
    for job in &done {
        worker.record(&job)?;
        count += 1;
    }
    stop.cancel();
    fetching.join().expect("no panic")?;
    renewal.join().expect("no panic")?;
    Ok(count)
}

fn produce(url: &str, count: u64, millis: u64) -> RedisResult<()> {
    let redis = Redis::connect(url)?;
    redis.prepare()?;
    for number in 0..count {
        redis.ask::<String>(
            cmd("XADD").arg(JOBS).arg("*").arg("number").arg(number).arg("millis").arg(millis),
        )?;
    }
    Ok(())
}

fn state(url: &str) -> RedisResult<String> {
    let redis = Redis::connect(url)?;
    let all: u64 = redis.ask(cmd("XLEN").arg(JOBS))?;
    let done: Vec<String> = redis.ask(cmd("LRANGE").arg(DONE).arg(0).arg(-1))?;
    let again = done.iter().filter(|record| record.contains(" again ")).count();
    Ok(format!("{all} jobs, {} results, {again} of them of jobs that were delivered again", done.len()))
}

#[gochan::main]
fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    match arguments.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        ["produce", url, count, millis] => produce(url, count.parse()?, millis.parse()?)?,
        ["work", url, name] => {
            let (ctx, _stop) = notify_context(&background(), &[Signal::INTERRUPT, Signal::TERMINATE]);
            println!("{name} has done {} jobs", work(&ctx, url, name)?);
        }
        ["state", url] => println!("{}", state(url)?),
        _ => {
            let usage = "jobs produce URL COUNT MILLIS | work URL NAME | state URL";
            return Err(io::Error::new(io::ErrorKind::InvalidInput, usage).into());
        }
    }
    Ok(())
}
