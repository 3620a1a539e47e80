//! Which macro names of a file are gochan's.

use std::collections::{HashMap, HashSet};

/// The macros whose grammar the linter knows.
pub(super) const MACROS: [&str; 8] =
    ["go", "chan", "send", "recv", "close", "select", "defer", "with_context"];

/// What the `use` declarations of a file say about macros.
pub(super) struct Names {
    /// What the crate calls gochan.
    gochan: String,
    /// Names that come from elsewhere.
    foreign: HashSet<String>,
    /// Names imported one by one, and the macros of gochan that they may be.
    named: HashMap<String, &'static str>,
    /// Every name, and the path it was imported by.
    pub(super) imports: Vec<(String, Vec<String>)>,
    /// The paths in front of the `*` of other crates' globs.
    pub(super) globs: Vec<Vec<String>>,
    /// Something is imported by a glob, or from a module of the same crate: it may bring anything along.
    open: bool,
}

impl Names {
    pub(super) fn of(items: &[syn::Item], gochan: &str) -> Names {
        let mut names = Names {
            gochan: gochan.to_owned(),
            foreign: HashSet::new(),
            named: HashMap::new(),
            imports: Vec::new(),
            globs: Vec::new(),
            open: false,
        };
        names.items(items);
        names
    }

    /// The macro of gochan that `path` names, if it is one.
    pub(super) fn resolve(&self, path: &syn::Path) -> Option<&'static str> {
        let last = &path.segments.last()?.ident;
        if let Some(first) = path.segments.first().filter(|_| path.segments.len() > 1) {
            return if first.ident == self.gochan { known(last) } else { None };
        }
        if let Some((_, &name)) = self.named.iter().find(|(name, _)| last == name.as_str()) {
            return Some(name);
        }
        known(last).filter(|name| self.open && !self.foreign.contains(*name))
    }

    /// True if the file itself says that it uses gochan's macros.
    pub(super) fn is_certain(&self) -> bool {
        self.imports.iter().any(|(_, path)| path.first().is_some_and(|root| root == "gochan"))
    }

    fn tree(&mut self, tree: &syn::UseTree, path: &mut Vec<String>) {
        match tree {
            syn::UseTree::Path(next) => {
                path.push(next.ident.to_string());
                self.tree(&next.tree, path);
                path.pop();
            }
            syn::UseTree::Group(group) => group.items.iter().for_each(|tree| self.tree(tree, path)),
            syn::UseTree::Glob(_) => {
                let own = [self.gochan.as_str(), "crate", "super", "self"];
                if path.first().is_some_and(|root| own.contains(&root.as_str())) {
                    self.open = true;
                    let mut path = path.clone();
                    if path[0] == self.gochan {
                        "gochan".clone_into(&mut path[0]);
                    }
                    self.imports.push(("*".to_owned(), path));
                } else {
                    self.globs.push(path.clone());
                }
            }
            syn::UseTree::Name(name) => self.import(&name.ident.to_string(), &name.ident.to_string(), path),
            syn::UseTree::Rename(rename) => {
                self.import(&rename.rename.to_string(), &rename.ident.to_string(), path);
            }
        }
    }

    fn import(&mut self, name: &str, original: &str, path: &[String]) {
        let mut full = path.to_vec();
        if original != "self" {
            full.push(original.to_owned());
        }
        let name = if name == "self" { full.last().cloned().unwrap_or_default() } else { name.to_owned() };
        let root = full.first().map_or("", String::as_str);
        let ours = root == self.gochan || matches!(root, "crate" | "super" | "self");
        match full.last().and_then(|last| MACROS.iter().find(|known| **known == last.as_str())) {
            Some(original) if ours => drop(self.named.insert(name.clone(), original)),
            _ => drop(self.foreign.insert(name.clone())),
        }
        // Whatever the crate calls it, it is gochan from here on.
        if root == self.gochan {
            "gochan".clone_into(&mut full[0]);
        }
        self.imports.push((name, full));
    }

    fn items<'i>(&mut self, items: impl IntoIterator<Item = &'i syn::Item>) {
        for item in items {
            match item {
                syn::Item::Use(item) => self.tree(&item.tree, &mut Vec::new()),
                // `#[macro_use] extern crate gochan`
                syn::Item::ExternCrate(item) if item.ident == self.gochan.as_str() => {
                    self.open = true;
                    self.imports.push(("*".to_owned(), vec!["gochan".to_owned()]));
                }
                syn::Item::Mod(module) => {
                    module.content.iter().for_each(|(_, items)| self.items(items));
                }
                // A macro of the file's own under that name.
                syn::Item::Macro(syn::ItemMacro { ident: Some(name), .. }) => {
                    self.foreign.insert(name.to_string());
                }
                syn::Item::Fn(function) => self.block(&function.block),
                syn::Item::Impl(implementation) => {
                    for item in &implementation.items {
                        if let syn::ImplItem::Fn(method) = item {
                            self.block(&method.block);
                        }
                    }
                }
                _ => {}
            }
        }
    }

    /// What a function brings in for itself.
    fn block(&mut self, block: &syn::Block) {
        self.items(block.stmts.iter().filter_map(|statement| match statement {
            syn::Stmt::Item(item) => Some(item),
            _ => None,
        }));
    }
}

fn known(name: &proc_macro2::Ident) -> Option<&'static str> {
    MACROS.iter().copied().find(|known| name == known)
}
