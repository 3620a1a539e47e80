use gochan::prelude::*;

struct FetchRequest { ctx: Context }
struct Server { name: String }
