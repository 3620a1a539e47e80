//! The program: its files and functions, and the resolution of names.

use super::event::{BlockEvents, Event, EventKind, Runner};
use super::kind::Kind;
use super::summary::Summary;
use crate::ir::{self, BlockId, BodyId, Function, ObjectId};
use crate::source::SourceFile;
use std::collections::{HashMap, HashSet};
use std::path::Path;

/// A parameter and the fields that lead from it to the value that a function always returns.
pub(super) type Getter = (usize, Vec<String>);

/// A file of the program.
#[derive(Debug)]
pub struct Unit {
    /// Its text.
    pub source: SourceFile,
    /// What it declares.
    pub file: ir::File,
    /// The number of the crate it belongs to.
    pub package: usize,
}

/// The files that are linted together.
#[derive(Debug)]
pub struct Program {
    /// The files.
    pub units: Vec<Unit>,
    /// Every function of every file.
    pub functions: Vec<Linked>,
    /// The functions by crate, type and name.
    by_name: HashMap<(usize, Option<String>, String), Vec<usize>>,
    structs: HashMap<(usize, String), (usize, usize)>,
    statics: HashMap<(usize, String), (usize, usize)>,
    aliases: HashMap<(usize, String), (usize, usize)>,
    modules: HashSet<(usize, String)>,
    /// What modules import from gochan by another name, by that name.
    exported: HashMap<(usize, String), Vec<String>>,
    /// The crates by their names in code.
    crates: HashMap<String, usize>,
    /// The functions that return a field of a parameter.
    pub(super) getters: HashMap<usize, Getter>,
    /// The functions that implement a method of a trait, by its name and that of the method.
    implementations: HashMap<(String, String), Vec<usize>>,
    /// For each function, whether no call of it returns.
    pub(super) never_returns: Vec<bool>,
    /// gochan itself, if it is one of the crates.
    pub(super) gochan: Option<usize>,
}

/// A function and what linking found out about it.
#[derive(Debug)]
pub struct Linked {
    /// The file it is in.
    pub unit: usize,
    /// Its number in the file.
    pub index: usize,
    /// The kind of each object.
    pub kinds: Vec<Kind>,
    /// For each object, the object that it is another handle of, or itself.
    pub roots: Vec<ObjectId>,
    /// What methods that are called through `Deref` are called on, by their results.
    pub(super) targets: HashMap<ObjectId, ObjectId>,
    /// The events of each block of each body.
    pub events: Vec<Vec<BlockEvents>>,
    /// Where each body runs.
    pub runs: Vec<Runner>,
    /// For each body, whether it is a closure passed to a call that may or may not run it.
    pub handed: Vec<bool>,
    /// A closure belongs to a body that does not contain its text.
    pub moved: bool,
    /// What it does with its parameters.
    pub summary: Summary,
    /// It runs in a goroutine that a function of the workspace starts.
    pub in_goroutine: bool,
    /// It runs in such a goroutine, or in that of `#[gochan::main]`.
    pub on_worker: bool,
}

impl Program {
    /// The bit of the parameter that an object of a function comes from, in a set of parameters; zero for others.
    pub(super) fn parameter_bit(&self, function: usize, object: ObjectId) -> u16 {
        let root = self.functions[function].root(object);
        let params = &self.function(function).params;
        let index = params.iter().position(|param| param.object == root).filter(|index| *index < 16);
        index.map_or(0, |index| 1 << index)
    }

