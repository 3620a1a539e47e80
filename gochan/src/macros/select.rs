//! `select!`.

/// Waits for the first of several channel operations that can go on, and runs its arm: Go's `select` statement.
///
/// # Arms
///
/// | arm | taken when | what it does |
/// |---|---|---|
/// | `v = <-rx => …` | a value is there, or `rx` is closed | `v` is the value; once closed and drained, the zero value ([`Default`]) |
/// | `v, ok = <-rx => …` | likewise | `ok` is false for the zero value of a closed channel |
/// | `<-rx => …` | likewise | drops the value; asks for no `Default` |
/// | `Some(v) = <-rx => …` | a value is there | the arm is off once `rx` is closed and drained; no `Default` |
/// | `Some(v) = <-rx else E => …` | a value is there, or `rx` is closed | `E` instead of the body once `rx` is closed and drained; no `Default` |
/// | `tx <- e => …` | a receiver takes it or the buffer has room, or `tx` is closed | sends; panics if `tx` is closed |
/// | `r = tx <- e => …` | likewise | `r: Result<(), SendError<T>>` instead of a panic |
/// | `default => …` | no other arm can go on right now | the `select!` never waits |
/// | `else => …` | every other arm is off | instead of waiting for ever |
///
/// What is bound, `v`, `ok` or `r`, is a pattern that always matches: `(a, b)`, `mut v`, `_`. A body is an
/// expression; arms are separated as in `match`, with a comma unless the body is a block. There is at most one
/// `default` or `else`, at any place.
///
/// The channel is a handle, a reference to one, a `Box`, `Rc`, `Arc` or `LazyLock` of one, or an `Option` of one.
///
/// Before its `=>`, every arm but `default` and `else` may have a guard, `, if condition`: the arm is off when it
/// is false. It decides before anything is received, so it cannot look at the value. An arm is off as well on a nil channel: [`Chan::nil`](crate::Chan::nil) and its like, or `None` where
/// an `Option` of a handle stands. When all arms are off and there is neither `default` nor `else`, the select
/// waits for ever; so does `select! {}`, whose type is `!`.
///
/// # Order and chance
///
/// All operands, channels, values to send and guards, are evaluated first: once, in the order they are written
/// in, those of arms that are not taken included. Their temporaries, such as the channel in `<-after(d)`, live
/// until the choice is made and end before the body runs.
///
/// Among arms that can go on the choice is uniformly random. With `biased;` in front of the arms, the first of
/// them in source order is taken.
///
/// # Values that are not sent
///
/// When the value of a send is a variable, a field (`self.job`) or what one of them points to (`*job`), it stays
/// there unless its arm is taken: the other arms may use it, and so may the code after a loop of selects. It needs
/// exactly the channel's element type. Every other value, such as `make()` or `a[i]`, is dropped when another arm
/// is taken, before that arm's body runs; braces make it so, too, and coerce: `tx <- { job }`.
///
/// # Bodies
///
/// Bodies are part of the function they stand in: `break`, `continue`, `return`, `?` and borrowed variables work
/// as in a `match`, and the value of the body is that of the whole.
///
/// # Panics
///
/// With `send on closed channel` when a send arm without `r =` is taken on a closed channel, or, saying so, on one
/// that nobody is left to receive from.
///
/// A panic in the destructor of an operand's temporary, after a variable's value was sent and before the body
/// runs, ends the process.
///
/// # Blocking
///
/// Until an arm can go on; with `default` never.
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
/// A job that could not be handed over in time is still here:
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
/// Taking what is there without waiting:
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
