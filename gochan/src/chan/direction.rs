//! Methods that the halves do not have. They exist for the compiler's words: who writes `rx.close()` is told that
//! closing is the sender's job, instead of that there is a method `clone`. Their bounds never hold, so nothing can
//! call them.

use super::{CloseSide, Receiver, RecvSide, SendError, SendSide, Sender};

impl<T> Receiver<T> {
    #[doc(hidden)]
    pub fn close(&self) -> bool
    where
        Self: CloseSide,
    {
        nobody()
    }

    #[doc(hidden)]
    pub fn send(&self, _: T) -> Result<(), SendError<T>>
    where
        Self: SendSide,
    {
        nobody()
    }
}

impl<T> Sender<T> {
    #[doc(hidden)]
    pub fn recv(&self) -> Option<T>
    where
        Self: RecvSide,
    {
        nobody()
    }

    #[doc(hidden)]
    pub fn iter(&self) -> super::Iter<'_, T>
    where
        Self: RecvSide,
    {
        nobody()
    }
}

fn nobody() -> ! {
    unreachable!("called past a bound that does not hold")
}
