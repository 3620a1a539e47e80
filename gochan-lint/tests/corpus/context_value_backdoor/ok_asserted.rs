use gochan::prelude::*;

#[derive(Debug, PartialEq)]
struct UserId(u64);

#[test]
fn the_nearest_is_found() {
    let ctx = background().with_value(UserId(1)).with_value(UserId(2));
    assert_eq!(ctx.value::<UserId>(), Some(&UserId(2)));
    assert!(ctx.value::<u64>().is_none());
}
