//! From files to a program: which function a call means, what kind of thing an object is, what a function does with
//! what it is given.

mod event;
mod interpret;
mod kinds;
mod lists;
mod pauses;
mod scope;
mod summary;
mod switch;

pub use event::{BlockEvents, Event, EventKind, Face, LockMode, Runner, Started, Stops, Wait};
pub use kinds::{Flavour, Kind, Ours, Side};
pub use scope::{Inside, Scope, body_of, runs_in};
pub use summary::{Effect, LockPath, Summary, blocks, effect_of, effect_on, lock_path, waits};
pub use switch::{RUNS_CLOSURES, Switches, first_switch, place_of, switches, switches_in};

use crate::ir::{self, BodyId, Function, ObjectId};
use crate::source::SourceFile;
use rayon::prelude::*;
use std::collections::{HashMap, HashSet};
use std::path::Path;

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
    statics: HashMap<(usize, String), (usize, usize)>,
    aliases: HashMap<(usize, String), (usize, usize)>,
    modules: HashSet<(usize, String)>,
    /// What the crates are called in code.
    crates: HashMap<String, usize>,
    /// gochan itself, if it is among them.
    gochan: Option<usize>,
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
    /// Where each body runs.
    pub runs: Vec<Runner>,
    /// Which bodies are closures that a call is given, which may run them or not.
    pub handed: Vec<bool>,
    /// What it does with its parameters.
    pub summary: Summary,
    /// It runs in a goroutine that some function of the workspace starts.
    pub in_goroutine: bool,
}

