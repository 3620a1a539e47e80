use gochan::prelude::*;

struct Config { retries: u32 }
struct Connection;
struct DbPool;
struct Options { fast: bool }

fn number(ctx: &Context) { step(&ctx.with_value(3u32)); } //~ context_value_backdoor
fn flag(ctx: &Context) { step(&ctx.with_value(true)); } //~ context_value_backdoor
fn text(ctx: &Context) { step(&ctx.with_value(String::from("x"))); } //~ context_value_backdoor
fn literal(ctx: &Context) { step(&ctx.with_value("x")); } //~ context_value_backdoor
fn closure(ctx: &Context) { step(&ctx.with_value(|n: u32| n + 1)); } //~ context_value_backdoor
fn config(ctx: &Context) { step(&ctx.with_value(Config { retries: 3 })); } //~ context_value_backdoor
fn connection(ctx: &Context, connection: Connection) { step(&ctx.with_value(connection)); } //~ context_value_backdoor
fn shared(ctx: &Context, pool: Arc<DbPool>) { step(&ctx.with_value(pool)); } //~ context_value_backdoor
fn options(ctx: &Context) { step(&ctx.with_value(Options { fast: true })); } //~ context_value_backdoor
fn steers(ctx: &Context) {
    let ctx = ctx.with_value(Mode::Fast);
    if ctx.value::<Mode>() == Some(&Mode::Fast) { step(&ctx); } //~ context_value_backdoor
}
