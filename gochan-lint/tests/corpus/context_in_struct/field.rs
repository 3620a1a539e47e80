use gochan::prelude::*;

struct Server {
    name: String,
    ctx: Context, //~ context_in_struct
}
