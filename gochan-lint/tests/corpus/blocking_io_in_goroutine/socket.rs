use gochan::prelude::*;

use std::net::TcpStream;
fn main() {
    go!({
        let stream = TcpStream::connect("localhost:80"); //~ blocking_io_in_goroutine
    });
    wait_for_all();
}
