use gochan::prelude::*;

struct Request { ctx: Context, body: String }
struct FetchRequest { ctx: Context }
struct ServerBuilder { ctx: Context }
struct Holder { cancel: CancelHandle, done: Receiver<()> }
struct Future<'a> { cx: &'a mut std::task::Context<'a> }
