use gochan::prelude::*;

use other::go;

fn main() {
    go!(work);
    go!(|| work(1));
}
