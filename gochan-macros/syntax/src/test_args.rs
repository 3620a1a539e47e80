//! The arguments of `#[gochan::test]`.

use syn::parse::{Parse, ParseStream};
use syn::{Error, Expr, ExprArray, Ident, Lit, Path, Result, Token};

use crate::main_test::{argument_name, number};
use crate::time;

/// `virtual_time, explore = …, limit = …, jumps = …, timeout = "…", allow = […], stack_size = …, crate = …`
#[derive(Clone, Default)]
#[cfg_attr(any(test, feature = "extra-traits"), derive(Debug))]
pub struct TestArgs {
    /// Time passes only when all goroutines wait.
    pub virtual_time: Option<Ident>,
    /// The number of interleavings to run.
    pub explore: Option<Explore>,
    /// The maximum number of interleavings, and the name of the argument.
    pub limit: Option<(Ident, Expr)>,
    /// How often in a run the clock may jump while goroutines can run, and the name of the argument.
    pub jumps: Option<(Ident, Expr)>,
    /// The timeout of the test in nanoseconds.
    pub timeout: Option<u64>,
    /// Goroutines that may be left.
    pub allow: Option<ExprArray>,
    /// The stack size of the body in bytes.
    pub stack_size: Option<Expr>,
    /// The path of gochan, for a crate that reaches it by another path.
    pub krate: Option<Path>,
}

/// The extent of an exploration.
#[derive(Clone)]
#[cfg_attr(any(test, feature = "extra-traits"), derive(Debug))]
pub enum Explore {
    /// This many runs.
    Runs(Box<Expr>),
    /// One run for each interleaving.
    All,
}

impl Parse for Explore {
    fn parse(input: ParseStream) -> Result<Self> {
        let runs: Expr = input.parse()?;
        let Expr::Lit(literal) = &runs else { return Ok(Explore::Runs(Box::new(runs))) };
        match &literal.lit {
            Lit::Str(text) if text.value() == "all" => Ok(Explore::All),
            Lit::Str(text) => {
                let message = "`explore` is a number of runs, or \"all\" for every interleaving";
                Err(Error::new(text.span(), message))
            }
            Lit::Int(count) if count.base10_digits() == "0" => {
                Err(Error::new(count.span(), "`explore = 0` runs nothing: ask for at least 1 run"))
            }
            _ => Ok(Explore::Runs(Box::new(runs))),
        }
    }
}

/// Each argument that takes a value, with an example of its use.
const EXAMPLES: [(&str, &str); 7] = [
    ("explore", "explore = 200"),
    ("limit", "limit = 1_000_000"),
    ("jumps", "jumps = 0"),
    ("timeout", "timeout = \"5s\""),
    ("allow", "allow = [\"name\", \"src/pool.rs\"]"),
    ("stack_size", "stack_size = 16 << 20"),
    ("crate", "crate = my::gochan"),
];

impl Parse for TestArgs {
    fn parse(input: ParseStream) -> Result<Self> {
        let mut args = TestArgs::default();
        while !input.is_empty() {
            let name = argument_name(input, "timeout = \"5s\"")?;
            let twice = if name == "virtual_time" {
                if input.peek(Token![=]) {
                    return Err(Error::new(
                        name.span(),
                        "`virtual_time` takes no value: leave it out, or not",
                    ));
                }
                args.virtual_time.replace(name.clone()).is_some()
            } else {
                value_follows(&name, input)?;
                args.read_value(&name, input)?
            };
            if twice {
                return Err(Error::new(name.span(), format!("`{name}` is given twice")));
            }
            if !input.is_empty() {
                input.parse::<Token![,]>()?;
            }
        }
        if let (Some((jumps, _)), None) = (&args.jumps, &args.explore) {
            return Err(Error::new(jumps.span(), "`jumps` is for explorations: add `explore = 200`"));
        }
        if let (Some((limit, _)), None | Some(Explore::Runs(_))) = (&args.limit, &args.explore) {
            return Err(Error::new(
                limit.span(),
                "`limit` is for explorations of everything: add `explore = \"all\"`",
            ));
        }
        Ok(args)
    }
}

fn value_follows(name: &Ident, input: ParseStream) -> Result<()> {
    let Some((_, example)) = EXAMPLES.iter().find(|(known, _)| name == known) else {
        let mut known = EXAMPLES.map(|(_, example)| format!("`{example}`")).join(", ");
        known.insert_str(0, "`virtual_time`, ");
        return Err(Error::new(
            name.span(),
            match name.to_string().as_str() {
                "start_paused" | "paused" => {
                    "a clock that jumps to the next deadline is `virtual_time`".to_owned()
                }
                "flavor" | "worker_threads" => {
                    "the runtime has one flavor, and a test needs no workers: remove this".to_owned()
                }
                _ => format!("unknown argument `{name}`: there are {known}"),
            },
        ));
    };
    if !input.peek(Token![=]) {
        return Err(Error::new(name.span(), format!("`{name}` needs a value: `{example}`")));
    }
    input.parse::<Token![=]>().map(drop)
}

