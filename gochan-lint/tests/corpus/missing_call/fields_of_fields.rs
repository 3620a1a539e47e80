use gochan::prelude::*;
struct Server {
    inner: Inner,
}

struct Inner {
    handlers: Vec<fn()>,
    on_close: fn(),
}

impl Server {
    fn start(&self) {
        go!(self.inner.on_close); //~ missing_call
        go!((self.inner.on_close)); //~ missing_call
        go!(self.inner.handlers[0]); //~ missing_call
    }
}
