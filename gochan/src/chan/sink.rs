//! A sender as a sink of async code.

use super::error::{SendError, TrySendError};
use super::handle::Sender;
use futures_sink::Sink;
use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

type InFlight<T> = Pin<Box<dyn Future<Output = Result<(), SendError<T>>> + Send>>;

/// What `sink` returns: a [`futures_sink::Sink`] that sends to a channel.
///
/// It holds at most one value that the channel has no room for yet. Closing the sink, or dropping it, drops its handle of
/// the channel, and with it such a value; the channel closes when no other handle can send. A value that is sent after the
/// sink was closed, or to a closed channel, comes back in the error.
#[must_use = "a sink does nothing unless it is used"]
pub struct SendSink<T> {
    /// None once the sink has been closed.
    sender: Option<Sender<T>>,
    /// The send of a value for which there was no room.
    sending: Option<InFlight<T>>,
}

impl<T> SendSink<T> {
    pub(super) fn new(sender: Sender<T>) -> SendSink<T> {
        SendSink { sender: Some(sender), sending: None }
    }

    /// Ready if no value is in flight.
    fn poll_sent(&mut self, task: &mut Context<'_>) -> Poll<Result<(), SendError<T>>> {
        let Some(sending) = &mut self.sending else { return Poll::Ready(Ok(())) };
        let result = ready!(sending.as_mut().poll(task));
        self.sending = None;
        Poll::Ready(result)
    }
}

// The future is behind a pointer, and the value within it.
impl<T> Unpin for SendSink<T> {}

impl<T: Send + 'static> Sink<T> for SendSink<T> {
    type Error = SendError<T>;

    fn poll_ready(self: Pin<&mut Self>, task: &mut Context<'_>) -> Poll<Result<(), SendError<T>>> {
        self.get_mut().poll_sent(task)
    }

    fn start_send(self: Pin<&mut Self>, value: T) -> Result<(), SendError<T>> {
        let this = self.get_mut();
        assert!(this.sending.is_none(), "SendSink::start_send without a `poll_ready` that was ready");
        let Some(sender) = &this.sender else { return Err(SendError(value)) };
        match sender.try_send(value) {
            Ok(()) => Ok(()),
            Err(TrySendError::Closed(value)) => Err(SendError(value)),
            Err(TrySendError::Full(value)) => {
                let sender = sender.clone();
                this.sending = Some(Box::pin(async move { sender.send_async(value).await }));
                Ok(())
            }
        }
    }

    fn poll_flush(self: Pin<&mut Self>, task: &mut Context<'_>) -> Poll<Result<(), SendError<T>>> {
        self.get_mut().poll_sent(task)
    }

    fn poll_close(self: Pin<&mut Self>, task: &mut Context<'_>) -> Poll<Result<(), SendError<T>>> {
        let this = self.get_mut();
        let result = ready!(this.poll_sent(task));
        this.sender = None;
        Poll::Ready(result)
    }
}

impl<T> fmt::Debug for SendSink<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SendSink<T>")
    }
}