    /// A program whose declarations are indexed by name, with nothing known about its functions yet.
    pub(super) fn index(units: Vec<Unit>, packages: &[String]) -> Program {
        // gochan's functions are known by their documentation, not by their source.
        let crates = packages.iter().zip(0..).filter(|(name, _)| *name != "gochan");
        let mut program = Program {
            units,
            functions: Vec::new(),
            by_name: HashMap::new(),
            structs: HashMap::new(),
            statics: HashMap::new(),
            aliases: HashMap::new(),
            modules: HashSet::new(),
            exported: HashMap::new(),
            getters: HashMap::new(),
            implementations: HashMap::new(),
            never_returns: Vec::new(),
            gochan: packages.iter().position(|name| name == "gochan"),
            crates: crates.map(|(name, index)| (name.replace('-', "_"), index)).collect(),
        };
        for (unit, content) in program.units.iter().enumerate() {
            for (index, function) in content.file.functions.iter().enumerate() {
                let key = (content.package, function.owner.clone(), function.name.clone());
                program.by_name.entry(key).or_default().push(program.functions.len());
                if let Some(of_trait) = &function.of_trait
                    && function.owner.as_ref() != Some(of_trait)
                {
                    let key = (of_trait.clone(), function.name.clone());
                    program.implementations.entry(key).or_default().push(program.functions.len());
                }
                program.functions.push(Linked {
                    unit,
                    index,
                    kinds: Vec::new(),
                    roots: Vec::new(),
                    targets: HashMap::new(),
                    events: Vec::new(),
                    runs: Vec::new(),
                    handed: Vec::new(),
                    moved: false,
                    summary: Summary::default(),
                    in_goroutine: false,
                    on_worker: false,
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
            for (name, path) in &content.file.imports {
                if name != "*" && path.first().is_some_and(|root| root == "gochan") {
                    program.exported.entry((content.package, name.clone())).or_insert_with(|| path.clone());
                }
            }
            let modules = content.file.module_names.iter();
            program.modules.extend(modules.map(|module| (content.package, module.clone())));
        }
        let all = 0..program.functions.len();
        program.never_returns = all.map(|function| never_returns(program.function(function))).collect();
        program
    }

    /// The functions of the workspace that a method of a trait may be.
    #[must_use]
    pub(super) fn implementations(&self, declaration: usize) -> &[usize] {
        let code = self.function(declaration);
        let Some(of_trait) = code.of_trait.as_ref().filter(|name| code.owner.as_ref() == Some(*name)) else {
            return &[];
        };
        let key = (of_trait.clone(), code.name.clone());
        self.implementations.get(&key).map_or(&[], Vec::as_slice)
    }

    /// Removes what comes after calls that do not return.
    pub(super) fn cut(&mut self) {
        for linked in &mut self.functions {
            let bodies = &mut self.units[linked.unit].file.functions[linked.index].bodies;
            for (body, events) in bodies.iter_mut().zip(&mut linked.events) {
                for (block, BlockEvents(events)) in body.blocks.iter_mut().zip(events) {
                    let last = events.iter().position(|event| matches!(event.kind, EventKind::Diverge));
                    if let Some(last) = last {
                        events.truncate(last + 1);
                        block.next.clear();
                    }
                }
            }
        }
    }

    /// The function as it was read.
    #[must_use]
    pub fn function(&self, function: usize) -> &Function {
        let linked = &self.functions[function];
        &self.units[linked.unit].file.functions[linked.index]
    }

    /// The file that contains a function.
    #[must_use]
    pub fn unit(&self, function: usize) -> &Unit {
        &self.units[self.functions[function].unit]
    }

    /// The struct of this name in a crate, or else in another crate of the workspace.
    #[must_use]
    pub fn structure(&self, package: usize, name: &str) -> Option<&ir::Struct> {
        let known = self.structs.get(&(package, name.to_owned()));
        let &(unit, index) = known.or_else(|| {
            self.crates.values().find_map(|&package| self.structs.get(&(package, name.to_owned())))
        })?;
        self.units[unit].file.structs.get(index)
    }

    /// The type that a name in the crate of `unit` is an alias of, if it is one.
    #[must_use]
    pub fn alias(&self, unit: usize, name: &str) -> Option<&ir::Ty> {
        let &(unit, index) = self.aliases.get(&(self.units[unit].package, name.to_owned()))?;
        self.units[unit].file.aliases.get(index).map(|(_, ty)| ty)
    }

    /// The static of this name in the crate of `unit`.
    #[must_use]
    pub fn static_item(&self, unit: usize, name: &str) -> Option<&ir::Static> {
        self.static_place(unit, name).map(|(_, item)| item)
    }

    /// The same, with the unit that contains it.
    #[must_use]
    pub fn static_place(&self, unit: usize, name: &str) -> Option<(usize, &ir::Static)> {
        let name = name.rsplit("::").next().unwrap_or(name);
        let &(unit, index) = self.statics.get(&(self.units[unit].package, name.to_owned()))?;
        Some((unit, self.units[unit].file.statics.get(index)?))
    }

    /// True if a path leads to gochan and not to something else of that name, as far as imports show.
    #[must_use]
    pub fn is_ours(&self, unit: usize, path: &[&str]) -> bool {
        const MODULES: [&str; 8] =
            ["chan", "context", "patterns", "runtime", "signal", "sync", "test", "time"];
        let package = self.units[unit].package;
        if self.gochan == Some(package) && matches!(path, [_] | ["crate" | "super" | "self", ..]) {
            return true;
        }
        let defines = |package: usize, name: &str| self.structs.contains_key(&(package, name.to_owned()));
        // A glob may have imported it.
        let open = || self.units[unit].file.imports.iter().any(|(name, _)| name == "*");
        match path {
            [] => false,
            // A glob of gochan is nearer than a type of another module; a glob of the crate's may bring that.
            [name] => {
                let file = &self.units[unit].file;
                let whole = |path: &[String]| path.first().is_some_and(|root| root == "gochan");
                let (ours, own): (Vec<_>, Vec<_>) =
                    file.imports.iter().filter(|(name, _)| name == "*").partition(|(_, path)| whole(path));
                let here = || file.structs.iter().any(|known| known.name == *name);
                match (ours.is_empty(), own.is_empty()) {
                    (false, true) => !here(),
                    _ => {
                        let other = |path: &Vec<String>| self.crates.get(path.first()?).copied();
                        open()
                            && !defines(package, name)
                            && !own
                                .iter()
                                .any(|(_, path)| other(path).is_some_and(|other| defines(other, name)))
                    }
                }
            }
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

    /// The full path of a path through a module of the crate that imports the item from gochan: `types::Group::new`.
    fn through_modules(&self, unit: usize, path: &[String]) -> Option<Vec<String>> {
        let package = self.units[unit].package;
        let inside = path.iter().take_while(|name| {
            matches!(name.as_str(), "crate" | "self" | "super")
                || self.modules.contains(&(package, (*name).clone()))
        });
        let (modules, rest) = path.split_at(inside.count());
        let (item, rest) = rest.split_first().filter(|_| !modules.is_empty())?;
        let full = self.exported.get(&(package, item.clone()))?;
        Some(full.iter().chain(rest).cloned().collect())
    }

    /// The full path of a path whose first segment was imported.
    #[must_use]
    pub fn expand(&self, unit: usize, path: &[String]) -> Vec<String> {
        let Some(first) = path.first() else { return Vec::new() };
        let file = &self.units[unit].file;
        let mut full: Vec<String> = match file.imports.iter().find(|(name, _)| name == first) {
            Some((_, full)) => full.iter().chain(&path[1..]).cloned().collect(),
            None => self.through_modules(unit, path).unwrap_or_else(|| path.to_vec()),
        };
        // Whatever its name in the crate.
        if full.len() > 1 && full[0] == file.gochan {
            "gochan".clone_into(&mut full[0]);
        }
        full
    }

    /// The function of the workspace that a path called from `caller` names.
    #[must_use]
    pub fn resolve(&self, caller: usize, path: &[String]) -> Option<usize> {
        let unit = self.functions[caller].unit;
        let own = self.units[unit].package;
        let full = self.expand(unit, path);
        let (name, before) = full.split_last()?;
        let is_type = |name: &String| name.starts_with(char::is_uppercase);
        let Some(first) = before.first() else {
            let callee = self.callee(caller, own, None, name)?;
            // A function of another file must be imported.
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

    /// The function of a module that is a separate file.
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

    /// The only function that a call can mean: of several with one name, the nearest in the same file.
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
            // Only functions of the modules around the caller are in scope.
            let common = module.iter().zip(&home).take_while(|(a, b)| a == b).count();
            (common == module.len(), common)
        };
        let here = found.iter().copied().filter(|&function| self.functions[function].unit == unit);
        let here: Vec<usize> = here.collect();
        let best = here.iter().copied().max_by_key(|&function| near(function))?;
        (here.iter().filter(|&&function| near(function) == near(best)).count() == 1).then_some(best)
    }
}

/// True if a function returns `!`, or if its code shows that it does not end.
fn never_returns(function: &Function) -> bool {
    let is_default = function.of_trait.is_some() && function.of_trait == function.owner;
    let Some(body) = function.bodies.first().filter(|body| !body.is_async && !is_default) else {
        return false;
    };
    let mut seen = vec![false; body.blocks.len()];
    let mut queue = vec![BlockId(0)];
    while let Some(block) = queue.pop() {
        if block.at() < seen.len() && !std::mem::replace(&mut seen[block.at()], true) {
            queue.extend(&body.blocks[block.at()].next);
        }
    }
    function.returns.is_called("!") || seen.len() > 1 && seen.last() == Some(&false)
}

impl Linked {
    /// What an object is.
    #[must_use]
    pub fn kind(&self, object: ObjectId) -> &Kind {
        &self.kinds[object.at()]
    }

    /// The object that this one is another handle of, or itself.
    #[must_use]
    pub fn root(&self, object: ObjectId) -> ObjectId {
        self.roots[object.at()]
    }

    /// All events of a body.
    pub fn body_events(&self, body: BodyId) -> impl Iterator<Item = &Event> {
        self.events[body.at()].iter().flat_map(|block| &block.0)
    }
}
