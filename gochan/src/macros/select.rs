//! `select!`.

/// Waits until one of several channel operations can proceed, and runs its arm: Go's `select` statement.
///
/// # Arms
///
/// | arm | taken when | what it does |
/// |---|---|---|
/// | `v = <-rx => …` | a value is there, or `rx` is closed | `v` is the value; once closed and drained, the zero value ([`Default`], as in [`recv!`](macro@crate::recv)) |
/// | `v, ok = <-rx => …` | likewise | `ok` is false for the zero value of a closed channel |
/// | `<-rx => …` | likewise | drops the value; needs no `Default` |
/// | `Some(v) = <-rx => …` | a value is there | the arm is off once `rx` is closed and drained; no `Default` |
/// | `Some(v) = <-rx else E => …` | a value is there, or `rx` is closed | `E` instead of the body once `rx` is closed and drained; no `Default` |
/// | `tx <- e => …` | a receiver takes it or the buffer has room, or `tx` is closed | sends; panics if `tx` is closed |
/// | `r = tx <- e => …` | likewise | `r: Result<(), SendError<T>>` instead of a panic |
/// | `default => …` | no other arm can proceed right now | the `select!` never waits, see [below](#loops-with-default) |
/// | `else => …` | every other arm is off | instead of waiting forever |
///
/// The bindings `v`, `ok` and `r` are irrefutable patterns: `(a, b)`, `mut v`, `_`. A body is an expression; arms are
/// separated as in `match`, with a comma unless the body is a block. There is at most one `default` or `else`, in any
/// position.
///
/// The channel is a handle, a reference to one, a `Box`, `Rc`, `Arc` or `LazyLock` of one, or an `Option` of one.
///
/// Before its `=>`, every arm except `default` and `else` may have a guard, `, if condition`: the arm is off if the
/// condition is false. The guard is evaluated before anything is received, so it cannot use the value. An arm on a nil
/// channel is also off: [`Chan::nil`](crate::Chan::nil) and the like, or `None` for an `Option` of a handle. If all
/// arms are off and there is neither `default` nor `else`, the select waits forever; so does `select! {}`, whose type
/// is `!`.
///
/// # Order and choice
///
/// All operands (channels, values to send, and guards) are evaluated first: once, in source order, including those of
/// arms that are not taken. Their temporaries, such as the channel in `<-after(d)`, live until the choice is made and
/// are dropped before the body runs.
///
/// The choice among the arms that can proceed is uniformly random. With `biased;` before the arms, the first of them in
/// source order is taken.
///
/// # Loops with `default`
///
/// A `select!` with `default` never waits, but yields once its goroutine has run for 10 ms, so that a program may call
/// it in a loop; except where it may be inside a `thread_local!` initialiser or another recognised
/// [scope of the thread](crate#safety), and so never in an executable without symbols (`strip = true`). Such a loop is
/// reported after a second if it holds up other goroutines: call [`gosched`](crate::runtime::gosched) in it.
///
/// # Values that are not sent
///
/// If the value of a send is a variable, a field (`self.job`) or a dereference of one (`*job`), it is moved only if its
/// arm is taken: the other arms may use it, and so may the code after a loop of selects. It must have exactly the
/// channel's element type. Any other value, such as `make()` or `a[i]`, is dropped when another arm is taken, before
/// that arm's body runs; braces have the same effect and allow coercions: `tx <- { job }`. A string literal takes the
/// channel's type, as in [`send!`](macro@crate::send).
///
/// # Bodies
///
/// Bodies are part of the enclosing function: `break`, `continue`, `return`, `?` and borrowed variables work as in a
/// `match`, and the value of the body is that of the `select!`.
///
/// # Panics
///
/// With `send on closed channel` if a send arm without `r =` is taken on a closed channel; with another message if it
/// is taken on a channel without receivers.
///
/// A panic in the destructor of an operand's temporary, after the value of a variable was sent and before the body
/// runs, ends the process.
///
/// # Blocking
///
/// Blocks until an arm can proceed; with `default`, never. Parks the goroutine, or blocks the thread outside of
/// goroutines.
///
/// # Examples
///
/// ```
/// use gochan::prelude::*;
/// use std::time::Duration;
///
/// let (jobs, quit) = (chan!(u32), chan!(()));
/// go!([jobs, quit] {
///     (1..=3).for_each(|job| send!(jobs <- job));
///     close!(quit);
/// });
///
/// let timeout = after(Duration::from_secs(60));
/// let mut sum = 0;
/// loop {
///     select! {
///         job = <-jobs => sum += job,
///         <-quit => break,
///         <-timeout => panic!("not done in time"),
///     }
/// }
/// assert_eq!(sum, 6);
/// ```
///
/// Merging two channels until both are closed:
///
/// ```
/// use gochan::prelude::*;
///
/// fn merge(a: Receiver<i32>, b: Receiver<i32>, out: Sender<i32>) {
///     loop {
///         select! {
///             Some(v) = <-a => send!(out <- v),
///             Some(v) = <-b => send!(out <- v),
///             else => break,
///         }
///     }
/// }
/// # let (a, b, out) = (chan!(i32, 2), chan!(i32, 2), chan!(i32, 4));
/// # for v in 1..=2 { send!(a <- v); send!(b <- 10 * v); }
/// # close!(a); close!(b);
/// # merge(a.receiver(), b.receiver(), out.sender());
/// # assert_eq!(out.try_iter().sum::<i32>(), 33);
/// ```
///
/// A job that could not be handed over in time is kept:
///
/// ```
/// use gochan::prelude::*;
///
/// fn offer(job: String, workers: &Sender<String>, stop: &Receiver<()>) -> Result<(), String> {
///     select! {
///         workers <- job => Ok(()),
///         <-stop => Err(job),
///     }
/// }
/// # let (workers, stop) = (chan!(String), chan!(()));
/// # close!(stop);
/// # assert_eq!(offer("job".into(), &workers.sender(), &stop.receiver()), Err("job".to_owned()));
/// ```
///
/// Receiving without waiting:
///
/// ```
/// use gochan::prelude::*;
///
/// let inbox = chan!(&str, 1);
/// let look = || select! {
///     Some(letter) = <-inbox => letter,
///     default => "nothing new",
/// };
/// assert_eq!(look(), "nothing new");
/// send!(inbox <- "hello");
/// assert_eq!(look(), "hello");
/// ```
#[doc(alias = "case")]
#[doc(alias = "switch")]
#[macro_export]
macro_rules! select {
    ($($input:tt)*) => { $crate::__private::macros::select! { [$crate] $($input)* } };
}
