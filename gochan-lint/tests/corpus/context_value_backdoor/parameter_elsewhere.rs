use gochan::prelude::*;

fn store(db: &Store) { work(db); }
fn handle(ctx: &Context) {
    let db = ctx.value::<Store>(); //~ context_value_backdoor
}
