use gochan::prelude::*;

fn start() {
    let url = String::from("x");
    go!({
        println!("begin");
        async move { fetch(&url).await } //~ missing_call
    });
    go!({
        async { ping().await }; //~ missing_call
    });
}
