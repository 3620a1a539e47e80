use gochan::prelude::*;
use gochan::signal;

fn a(ctx: &Context) { let (ctx, _) = ctx.with_timeout(Duration::from_secs(1)); run(&ctx); } //~ lost_cancel
fn b(ctx: &Context) { let (ctx, _) = ctx.with_deadline(soon()); run(&ctx); } //~ lost_cancel
fn c(ctx: &Context) { let (ctx, _) = ctx.with_cancel_cause(); run(&ctx); } //~ lost_cancel
fn d(ctx: &Context) { let (ctx, _) = ctx.with_timeout_cause(Duration::from_secs(1), "slow"); run(&ctx); } //~ lost_cancel
fn e(ctx: &Context) { let (ctx, _) = ctx.with_deadline_cause(soon(), "late"); run(&ctx); } //~ lost_cancel
fn f(ctx: &Context) { let (ctx, _) = signal::notify_context(ctx, &[signal::INTERRUPT]); run(&ctx); } //~ lost_cancel
fn g() { let (ctx, _) = gochan::context::background().with_cancel(); run(&ctx); } //~ lost_cancel
fn h() { let (ctx, _) = gochan::context::todo().with_cancel(); run(&ctx); } //~ lost_cancel todo_context
