use gochan::prelude::*;
use std::net::TcpStream;

fn outside(address: &str) {
    let stream = TcpStream::connect(address);
    work(stream);
}
fn given_away(address: String) {
    go!({
        let stream = gochan::blocking(move || TcpStream::connect(address));
        work(stream);
    });
}
fn in_a_thread(address: String) {
    std::thread::spawn(move || TcpStream::connect(address));
}
fn addresses() {
    go!({ let here: std::net::IpAddr = "127.0.0.1".parse().unwrap(); work(here); });
}
