//! Methods that the halves do not have. They exist for the compiler's messages: for `rx.close()` it reports that
//! closing is the sender's job, instead of proposing the method `clone`. Their bounds never hold, so they cannot be
//! called.

use super::{CloseSide, Receiver, RecvSide, SendError, SendSide, Sender};
use crate::base::report::not_callable;

impl<T> Receiver<T> {
    #[doc(hidden)]
    pub fn close(&self) -> bool
    where
        Self: CloseSide,
    {
        not_callable()
    }

    #[doc(hidden)]
    pub fn send(&self, _: T) -> Result<(), SendError<T>>
    where
        Self: SendSide,
    {
        not_callable()
    }
}

impl<T> Sender<T> {
    #[doc(hidden)]
    pub fn recv(&self) -> Option<T>
    where
        Self: RecvSide,
    {
        not_callable()
    }

    #[doc(hidden)]
    pub fn iter(&self) -> super::Iter<'_, T>
    where
        Self: RecvSide,
    {
        not_callable()
    }
}
