//! From files to a program: resolves calls, finds the kinds of objects, and summarises what functions do with their
//! parameters.
//!
//! [`Program::link`] runs the steps: names are indexed (`program`), objects get their kinds (`kinds`), operations become
//! events (`interpret`), and functions are summarised (`summarise`).

mod access;
mod aliases;
mod effects;
mod event;
mod getters;
mod interpret;
mod kind;
mod kinds;
mod lazies;
mod lists;
mod methods;
mod names;
mod pauses;
mod program;
mod scope;
mod starts;
mod summarise;
mod summary;
mod switch;
mod typed;

pub use access::AccessPath;
pub use effects::{blocks, effect_of, effect_on, waits};
pub use event::{BlockEvents, Event, EventKind, Face, LockMode, Runner, Started, Stops, Switches, Wait};
pub use kind::{Flavour, Kind, Ours, Scope, Side};
pub use kinds::{PICKS, owner_of};
pub use names::written;
pub use program::{Linked, Program, Unit};
pub use scope::{Inside, body_of, runs_in};
pub use summary::{Effect, LockPath, Summary};
pub use switch::{RUNS_CLOSURES, first_switch, place_of, switches, switches_in};

use rayon::prelude::*;

impl Program {
    /// Links files. `packages` are the names of the crates, by the number in [`Unit::package`].
    #[must_use]
    pub fn link(mut units: Vec<Unit>, packages: &[String]) -> Program {
        names::rename(&mut units);
        let mut program = Program::index(units, packages);
        program.getters = getters::getters(&program);
        let all = 0..program.functions.len();
        let kinds: Vec<_> =
            all.clone().into_par_iter().map(|function| kinds::resolve(&program, function)).collect();
        for (linked, (kinds, roots, made, targets)) in program.functions.iter_mut().zip(kinds) {
            linked.kinds = kinds;
            linked.roots = roots;
            linked.targets = targets;
            let code = &mut program.units[linked.unit].file.functions[linked.index];
            code.objects.extend(made);
        }
        let events: Vec<_> =
            all.into_par_iter().map(|function| interpret::interpret(&program, function)).collect();
        for (linked, found) in program.functions.iter_mut().zip(events) {
            (linked.events, linked.runs, linked.handed) = found;
        }
        program.cut();
        starts::start(&mut program);
        summarise::summarise(&mut program);
        summarise::find_goroutines(&mut program);
        aliases::closed_fields(&mut program);
        program
    }
}
