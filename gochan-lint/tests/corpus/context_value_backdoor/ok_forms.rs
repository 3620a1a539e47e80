use gochan::prelude::*;

struct RequestId(u64);
struct TraceId(String);
struct AuthToken(String);

fn id(ctx: &Context) { step(&ctx.with_value(RequestId(7))); }
fn trace(ctx: &Context, trace: TraceId) { step(&ctx.with_value(trace)); }
fn token(ctx: &Context, text: String) { step(&ctx.with_value(AuthToken(text))); }
fn reads(ctx: &Context) -> Option<u64> { ctx.value::<RequestId>().map(|id| id.0) }
