use gochan::prelude::*;

fn run(parent: &Context, rows: &[Vec<u32>]) {
    'rows: for row in rows {
        let (ctx, cancel) = parent.with_cancel();
        for n in row {
            if !step(&ctx, n) { break 'rows; }
        }
        cancel.cancel();
    }
}
