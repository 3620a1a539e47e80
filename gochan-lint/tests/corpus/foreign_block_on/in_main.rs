use pollster::FutureExt as _;

async fn fetch() {}

#[gochan::main]
fn main() {
    pollster::block_on(fetch()); //~ foreign_block_on
    fetch().block_on(); //~ foreign_block_on
}
