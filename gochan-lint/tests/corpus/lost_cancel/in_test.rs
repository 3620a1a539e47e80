#[cfg(test)]
mod tests {
    use gochan::prelude::*;

    #[gochan::test]
    fn cancels() {
        let (ctx, _) = background().with_cancel(); //~ lost_cancel
        assert!(ctx.err().is_some());
    }
}
