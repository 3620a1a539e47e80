use std::cell::Cell;
use std::rc::Rc;

gochan::runtime::local! { static NONE: Cell<u32> = ; }
gochan::runtime::local! { static UNTYPED = Cell::new(0); }
gochan::runtime::local! { static mut CHANGED: u32 = 0; }
gochan::runtime::local! { const FIXED: Cell<u32> = Cell::new(0); }
gochan::runtime::local! { #[inherit(clone)] static ARGUMENTS: Cell<u32> = Cell::new(0); }
gochan::runtime::local! { #[inherit] static SHARED: Rc<u32> = Rc::new(0); }
gochan::runtime::local! {
    static FIRST: Cell<u32> = Cell::new(0)
    static SECOND: Cell<u32> = Cell::new(0)
}

fn main() {
    let count = gochan::runtime::local!(Cell::new(0));
}
