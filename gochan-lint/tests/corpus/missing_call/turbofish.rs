use gochan::prelude::*;

fn process<T: Default>() { drop(T::default()); }

fn main() {
    go!(process::<u32>); //~ missing_call
}
