use crate::one::Server;
use crate::two::Server as Other;

fn consumes(s: &Server) {
    s.work();
    s.end(); //~ receiver_close
}
fn locked_twice(s: &Other) {
    let _guard = s;
    s.work();
    s.end();
    s.end();
}
fn by_path() {
    let s = crate::two::Server::new();
    s.stop();
    let o = super::one::Server::new();
    o.graceful_stop();
}
