use gochan::prelude::*;
use std::io::{self, BufRead, Read};
use std::net::{TcpListener, TcpStream};
use std::process::Command;

fn connects(address: String) {
    go!({
        let mut stream = TcpStream::connect(address).unwrap(); //~ blocking_io_in_goroutine
        let mut text = String::new();
        stream.read_to_string(&mut text).unwrap(); //~ blocking_io_in_goroutine
    });
}
fn runs() {
    go!({
        let status = Command::new("ls").status(); //~ blocking_io_in_goroutine
        work(status);
    });
}
fn reads() {
    go!({
        let mut line = String::new();
        io::stdin().read_line(&mut line).unwrap(); //~ blocking_io_in_goroutine
    });
}
fn accepts(listener: TcpListener) {
    go!({
        let (stream, _) = listener.accept().unwrap(); //~ blocking_io_in_goroutine
        work(stream);
    });
}
fn requests(url: String) {
    go!({
        let text = reqwest::blocking::get(url).unwrap(); //~ blocking_io_in_goroutine
        work(text);
    });
}
fn waits() {
    go!({
        let mut child = Command::new("ls").spawn().unwrap();
        child.wait().unwrap(); //~ blocking_io_in_goroutine
    });
}
