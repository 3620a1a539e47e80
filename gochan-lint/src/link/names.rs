//! Names of types that mean the same in every file of a crate.
//!
//! Of several types of one name in several modules, each gets a name of its own wherever a file mentions it,
//! `Server@1`. Paths in front of the crate's types go. A name that gochan shares with other crates, such as `Mutex`, gets
//! the path that the file's imports give it, since another file may import the other one.

use super::program::Unit;
use crate::ir::{Arg, Call, Function, OpKind, Origin, Runs, Ty};
use crate::read::is_shared;
use std::collections::{HashMap, HashSet};

/// A definition of a type.
struct Definition {
    unit: usize,
    /// The modules of its file that contain it.
    inside: Vec<String>,
    /// All modules that contain it.
    modules: Vec<String>,
    name: String,
}

/// The types of a crate that share their names.
type Homonyms = HashMap<String, Vec<Definition>>;

/// Gives types of one name in several modules of a crate names of their own.
pub(super) fn rename(units: &mut [Unit]) {
    let mut packages: HashMap<usize, Vec<usize>> = HashMap::new();
    for (index, unit) in units.iter().enumerate() {
        packages.entry(unit.package).or_default().push(index);
    }
    for members in packages.values() {
        let known = homonyms(units, members);
        let structs = members.iter().flat_map(|&unit| &units[unit].file.structs);
        let defined: HashSet<String> =
            structs.filter(|known| is_shared(&known.name)).map(|known| known.name.clone()).collect();
        for &unit in members {
            let scope = Scope {
                unit,
                modules: modules_of(&units[unit]),
                imports: units[unit].file.imports.clone(),
                known: &known,
                defined: &defined,
                here: units[unit]
                    .file
                    .structs
                    .iter()
                    .map(|known| known.name.clone())
                    .filter(|name| is_shared(name))
                    .collect(),
            };
            scope.rename_in(&mut units[unit]);
        }
    }
}

/// The name that code cannot have written.
fn own_name(name: &str, index: usize) -> String {
    format!("{name}@{index}")
}

/// The name as it is written in the code.
#[must_use]
pub fn written(name: &str) -> &str {
    name.split('@').next().unwrap_or(name)
}

fn homonyms(units: &[Unit], members: &[usize]) -> Homonyms {
    let mut known: Homonyms = HashMap::new();
    for &unit in members {
        let around = modules_of(&units[unit]);
        for definition in &units[unit].file.structs {
            let inside = definition.module.clone();
            let modules: Vec<String> = around.iter().chain(&inside).cloned().collect();
            let same = known.entry(definition.name.clone()).or_default();
            // Under different `cfg`s.
            if !same.iter().any(|other| other.modules == modules) {
                same.push(Definition { unit, inside, modules, name: String::new() });
            }
        }
    }
    known.retain(|name, same| same.len() > 1 && !is_shared(name));
    for (name, same) in &mut known {
        same.iter_mut().enumerate().for_each(|(index, known)| known.name = own_name(name, index));
    }
    known
}

/// The modules that a file is, judging by its path.
fn modules_of(unit: &Unit) -> Vec<String> {
    let path = &unit.source.path;
    let parts: Vec<String> = path.iter().map(|part| part.to_string_lossy().into_owned()).collect();
    let from =
        parts.iter().rposition(|part| part == "src").map_or(parts.len().saturating_sub(1), |at| at + 1);
    let mut modules: Vec<String> = parts[from..].to_vec();
    if let Some(last) = modules.pop() {
        let stem = last.trim_end_matches(".rs");
        if !matches!(stem, "mod" | "lib" | "main") {
            modules.push(stem.to_owned());
        }
    }
    modules
}

/// A file whose names are resolved.
struct Scope<'k> {
    unit: usize,
    modules: Vec<String>,
    imports: Vec<(String, Vec<String>)>,
    known: &'k Homonyms,
    /// The types of the crate whose names gochan shares.
    defined: &'k HashSet<String>,
    /// Those of the file.
    here: Vec<String>,
}

fn is_relative(name: &str) -> bool {
    matches!(name, "crate" | "self" | "super")
}

fn is_type(name: &str) -> bool {
    name.starts_with(char::is_uppercase)
}

