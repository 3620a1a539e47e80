//! String literals that are sent. They take the channel's type, as Go's constants do: a `String` is made of one.

use super::macro_ops::SendSide;
use std::fmt;
use std::marker::PhantomData;

/// The type that is wanted of a literal. Of three methods of one name the compiler takes the first that fits: the one of
/// `&str`, then that of types that are made of it; the last leaves the literal as it is, for the compiler to report.
pub struct Text<T>(PhantomData<fn() -> T>);

impl<T> Text<T> {
    /// The element type of `channel`.
    // `Item = T`: for a type that is no channel, `S::Item` would be a second error.
    #[inline(always)]
    pub fn of<S: SendSide<Item = T> + ?Sized>(_: &S) -> Text<T> {
        Text(PhantomData)
    }
}

impl<T> fmt::Debug for Text<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Text")
    }
}

/// The methods of [`Text`].
#[doc(hidden)]
pub mod makers {
    use super::Text;

    pub trait Plain<'a> {
        fn made(&self, literal: &'static str) -> &'a str;
    }

    impl<'a> Plain<'a> for &&Text<&'a str> {
        #[inline(always)]
        fn made(&self, literal: &'static str) -> &'a str {
            literal
        }
    }

    pub trait Owned<T> {
        fn made(&self, literal: &'static str) -> T;
    }

    impl<T: From<&'static str>> Owned<T> for &Text<T> {
        #[inline(always)]
        fn made(&self, literal: &'static str) -> T {
            T::from(literal)
        }
    }

    pub trait Other {
        fn made(&self, literal: &'static str) -> &'static str;
    }

    impl<T> Other for Text<T> {
        #[inline(always)]
        fn made(&self, literal: &'static str) -> &'static str {
            literal
        }
    }
}
