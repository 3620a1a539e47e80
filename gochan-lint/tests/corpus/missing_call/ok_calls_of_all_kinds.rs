use gochan::prelude::*;

struct Server { handlers: Vec<fn(u32)>, callback: Box<dyn Fn(u32) + Send> }
impl Server {
    fn run(&self) {}
    fn start(self: Arc<Self>, make: fn() -> fn()) {
        let this = self.clone();
        go!(this.run());
        go!([self] { self.run() });
        go!((self.callback)(1));
        go!(self.handlers[0](2));
        go!(make()());
        go!(Server::run(&SERVER));
        go!(Self::run(&SERVER));
        go!(<Self as Serve>::serve_all(3));
        go!(process::<u32>(4));
        go!([self] |n: u32| { (self.callback)(n) }(6));
    }
}
