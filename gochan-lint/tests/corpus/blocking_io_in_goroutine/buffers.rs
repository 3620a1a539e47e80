use gochan::prelude::*;
use std::io::{BufRead, BufReader, BufWriter, Write};
use std::net::{TcpListener, TcpStream};

fn lines(conn: TcpStream) {
    let mut reader = BufReader::new(&conn);
    let mut line = String::new();
    while reader.read_line(&mut line).unwrap() > 0 { //~ blocking_io_in_goroutine
        (&conn).write_all(line.as_bytes()).unwrap(); //~ blocking_io_in_goroutine
        line.clear();
    }
}
fn each_line(conn: TcpStream) {
    for line in BufReader::new(&conn).lines() { //~ blocking_io_in_goroutine
        println!("{}", line.unwrap());
    }
}
fn writes(conn: TcpStream) {
    let mut out = BufWriter::new(conn);
    out.write_all(b"x").unwrap(); //~ blocking_io_in_goroutine
    out.flush().unwrap(); //~ blocking_io_in_goroutine
}
struct Session {
    reader: BufReader<TcpStream>,
}
impl Session {
    fn run(mut self) {
        let mut line = String::new();
        self.reader.read_line(&mut line).unwrap(); //~ blocking_io_in_goroutine
    }
}
fn start(session: Session) {
    go!(session.run());
}
#[gochan::main]
fn main() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let (first, _) = listener.accept().unwrap(); //~ blocking_io_in_goroutine
    go!(lines(first)).join().unwrap();
    for conn in listener.incoming() { //~ blocking_io_in_goroutine
        let conn = conn.unwrap();
        go!(each_line(conn)).join().unwrap();
    }
    serve(&listener);
}
fn serve(listener: &TcpListener) {
    let (conn, _) = listener.accept().unwrap(); //~ blocking_io_in_goroutine
    go!(writes(conn)).join().unwrap();
}
