//! `runtime::local!`.

/// Declares goroutine-local values: each goroutine has its own. What `thread_local!` is for threads.
///
/// ```
/// use std::cell::{Cell, RefCell};
///
/// gochan::runtime::local! {
///     /// The id of the request that this goroutine serves.
///     #[inherit]
///     static REQUEST: Cell<u64> = Cell::new(0);
///     static BUFFER: RefCell<Vec<u8>> = RefCell::new(Vec::with_capacity(4096));
/// }
///
/// fn log(line: &str) {
///     println!("request {}: {line}", REQUEST.get());
/// }
///
/// let served = gochan::go!({
///     REQUEST.set(7);
///     BUFFER.with_borrow_mut(|buffer| buffer.push(b'x'));
///     let part = gochan::go!({
///         log("a part of it"); // request 7
///         (REQUEST.get(), BUFFER.with_borrow(Vec::len))
///     });
///     part.join().unwrap()
/// });
/// assert_eq!(served.join().unwrap(), (7, 0));
/// assert_eq!(REQUEST.get(), 0);
/// ```
///
/// The goroutines of a worker share its thread-locals, and a goroutine that waits finds there what the others have left.
/// These values are the goroutine's, on every [`Backend`](crate::runtime::Backend). [`LocalKey`](crate::runtime::LocalKey) has
/// the methods of `std::thread::LocalKey`. A thread that is no goroutine has values of its own, too.
///
/// A value is made by the first access, by the goroutine itself. It never leaves its goroutine, so it need not be `Send`. Both
/// its initialiser and a closure given to [`with`](crate::runtime::LocalKey::with) may wait.
///
/// What a whole call tree is to have, in all its goroutines, is better passed along as a
/// [`Context`](crate::Context::with_value), as in Go, which has no goroutine-local values.
///
/// # Inheritance
///
/// With `#[inherit]`, a goroutine begins with a clone of the value of the goroutine or thread that spawns it, if there is one
/// at that time; else it makes its own. The type is then `Clone` and `Send`. The value is cloned before the spawn returns, so a
/// panic of `clone` is the spawner's: a `RefCell` that is mutably borrowed panics. What either of them changes later, the other
/// does not see; for that, let the value be an `Arc`.
///
/// This holds for `go!`, [`Builder`](crate::Builder), [`scope`](crate::scope()), the tasks of `WaitGroup` and `errgroup`, the
/// goroutines of [`patterns`](crate::patterns), and calls of [`blocking`](crate::blocking()). Functions that the runtime calls
/// later, such as those of `after_func`, inherit nothing.
///
/// # The end
///
/// The values are dropped at the end of the goroutine, on the goroutine, before a `join` returns: the last one made comes
/// first. Their destructors may wait, and may use other goroutine-local values. As with `thread_local!`, a panic in such a
/// destructor aborts the process.
#[doc(alias("thread_local", "task_local", "goroutine-local"))]
#[macro_export]
#[doc(hidden)]
macro_rules! __local {
    () => {};
    (@item $attributes:tt $inheritance:ident #[inherit] $($rest:tt)*) => {
        $crate::__local! { @item $attributes inherited $($rest)* }
    };
    (@item $attributes:tt $inheritance:ident #[inherit $($arguments:tt)+] $($rest:tt)*) => {
        $crate::__private::macros::local! { #[inherit $($arguments)+] $($rest)* }
    };
    (@item [$($attributes:tt)*] $inheritance:ident #$attribute:tt $($rest:tt)*) => {
        $crate::__local! { @item [$($attributes)* #$attribute] $inheritance $($rest)* }
    };
    (@item [$($attributes:tt)*] $inheritance:ident
        $visibility:vis static $name:ident : $type:ty = $init:expr $(; $($rest:tt)*)?
    ) => {
        $($attributes)*
        $visibility static $name: $crate::runtime::LocalKey<$type> = {
            fn init() -> $type {
                $init
            }
            $crate::runtime::LocalKey::__new(init, $crate::__private::$inheritance::<$type>())
        };
        $crate::__local! { $($($rest)*)? }
    };
    (@item [$($attributes:tt)*] $inheritance:ident $($rest:tt)*) => {
        $crate::__private::macros::local! { $($attributes)* $($rest)* }
    };
    ($($rest:tt)+) => {
        $crate::__local! { @item [] not_inherited $($rest)+ }
    };
}
