//! `close!(ch)`.

use syn::parse::{Parse, ParseStream};
use syn::{Error, Expr, Result, Token};

use crate::tokens::{self, error_at, parse_all};

/// The input of `close!`.
#[derive(Clone)]
#[cfg_attr(any(test, feature = "extra-traits"), derive(Debug))]
pub struct Close {
    /// The channel to close.
    pub channel: Expr,
}

impl Parse for Close {
    fn parse(input: ParseStream) -> Result<Self> {
        if input.is_empty() {
            return Err(Error::new(input.span(), "`close!` needs a channel: `close!(ch)`"));
        }
        let tokens = tokens::rest(input)?;
        let tokens = tokens::without_trailing_comma(&tokens);
        if tokens::find_arrow(tokens) == Some(0) {
            return Err(error_at(&tokens[..2], "`close!` needs no arrow: `close!(ch)`"));
        }
        parse_all(tokens, |input| {
            let channel = input.parse()?;
            if input.peek(Token![,]) {
                return Err(input.error("`close!` closes one channel: write one `close!` for each"));
            }
            Ok(Close { channel })
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{accept, assert_rejects};

    #[test]
    fn any_expression_can_be_the_channel() {
        for channel in ["ch", "&tx", "self.out", "arr[i]", "make::<A, B>()", "ch,"] {
            accept::<Close>(channel);
        }
    }

    #[test]
    fn mistakes() {
        assert_rejects::<Close>("", "", "`close!(ch)`");
        assert_rejects::<Close>("a, b", ",", "one `close!` for each");
        assert_rejects::<Close>("<-a", "<-", "needs no arrow");
        assert_rejects::<Close>("a b", "b", "unexpected `b`");
    }
}
