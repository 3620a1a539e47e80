use gochan::prelude::*;
use std::fs::File;
use std::io::{BufRead, BufReader};
use std::net::TcpListener;

fn of_a_file(file: File) {
    for line in BufReader::new(file).lines() {
        println!("{}", line.unwrap());
    }
}
fn on_a_thread(listener: TcpListener) {
    std::thread::spawn(move || {
        for conn in listener.incoming() {
            let mut line = String::new();
            BufReader::new(conn.unwrap()).read_line(&mut line).unwrap();
        }
    });
}
fn start(file: File) {
    go!(of_a_file(file));
}
fn main() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let (conn, _) = listener.accept().unwrap();
    drop(conn);
}
