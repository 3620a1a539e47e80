//! The channels that async peers use, behind one face.

use std::future::Future;

/// A bounded channel. Capacity 0 means a rendezvous where the crate has one, and capacity 1 where it has not
/// (then the driver marks the peer as weaker for that workload).
pub trait Channel: Send + Sync + 'static {
    type Tx<T: Send + 'static>: Clone + Send + Sync + 'static;
    type Rx<T: Send + 'static>: Send + 'static;

    fn bounded<T: Send + 'static>(capacity: usize) -> (Self::Tx<T>, Self::Rx<T>);
    /// False when nobody can receive any more.
    fn send<T: Send + 'static>(tx: &Self::Tx<T>, value: T) -> impl Future<Output = bool> + Send;
    fn recv<T: Send + 'static>(rx: &mut Self::Rx<T>) -> impl Future<Output = Option<T>> + Send;
}

/// A channel that several receivers may share.
pub trait Shared: Channel {
    fn share<T: Send + 'static>(rx: &Self::Rx<T>) -> Self::Rx<T>;
}

/// A channel whose receive may be abandoned half-way, as `tokio::select!` does with the arms that lose. Kanal
/// is not one: a value that was handed to an abandoned receive is gone.
pub trait CancelSafe: Channel {}

macro_rules! shared_channel {
    ($name:ident, $tx:ident, $rx:ident, $new:expr, $send:ident, $recv:ident) => {
        pub struct $name;

        impl Channel for $name {
            type Tx<T: Send + 'static> = $tx<T>;
            type Rx<T: Send + 'static> = $rx<T>;

            fn bounded<T: Send + 'static>(capacity: usize) -> (Self::Tx<T>, Self::Rx<T>) {
                $new(capacity)
            }

            async fn send<T: Send + 'static>(tx: &Self::Tx<T>, value: T) -> bool {
                tx.$send(value).await.is_ok()
            }

            async fn recv<T: Send + 'static>(rx: &mut Self::Rx<T>) -> Option<T> {
                rx.$recv().await.ok()
            }
        }

        impl Shared for $name {
            fn share<T: Send + 'static>(rx: &Self::Rx<T>) -> Self::Rx<T> {
                rx.clone()
            }
        }
    };
}

impl CancelSafe for Flume {}
impl CancelSafe for AsyncChannel {}
impl CancelSafe for Mpsc {}

use async_channel::{Receiver as AsyncChannelRx, Sender as AsyncChannelTx};
use flume::{Receiver as FlumeRx, Sender as FlumeTx};
use kanal::{AsyncReceiver as KanalRx, AsyncSender as KanalTx};

shared_channel!(Kanal, KanalTx, KanalRx, kanal::bounded_async, send, recv);
shared_channel!(Flume, FlumeTx, FlumeRx, flume::bounded, send_async, recv_async);
shared_channel!(AsyncChannel, AsyncChannelTx, AsyncChannelRx, at_least_one, send, recv);

fn at_least_one<T>(capacity: usize) -> (AsyncChannelTx<T>, AsyncChannelRx<T>) {
    async_channel::bounded(capacity.max(1))
}

/// tokio's own channel: one receiver, no rendezvous.
pub struct Mpsc;

impl Channel for Mpsc {
    type Tx<T: Send + 'static> = tokio::sync::mpsc::Sender<T>;
    type Rx<T: Send + 'static> = tokio::sync::mpsc::Receiver<T>;

    fn bounded<T: Send + 'static>(capacity: usize) -> (Self::Tx<T>, Self::Rx<T>) {
        tokio::sync::mpsc::channel(capacity.max(1))
    }

    async fn send<T: Send + 'static>(tx: &Self::Tx<T>, value: T) -> bool {
        tx.send(value).await.is_ok()
    }

    async fn recv<T: Send + 'static>(rx: &mut Self::Rx<T>) -> Option<T> {
        rx.recv().await
    }
}
