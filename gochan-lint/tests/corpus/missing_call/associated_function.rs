use gochan::prelude::*;

struct Server;
impl Server {
    fn serve() {}
    fn start() {
        go!(Self::serve); //~ missing_call
        go!(Server::serve); //~ missing_call
        go!(<Server as Serve>::serve_all); //~ missing_call
    }
}
