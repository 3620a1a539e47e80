fn main() {
    gochan::go!(work); //~ missing_call
    ::gochan::go!(|| work(1)); //~ missing_call
}
