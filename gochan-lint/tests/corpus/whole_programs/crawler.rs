//! A web crawler over a made-up web: breadth first, each page once, a few fetches at a time.

use gochan::prelude::*;
use gochan::sync::{Mutex, Semaphore};
use std::collections::{HashMap, HashSet};
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

#[derive(Debug, Clone, PartialEq, Eq)]
enum FetchError {
    NotFound(String),
    Cancelled,
}

impl fmt::Display for FetchError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            FetchError::NotFound(url) => write!(f, "not found: {url}"),
            FetchError::Cancelled => f.write_str("cancelled"),
        }
    }
}

trait Fetcher: Send + Sync + 'static {
    fn fetch(&self, ctx: &Context, url: &str) -> Result<Vec<String>, FetchError>;
}

struct FakeWeb {
    pages: HashMap<String, Vec<String>>,
    delay: Duration,
}

impl FakeWeb {
    fn new(links: &[(&str, &[&str])]) -> Self {
        let pages = links
            .iter()
            .map(|(page, to)| ((*page).to_owned(), to.iter().map(|link| (*link).to_owned()).collect()));
        FakeWeb { pages: pages.collect(), delay: Duration::from_millis(2) }
    }
}

impl Fetcher for FakeWeb {
    fn fetch(&self, ctx: &Context, url: &str) -> Result<Vec<String>, FetchError> {
        select! {
            <-after(self.delay) => {}
            <-ctx.done() => return Err(FetchError::Cancelled),
        }
        self.pages.get(url).cloned().ok_or_else(|| FetchError::NotFound(url.to_owned()))
    }
}

#[derive(Clone)]
struct Crawler {
    fetcher: Arc<dyn Fetcher>,
    seen: Arc<Mutex<HashSet<String>>>,
    slots: Arc<Semaphore>,
    wg: WaitGroup,
    found: Chan<(String, Result<usize, FetchError>)>,
}

impl Crawler {
    fn new(fetcher: impl Fetcher, parallel: usize) -> Self {
        Crawler {
            fetcher: Arc::new(fetcher),
            seen: Arc::default(),
            slots: Arc::new(Semaphore::new(parallel)),
            wg: WaitGroup::new(),
            found: chan!((String, Result<usize, FetchError>)),
        }
    }

    /// Starts at `url`; the results come on the channel, which is closed behind the last.
    fn crawl(&self, ctx: &Context, url: &str, depth: u32) -> Receiver<(String, Result<usize, FetchError>)> {
        self.spawn(ctx, url.to_owned(), depth);
        let (wg, found) = (self.wg.clone(), self.found.clone());
        go!({
            wg.wait();
            close!(found);
        });
        self.found.receiver()
    }

    fn spawn(&self, ctx: &Context, url: String, depth: u32) {
        if !self.seen.lock().insert(url.clone()) {
            return;
        }
        self.wg.add(1);
        let this = self.clone();
        let ctx = ctx.clone();
        go!(this.visit(ctx, url, depth));
    }

    fn visit(&self, ctx: Context, url: String, depth: u32) {
        defer!(self.wg.done());
        let links = match self.page(&ctx, &url) {
            Ok(links) => links,
            Err(error) => {
                self.report(&ctx, url, Err(error));
                return;
            }
        };
        self.report(&ctx, url, Ok(links.len()));
        if depth == 0 {
            return;
        }
        for link in links {
            self.spawn(&ctx, link, depth - 1);
        }
    }

    fn page(&self, ctx: &Context, url: &str) -> Result<Vec<String>, FetchError> {
        let _permit = self.slots.permit(ctx, 1).map_err(|_| FetchError::Cancelled)?;
        self.fetcher.fetch(ctx, url)
    }

    fn report(&self, ctx: &Context, url: String, result: Result<usize, FetchError>) {
        select! {
            self.found <- (url, result) => {}
            <-ctx.done() => {}
        }
    }
}

#[gochan::main]
fn main() {
    let web = FakeWeb::new(&[("/", &["/a", "/b"]), ("/a", &["/", "/b", "/c"]), ("/b", &["/d"]), ("/c", &[])]);
    let crawler = Crawler::new(web, 2);
    with_context!(ctx = background().with_timeout(Duration::from_secs(5)) => {
        let mut pages = Vec::new();
        for (url, result) in &crawler.crawl(&ctx, "/", 3) {
            match result {
                Ok(links) => pages.push(format!("{url}: {links} links")),
                Err(error) => pages.push(format!("{url}: {error}")),
            }
        }
        pages.sort_unstable();
        for page in &pages {
            println!("{page}");
        }
        if let Some(error) = ctx.err() {
            eprintln!("stopped early: {error}");
        }
    });
}
