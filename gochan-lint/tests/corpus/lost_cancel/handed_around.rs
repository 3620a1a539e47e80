use gochan::context::CancelHandle;
use gochan::prelude::*;
use std::sync::Arc;

type Pair = (Context, CancelHandle);

fn serve(ctx: Context) {
    ctx.done().recv();
}

fn each(parents: &[Context]) {
    parents.iter().for_each(|parent| {
        let (ctx, _) = parent.with_cancel(); //~ lost_cancel
        go!(serve(ctx));
    });
}

fn each_by_number(parents: Vec<Context>) {
    parents.iter().enumerate().for_each(|(_, parent)| {
        let (ctx, _) = parent.with_cancel(); //~ lost_cancel
        go!(serve(ctx));
    });
}

fn optional(parent: Option<&Context>) -> Option<Context> {
    parent.map(|parent| parent.with_cancel().0) //~ lost_cancel
}

fn optional_pair(parent: Option<&Context>) {
    let Some((ctx, _)) = parent.map(|parent| parent.with_cancel()) else { return }; //~ lost_cancel
    go!(serve(ctx));
}

fn result_of_a_closure(parent: &Context) {
    let make = || parent.with_cancel();
    let (ctx, _) = make(); //~ lost_cancel
    go!(serve(ctx));
}

fn result_of_a_parameter(make: impl Fn() -> Pair) {
    let (ctx, _) = make(); //~ lost_cancel
    go!(serve(ctx));
}

fn result_of_a_generic<F>(make: F)
where
    F: FnOnce(&Context) -> Pair,
{
    let (ctx, _) = make(&background()); //~ lost_cancel
    go!(serve(ctx));
}

fn result_of_a_pointer(make: fn() -> Pair) {
    let (ctx, _) = make(); //~ lost_cancel
    go!(serve(ctx));
}

trait Source {
    fn open(&self) -> Pair;
    fn here(&self) -> &Context;
}

struct Root {
    base: Context, //~ context_in_struct
}

impl Source for Root {
    fn open(&self) -> Pair {
        self.base.with_cancel()
    }
    fn here(&self) -> &Context {
        &self.base
    }
}

fn opened<S: Source>(source: &S) {
    let (ctx, _) = source.open(); //~ lost_cancel
    go!(serve(ctx));
}

fn derived<S>(source: &S)
where
    S: Source,
{
    let (ctx, _) = source.here().with_cancel(); //~ lost_cancel
    go!(serve(ctx));
}

fn dynamic(source: Arc<dyn Source>) {
    let (ctx, _) = source.open(); //~ lost_cancel
    go!(serve(ctx));
}

fn by_impl(source: &impl Source) {
    let (ctx, _) = source.here().with_cancel(); //~ lost_cancel
    go!(serve(ctx));
}

struct Holder<S: Source> {
    source: S,
}

impl<S: Source> Holder<S> {
    fn open(&self) {
        let (ctx, _) = self.source.open(); //~ lost_cancel
        go!(serve(ctx));
    }
}

fn spawn<F: FnOnce() + Send + 'static>(work: F) {
    go!(work());
}

struct Workers;

impl Workers {
    fn run(&self, work: impl FnOnce() + Send + 'static) {
        go!({
            work();
        });
    }
    fn twice(&self, work: impl FnOnce() + Send + 'static) {
        self.run(work);
    }
}

fn by_helper(parent: &Context) {
    let (ctx, _cancel) = parent.with_cancel(); //~ lost_cancel
    spawn(move || serve(ctx));
}

fn by_method(parent: &Context, workers: &Workers) {
    let (ctx, _cancel) = parent.with_cancel(); //~ lost_cancel
    workers.run(move || serve(ctx));
}

fn by_two_methods(parent: &Context, workers: &Workers) {
    let (ctx, _cancel) = parent.with_cancel(); //~ lost_cancel
    workers.twice(move || serve(ctx));
}

struct Keeps {
    cancel: Option<CancelHandle>,
}

impl Keeps {
    fn taken(&mut self) {
        std::mem::forget(self.cancel.take()); //~ lost_cancel
    }
    fn replaced(&mut self, next: CancelHandle) {
        std::mem::forget(self.cancel.replace(next)); //~ lost_cancel
    }
    fn moved(&mut self) {
        std::mem::forget(std::mem::take(&mut self.cancel)); //~ lost_cancel
    }
}

fn assigned(done: bool) {
    let (ctx, cancel);
    (ctx, cancel) = background().with_cancel(); //~ lost_cancel
    go!(serve(ctx));
    if done {
        cancel.cancel();
    }
}

fn assigned_apart(done: bool) {
    let ctx;
    let cancel;
    (ctx, cancel) = background().with_cancel(); //~ lost_cancel
    go!(serve(ctx));
    if done {
        cancel.cancel();
    }
}
