use gochan::go as spawn;

fn main() {
    spawn!(work); //~ missing_call
}
