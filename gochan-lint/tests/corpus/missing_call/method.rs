use gochan::prelude::*;

fn start(server: Server) {
    go!(server.run); //~ missing_call
}
