use gochan::prelude::*;

struct Server { name: String, ctx: Context } //~ context_in_struct
struct Optional { ctx: Option<Context> } //~ context_in_struct
struct Tuple(u32, Context); //~ context_in_struct
struct Shared { ctx: Arc<Context> } //~ context_in_struct
struct Borrowed<'a> { ctx: &'a Context } //~ context_in_struct
