//! Nothing here is gochan's.
pub struct Mutex;
impl Mutex { pub fn lock(&self) -> u32 { 0 } }
pub struct Chan;
impl Chan { pub fn close(&self) {} pub fn recv(&self) {} }
pub struct Context;
impl Context { pub fn with_cancel(&self) -> (u32, u32) { (1, 1) } pub fn done(&self) -> bool { true } }
pub struct CancelHandle;
impl CancelHandle { pub fn cancel(&self) {} }
pub struct Receiver;
impl Receiver { pub fn recv(&self) {} }
pub struct Sender;
impl Sender { pub fn send(&self, _: u32) {} pub fn close(&self) {} }
pub struct WaitGroup;
impl WaitGroup { pub fn wait(&self) {} pub fn add(&self, _: i32) {} pub fn done(&self) {} }
fn ok_own(ch: &Chan, ctx: &Context) { ch.recv(); ch.close(); let _ = ctx.with_cancel(); }
pub fn sleep(_: u32) {}
fn ok_not_ours() {
    let (wg, m, ch) = (std::sync::Arc::new(WaitGroup), Mutex, Chan);
    gochan::go!([wg] { wg.add(1); wg.done(); });
    wg.wait();
    let (a, b) = (m.lock(), m.lock());
    println!("{} {:?}", a + b, ch.recv());
    ch.close();
    ch.close();
    gochan::go!({ println!(); });
    sleep(1);
}
pub struct Holder { pub jobs: gochan::Chan<u32> }
