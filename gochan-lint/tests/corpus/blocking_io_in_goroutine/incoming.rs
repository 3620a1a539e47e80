use gochan::prelude::*;

fn serve(listener: std::net::TcpListener) {
    go!({
        for stream in listener.incoming() { //~ blocking_io_in_goroutine
            println!("{}", stream.is_ok());
        }
    });
}

fn serve_apart(listener: std::net::TcpListener) {
    go!({
        gochan::blocking(move || {
            for stream in listener.incoming() {
                println!("{}", stream.is_ok());
            }
        });
    });
}