impl Program {
    /// Links files.
    #[must_use]
    pub fn link(units: Vec<Unit>, packages: &[String]) -> Program {
        // Whatever gochan is made of, its users see what its documentation says.
        let crates = packages.iter().zip(0..).filter(|(name, _)| *name != "gochan");
        let mut program = Program {
            units,
            functions: Vec::new(),
            by_name: HashMap::new(),
            structs: HashMap::new(),
            statics: HashMap::new(),
            aliases: HashMap::new(),
            modules: HashSet::new(),
            gochan: packages.iter().position(|name| name == "gochan"),
            crates: crates.map(|(name, index)| (name.replace('-', "_"), index)).collect(),
        };
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
                    runs: Vec::new(),
                    handed: Vec::new(),
                    summary: Summary::default(),
                    in_goroutine: false,
                });
            }
            for (index, definition) in content.file.structs.iter().enumerate() {
                program.structs.insert((content.package, definition.name.clone()), (unit, index));
            }
            for (index, definition) in content.file.statics.iter().enumerate() {
                program.statics.insert((content.package, definition.name.clone()), (unit, index));
            }
            for (index, (name, _)) in content.file.aliases.iter().enumerate() {
                program.aliases.insert((content.package, name.clone()), (unit, index));
            }
            let modules = content.file.module_names.iter();
            program.modules.extend(modules.map(|module| (content.package, module.clone())));
        }
        let all = 0..program.functions.len();
        let kinds: Vec<_> =
            all.clone().into_par_iter().map(|function| kinds::resolve(&program, function)).collect();
        for (linked, (kinds, roots)) in program.functions.iter_mut().zip(kinds) {
            linked.kinds = kinds;
            linked.roots = roots;
        }
        let events: Vec<_> =
            all.into_par_iter().map(|function| interpret::interpret(&program, function)).collect();
        for (linked, found) in program.functions.iter_mut().zip(events) {
            (linked.events, linked.runs, linked.handed) = found;
        }
        summary::summarise(&mut program);
        summary::find_goroutines(&mut program);
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

    /// The struct of this name in a package, or in another of the workspace.
    #[must_use]
    pub fn structure(&self, package: usize, name: &str) -> Option<&ir::Struct> {
        let known = self.structs.get(&(package, name.to_owned()));
        let &(unit, index) = known.or_else(|| {
            self.crates.values().find_map(|&package| self.structs.get(&(package, name.to_owned())))
        })?;
        self.units[unit].file.structs.get(index)
    }

    /// What a name of the package of `unit` stands for, if it is an alias.
    #[must_use]
    pub fn alias(&self, unit: usize, name: &str) -> Option<&ir::Ty> {
        let &(unit, index) = self.aliases.get(&(self.units[unit].package, name.to_owned()))?;
        self.units[unit].file.aliases.get(index).map(|(_, ty)| ty)
    }

    /// The static of this name in the package of `unit`.
    #[must_use]
    pub fn static_item(&self, unit: usize, name: &str) -> Option<&ir::Static> {
        self.static_place(unit, name).map(|(_, item)| item)
    }

    /// The same, with the unit that it stands in.
    #[must_use]
    pub fn static_place(&self, unit: usize, name: &str) -> Option<(usize, &ir::Static)> {
        let &(unit, index) = self.statics.get(&(self.units[unit].package, name.to_owned()))?;
        Some((unit, self.units[unit].file.statics.get(index)?))
    }

    /// True if a path, as far as it is known where it begins, leads to gochan and not to something else of that name.
    #[must_use]
    pub fn is_ours(&self, unit: usize, path: &[&str]) -> bool {
        const MODULES: [&str; 8] =
            ["chan", "context", "patterns", "runtime", "signal", "sync", "test", "time"];
        let package = self.units[unit].package;
        if self.gochan == Some(package) && matches!(path, [_] | ["crate" | "super" | "self", ..]) {
            return true;
        }
        let defines = |package: usize, name: &str| self.structs.contains_key(&(package, name.to_owned()));
        // What a glob may have brought in.
        let open = || self.units[unit].file.imports.iter().any(|(name, _)| name == "*");
        match path {
            [] => false,
            [name] => open() && !defines(package, name),
            ["gochan", ..] => true,
            ["crate" | "super" | "self", .., last] => !defines(package, last),
            [first, .., last] => match self.crates.get(*first) {
                Some(other) => !defines(*other, last),
                None => {
                    MODULES.contains(first)
                        && open()
                        && !self.modules.contains(&(package, (*first).to_owned()))
                }
            },
        }
    }

    /// The path behind the first segment, if that was imported.
    #[must_use]
    pub fn expand(&self, unit: usize, path: &[String]) -> Vec<String> {
        let Some(first) = path.first() else { return Vec::new() };
        let file = &self.units[unit].file;
        let mut full: Vec<String> = match file.imports.iter().find(|(name, _)| name == first) {
            Some((_, full)) => full.iter().chain(&path[1..]).cloned().collect(),
            None => path.to_vec(),
        };
        // Whatever the crate calls it.
        if full.len() > 1 && full[0] == file.gochan {
            "gochan".clone_into(&mut full[0]);
        }
        full
    }

    /// The function of the workspace that a path call from `caller` means.
    #[must_use]
    pub fn resolve(&self, caller: usize, path: &[String]) -> Option<usize> {
        let unit = self.functions[caller].unit;
        let own = self.units[unit].package;
        let full = self.expand(unit, path);
        let (name, before) = full.split_last()?;
        let is_type = |name: &String| name.starts_with(char::is_uppercase);
        let Some(first) = before.first() else {
            let callee = self.callee(caller, own, None, name)?;
            // A name of another file has to be brought in.
            let imports = &self.units[unit].file.imports;
            let open = imports.iter().any(|(name, path)| {
                name == "*" && !path.is_empty() && matches!(path[0].as_str(), "crate" | "super" | "self")
            });
            let near = self.functions[callee].unit == unit;
            return (near || open && name != "drop").then_some(callee);
        };
        let package = match first.as_str() {
            "crate" | "self" | "super" => own,
            first if self.crates.contains_key(first) => self.crates[first],
            _ if is_type(first) || self.modules.contains(&(own, first.clone())) => own,
            _ => return None,
        };
        let owner = before.last().filter(|last| is_type(last)).map(String::as_str);
        match owner {
            Some("Self") => self.callee(caller, own, self.function(caller).owner.as_deref(), name),
            Some(owner) => self.callee(caller, package, Some(owner), name),
            None => self
                .in_module(package, before.last()?, name)
                .or_else(|| self.callee(caller, package, None, name)),
        }
    }

    /// The function of a module that is a file of its own.
    fn in_module(&self, package: usize, module: &str, name: &str) -> Option<usize> {
        let found = self.by_name.get(&(package, None, name.to_owned()))?;
        let stem = |path: &Path| {
            let stem = path.file_stem()?.to_str()?;
            if stem == "mod" { path.parent()?.file_name()?.to_str() } else { Some(stem) }.map(str::to_owned)
        };
        let mut here = found.iter().copied().filter(|&function| {
            let path = &self.unit(function).source.path;
            self.function(function).module.is_empty() && stem(path).as_deref() == Some(module)
        });
        here.next().filter(|_| here.next().is_none())
    }

    /// The method `name` of a type, called from `caller`.
    #[must_use]
    pub fn method(&self, caller: usize, owner: &str, name: &str) -> Option<usize> {
        let own = self.units[self.functions[caller].unit].package;
        self.callee(caller, own, Some(owner), name).or_else(|| {
            let mut found =
                self.crates.values().filter_map(|&package| self.callee(caller, package, Some(owner), name));
            found.next().filter(|_| found.next().is_none())
        })
    }

    /// The one function that a call can mean: of several with one name the one that is nearest in the same file.
    fn callee(&self, caller: usize, package: usize, owner: Option<&str>, name: &str) -> Option<usize> {
        let found = self.by_name.get(&(package, owner.map(str::to_owned), name.to_owned()))?;
        if let [only] = found[..] {
            return Some(only);
        }
        let unit = self.functions[caller].unit;
        let mut home = self.function(caller).module.clone();
        home.push(self.function(caller).name.clone());
        let near = |function: usize| {
            let module = &self.function(function).module;
            // Only what is around the caller is in its sight.
            let common = module.iter().zip(&home).take_while(|(a, b)| a == b).count();
            (common == module.len(), common)
        };
        let here = found.iter().copied().filter(|&function| self.functions[function].unit == unit);
        let here: Vec<usize> = here.collect();
        let best = here.iter().copied().max_by_key(|&function| near(function))?;
        (here.iter().filter(|&&function| near(function) == near(best)).count() == 1).then_some(best)
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
