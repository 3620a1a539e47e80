use gochan::prelude::*;

use std::net::TcpStream;
fn main() {
    let stream = TcpStream::connect("localhost:80");
    go!({
        let stream = gochan::blocking(|| TcpStream::connect("localhost:80"));
    });
    wait_for_all();
}
