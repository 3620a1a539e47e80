//! From files to a program: which function a call means, what kind of thing an object is, what a function does with
//! what it is given.

mod events;
mod kinds;
mod summary;

pub use events::{BlockEvents, Event, EventKind, Face, LockMode, Started, Wait};
pub use kinds::{Flavour, Kind, Side};
pub use summary::{Effect, Summary, blocks, effect_of, effect_on};

use crate::ir::{self, BodyId, Function, ObjectId};
use crate::source::SourceFile;
use std::collections::HashMap;

/// A file of the program.
#[derive(Debug)]
pub struct Unit {
    /// Its text.
    pub source: SourceFile,
    /// What it declares.
    pub file: ir::File,
    /// The crate it belongs to: functions of different crates are told apart.
    pub package: usize,
}

/// All that is linted together.
#[derive(Debug)]
pub struct Program {
    /// The files.
    pub units: Vec<Unit>,
    /// Every function of every file.
    pub functions: Vec<Linked>,
    /// By name, and by the type they are methods of.
    by_name: HashMap<(usize, Option<String>, String), Vec<usize>>,
    structs: HashMap<(usize, String), (usize, usize)>,
}

/// A function and what was found out about it.
#[derive(Debug)]
pub struct Linked {
    /// The file it is in.
    pub unit: usize,
    /// Which of the file's functions.
    pub index: usize,
    /// What each object is.
    pub kinds: Vec<Kind>,
    /// The object that each is another handle of; itself, if none.
    pub roots: Vec<ObjectId>,
    /// What happens in each block of each body.
    pub events: Vec<Vec<BlockEvents>>,
    /// What it does with its parameters.
    pub summary: Summary,
}

impl Program {
    /// Links files.
    #[must_use]
    pub fn link(units: Vec<Unit>) -> Program {
        let mut program =
            Program { units, functions: Vec::new(), by_name: HashMap::new(), structs: HashMap::new() };
        for (unit, content) in program.units.iter().enumerate() {
            for (index, function) in content.file.functions.iter().enumerate() {
                let key = (content.package, function.owner.clone(), function.name.clone());
                program.by_name.entry(key).or_default().push(program.functions.len());
                program.functions.push(Linked {
                    unit,
                    index,
                    kinds: Vec::new(),
                    roots: Vec::new(),
                    events: Vec::new(),
                    summary: Summary::default(),
                });
            }
            for (index, definition) in content.file.structs.iter().enumerate() {
                program.structs.insert((content.package, definition.name.clone()), (unit, index));
            }
        }
        for function in 0..program.functions.len() {
            let (kinds, roots) = kinds::resolve(&program, function);
            program.functions[function].kinds = kinds;
            program.functions[function].roots = roots;
        }
        for function in 0..program.functions.len() {
            program.functions[function].events = events::interpret(&program, function);
        }
        summary::summarise(&mut program);
        program
    }

    /// The function as it was read.
    #[must_use]
    pub fn function(&self, function: usize) -> &Function {
        let linked = &self.functions[function];
        &self.units[linked.unit].file.functions[linked.index]
    }

    /// The file that a function is in.
    #[must_use]
    pub fn unit(&self, function: usize) -> &Unit {
        &self.units[self.functions[function].unit]
    }

    fn structure(&self, package: usize, name: &str) -> Option<&ir::Struct> {
        let &(unit, index) = self.structs.get(&(package, name.to_owned()))?;
        self.units[unit].file.structs.get(index)
    }

    /// The one function that a call from `unit` can mean.
    pub(crate) fn callee(&self, unit: usize, owner: Option<&str>, name: &str) -> Option<usize> {
        let package = self.units[unit].package;
        let found = self.by_name.get(&(package, owner.map(str::to_owned), name.to_owned()))?;
        match found[..] {
            [only] => Some(only),
            // Of several with one name, that of the same file.
            _ => {
                let mut here =
                    found.iter().copied().filter(|&function| self.functions[function].unit == unit);
                here.next().filter(|_| here.next().is_none())
            }
        }
    }
}

impl Linked {
    /// What an object is.
    #[must_use]
    pub fn kind(&self, object: ObjectId) -> &Kind {
        &self.kinds[object.at()]
    }

    /// The object that this is another handle of.
    #[must_use]
    pub fn root(&self, object: ObjectId) -> ObjectId {
        self.roots[object.at()]
    }

    /// Every event of a body, with its block.
    pub fn body_events(&self, body: BodyId) -> impl Iterator<Item = &Event> {
        self.events[body.at()].iter().flat_map(|block| &block.0)
    }
}