impl Scope<'_> {
    fn rename_in(&self, unit: &mut Unit) {
        let file = &mut unit.file;
        for structure in &mut file.structs {
            let inside = structure.module.clone();
            structure.fields.iter_mut().for_each(|(_, ty, _)| self.ty(ty, &inside));
            if let Some(same) = self.known.get(&structure.name) {
                let own = same.iter().find(|known| self.is_inside(known, &inside));
                structure.name = own.map_or(structure.name.clone(), |own| own.name.clone());
            }
        }
        file.aliases.iter_mut().for_each(|(_, ty)| self.ty(ty, &[]));
        file.statics.iter_mut().for_each(|item| self.ty(&mut item.ty, &[]));
        file.unsafe_sync.iter_mut().for_each(|name| self.name(name, &[]));
        file.functions.iter_mut().for_each(|function| self.function(function));
    }

    fn is_inside(&self, known: &Definition, inside: &[String]) -> bool {
        known.modules.len() == self.modules.len() + inside.len()
            && known.modules.starts_with(&self.modules)
            && known.modules.ends_with(inside)
    }

    fn function(&self, function: &mut Function) {
        let inside = function.module.clone();
        if let Some(owner) = &mut function.owner {
            self.name(owner, &inside);
        }
        function.params.iter_mut().for_each(|param| self.ty(&mut param.ty, &inside));
        self.ty(&mut function.returns, &inside);
        for object in &mut function.objects {
            self.ty(&mut object.written, &inside);
            match &mut object.origin {
                Origin::Call(path, args) => {
                    self.path(path, &inside);
                    args.iter_mut().for_each(|arg| self.arg(arg, &inside));
                }
                Origin::Method(_, _, args) => args.iter_mut().for_each(|arg| self.arg(arg, &inside)),
                Origin::Typed(ty) | Origin::Plain(ty) => self.ty(ty, &inside),
                _ => {}
            }
        }
        let blocks = function.bodies.iter_mut().flat_map(|body| &mut body.blocks);
        for op in blocks.flat_map(|block| &mut block.ops) {
            match &mut op.kind {
                OpKind::Call(call) | OpKind::Range(_, Some(call)) => self.call(call, &inside),
                OpKind::Spawn(Runs::Call(call), _) => self.call(call, &inside),
                OpKind::Name(path) => self.path(path, &inside),
                _ => {}
            }
        }
    }

    fn call(&self, call: &mut Call, inside: &[String]) {
        if !call.is_method {
            self.path(&mut call.path, inside);
        }
        call.args.iter_mut().for_each(|arg| self.arg(arg, inside));
        call.generics.iter_mut().for_each(|ty| self.ty(ty, inside));
    }

    fn arg(&self, arg: &mut Arg, inside: &[String]) {
        self.path(&mut arg.named, inside);
        self.ty(&mut arg.ty, inside);
    }

    fn ty(&self, ty: &mut Ty, inside: &[String]) {
        match ty {
            Ty::Path(name, args) => {
                self.name(name, inside);
                args.iter_mut().for_each(|arg| self.ty(arg, inside));
            }
            Ty::Ref(inner) => self.ty(inner, inside),
            Ty::Tuple(parts) => parts.iter_mut().for_each(|part| self.ty(part, inside)),
            Ty::Unknown => {}
        }
    }

    /// The name of a type, with the path in front of it.
    fn name(&self, name: &mut String, inside: &[String]) {
        if !name.contains("::") {
            if let Some(own) = self.meant(&[], name, inside) {
                own.clone_into(name);
            } else if is_shared(name) {
                self.shared(name);
            }
            return;
        }
        let path: Vec<String> = name.split("::").map(str::to_owned).collect();
        let Some((last, before)) = path.split_last() else { return };
        match self.meant(before, last, inside) {
            Some(own) => own.clone_into(name),
            // Names that gochan shares with others keep their paths.
            None if is_shared(last) => {}
            None => last.clone_into(name),
        }
    }

    /// Puts the path of a name that gochan shares in front of it, if the file shows it.
    fn shared(&self, name: &mut String) {
        if let Some((_, full)) = self.imports.iter().find(|(known, _)| known == name) {
            // A path in the crate may lead to gochan through other modules.
            if full.first().is_some_and(|root| !is_relative(root)) {
                *name = full.join("::");
            }
            return;
        }
        let (ours, own): (Vec<_>, Vec<_>) =
            self.imports.iter().filter(|(known, _)| known == "*").partition(|(_, path)| path[0] == "gochan");
        let hidden = if own.is_empty() { self.here.contains(name) } else { self.defined.contains(name) };
        const OURS: [&str; 16] = [
            "Chan",
            "CancelHandle",
            "Sender",
            "Receiver",
            "Context",
            "Mutex",
            "RwLock",
            "Once",
            "OnceCell",
            "JoinHandle",
            "Cond",
            "WaitGroup",
            "Lazy",
            "Semaphore",
            "Select",
            "MutexGuard",
        ];
        if OURS.contains(&name.as_str()) && !ours.is_empty() && !hidden {
            *name = format!("gochan::{name}");
        }
    }

    /// The path of a function, which may belong to a type.
    fn path(&self, path: &mut Vec<String>, inside: &[String]) {
        if self.known.is_empty() && !path.iter().any(|part| part.contains("::")) {
            return;
        }
        if path.iter().any(|part| part.contains("::")) {
            *path = path.iter().flat_map(|part| part.split("::").map(str::to_owned)).collect();
        }
        let Some(at) = path.iter().position(|part| is_type(part)) else { return };
        if let Some(own) = self.meant(&path[..at], &path[at], inside) {
            let own = own.to_owned();
            path.drain(..at);
            path[0] = own;
        }
    }

    /// The type of several of one name that a path means.
    fn meant(&self, before: &[String], name: &str, inside: &[String]) -> Option<&str> {
        if self.known.is_empty() {
            return None;
        }
        let import =
            self.imports.iter().find(|(known, _)| known == before.first().map_or(name, String::as_str));
        if !before.is_empty() {
            let first = &before[0];
            let through = import.filter(|_| !is_relative(first));
            let path: Vec<String> = match through {
                Some((_, full)) => full.iter().chain(&before[1..]).cloned().collect(),
                None => before.to_vec(),
            };
            return self.of_module(&path, name, inside);
        }
        let here =
            self.known.get(name).and_then(|same| same.iter().find(|known| self.is_inside(known, inside)));
        if let Some(here) = here {
            return Some(&here.name);
        }
        if let Some((_, full)) = import {
            let (original, modules) = full.split_last()?;
            return self.of_module(modules, original, inside);
        }
        let same = self.known.get(name)?;
        // A function that contains it, or the module of the function.
        let around = same.iter().filter(|known| known.unit == self.unit && inside.starts_with(&known.inside));
        if let Some(around) = around.max_by_key(|known| known.inside.len()) {
            return Some(&around.name);
        }
        let globs = self.imports.iter().filter(|(known, path)| known == "*" && path[0] != "gochan");
        let mut globs = globs.filter_map(|(_, path)| self.of_module(path, name, inside));
        globs.next().or_else(|| same.last().map(|last| last.name.as_str()))
    }

    /// The type of this name in the module that a path leads to.
    fn of_module(&self, path: &[String], name: &str, inside: &[String]) -> Option<&str> {
        let same = self.known.get(name)?;
        let ups = path.iter().filter(|part| *part == "super").count();
        let rest: Vec<&String> = path.iter().filter(|part| !is_relative(part)).collect();
        let here: Vec<&String> = self.modules.iter().chain(inside).collect();
        // The names of functions may be among the modules around.
        let bases: Vec<&[&String]> = match path.first().map(String::as_str) {
            Some("crate") => vec![&[]],
            _ => (0..=here.len().saturating_sub(ups)).rev().map(|count| &here[..count]).collect(),
        };
        let exact = bases.into_iter().find_map(|base| {
            same.iter().find(|known| {
                known.modules.len() == base.len() + rest.len()
                    && known.modules.iter().zip(base.iter().chain(&rest)).all(|(a, b)| a == *b)
            })
        });
        let ends = |known: &&Definition| {
            known.modules.len() >= rest.len()
                && known.modules[known.modules.len() - rest.len()..].iter().eq(rest.iter().copied())
        };
        exact
            .or_else(|| same.iter().find(|known| !rest.is_empty() && ends(known)))
            .map(|known| known.name.as_str())
    }
}