impl TestArgs {
    /// True if the argument was given before.
    fn read_value(&mut self, name: &Ident, input: ParseStream) -> Result<bool> {
        Ok(match name.to_string().as_str() {
            "explore" => self.explore.replace(input.parse()?).is_some(),
            "limit" => self.limit.replace((name.clone(), input.parse()?)).is_some(),
            "jumps" => self.jumps.replace((name.clone(), input.parse()?)).is_some(),
            "timeout" => self.timeout.replace(time::parse(input, "timeout")?).is_some(),
            "allow" => {
                let entries: ExprArray = input.parse().map_err(|error| {
                    Error::new(
                        error.span(),
                        "`allow` is a list of strings: `allow = [\"name\", \"src/pool.rs\"]`",
                    )
                })?;
                self.allow.replace(entries).is_some()
            }
            "stack_size" => self.stack_size.replace(number(input, "stack_size = 16 << 20")?).is_some(),
            _ => self.krate.replace(Path::parse_mod_style(input)?).is_some(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{accept, assert_rejects};

    #[test]
    fn arguments() {
        let none: TestArgs = accept("");
        assert!(none.virtual_time.is_none() && none.explore.is_none() && none.timeout.is_none());
        let all: TestArgs = accept(
            "virtual_time, explore = 10 * RUNS, jumps = 2, timeout = \"2m\", allow = [\"a\"], stack_size = 1, crate = a::b,",
        );
        assert!(all.jumps.is_some_and(|(name, _)| name == "jumps"));
        assert!(all.virtual_time.is_some() && all.explore.is_some() && all.krate.is_some());
        assert_eq!(all.timeout, Some(120_000_000_000));
        assert_eq!(all.allow.map(|entries| entries.elems.len()), Some(1));
        assert_eq!(accept::<TestArgs>("timeout = \"500ms\"").timeout, Some(500_000_000));
        let everything: TestArgs = accept("explore = \"all\", limit = 5");
        assert!(matches!(everything.explore, Some(Explore::All)) && everything.limit.is_some());
    }

    #[test]
    fn mistaken_arguments() {
        assert_rejects::<TestArgs>(
            "runs = 1",
            "runs",
            "unknown argument `runs`: there are `virtual_time`, `exp",
        );
        assert_rejects::<TestArgs>("start_paused = true", "start_paused", "`virtual_time`");
        assert_rejects::<TestArgs>("flavor = \"multi_thread\"", "flavor", "remove this");
        assert_rejects::<TestArgs>("5", "5", "an argument has a name");
        assert_rejects::<TestArgs>("stack_size = \"1MB\"", "\"1MB\"", "without quotes");
        assert_rejects::<TestArgs>("explore", "explore", "`explore` needs a value: `explore = 200`");
        assert_rejects::<TestArgs>("explore = 0", "0", "runs nothing");
        assert_rejects::<TestArgs>("jumps = 1", "jumps", "`jumps` is for explorations: add `explore = 200`");
        assert_rejects::<TestArgs>("explore = 1, jumps", "jumps", "`jumps` needs a value: `jumps = 0`");
        assert_rejects::<TestArgs>("explore = \"most\"", "\"most\"", "a number of runs, or \"all\"");
        assert_rejects::<TestArgs>("explore = 9, limit = 9", "limit", "add `explore = \"all\"`");
        assert_rejects::<TestArgs>("virtual_time = true", "virtual_time", "takes no value");
        assert_rejects::<TestArgs>("virtual_time, virtual_time", "virtual_time", "given twice");
        assert_rejects::<TestArgs>("timeout = 5", "5", "a string with a unit");
        assert_rejects::<TestArgs>("timeout = \"5\"", "\"5\"", "a whole number and a unit");
        assert_rejects::<TestArgs>("timeout = \"0s\"", "\"0s\"", "a whole number and a unit");
        assert_rejects::<TestArgs>("timeout = \"6000000h\"", "\"6000000h\"", "a whole number and a unit");
        assert_rejects::<TestArgs>("allow = \"name\"", "\"name\"", "a list of strings");
        assert_rejects::<TestArgs>("timeout = \"1s\" explore = 1", "explore", "expected `,`");
    }
}
