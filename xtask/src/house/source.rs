//! The files of a crate, and what each of them imports.
//!
//! An import is a path that begins with `crate`, `super` or `self`, in a `use` or anywhere else, and leads to another
//! file of the crate. What a file re-exports is not followed, but for the crate's root: to import from a file is to
//! depend on it. Items and files that exist for tests only are left out, and so is what stands in macro calls.

use std::collections::{BTreeMap, HashMap};
use std::path::Path;

use proc_macro2::Span;
use syn::spanned::Spanned;
use syn::visit::{self, Visit};

use crate::Outcome;

#[derive(Debug)]
pub(super) struct Source {
    files: BTreeMap<String, File>,
}

#[derive(Debug)]
pub(super) struct File {
    /// Below the folder of sources.
    pub(super) path: String,
    pub(super) lines: usize,
    pub(super) imports: Vec<Import>,
}

#[derive(Debug)]
pub(super) struct Import {
    pub(super) line: usize,
    /// As it is written, without `{…}`.
    pub(super) path: String,
    /// The file that it leads to.
    pub(super) to: String,
}

/// A module: the names that lead to it.
type Module = Vec<String>;

impl Source {
    /// Reads what `lib.rs` in `folder` leads to.
    pub(super) fn read(folder: &Path) -> Outcome<Source> {
        let text = |path: &str| std::fs::read_to_string(folder.join(path)).ok();
        Source::from(&text)
    }

    #[cfg(test)]
    pub(super) fn of(files: &[(&str, &str)]) -> Source {
        let text =
            |path: &str| files.iter().find(|(name, _)| *name == path).map(|(_, text)| (*text).to_owned());
        Source::from(&text).unwrap()
    }

    fn from(text: &dyn Fn(&str) -> Option<String>) -> Outcome<Source> {
        let mut reader = Reader { text, parsed: Vec::new(), modules: HashMap::new() };
        reader.read("lib.rs", Vec::new(), "")?;
        let root = reader.root_names();
        let mut files = BTreeMap::new();
        for parsed in &reader.parsed {
            let mut paths =
                Paths { modules: &reader.modules, root: &root, at: parsed.module.clone(), found: Vec::new() };
            paths.visit_file(&parsed.syntax);
            let mut imports = paths.found;
            imports.retain(|import| import.to != parsed.path);
            let file = File { path: parsed.path.clone(), lines: parsed.lines, imports };
            files.insert(parsed.path.clone(), file);
        }
        Ok(Source { files })
    }

    pub(super) fn files(&self) -> impl Iterator<Item = &File> {
        self.files.values()
    }
}

struct Parsed {
    path: String,
    module: Module,
    lines: usize,
    syntax: syn::File,
}

/// Follows `mod` declarations.
struct Reader<'t> {
    text: &'t dyn Fn(&str) -> Option<String>,
    parsed: Vec<Parsed>,
    /// The file that each module is in.
    modules: HashMap<Module, String>,
}

impl Reader<'_> {
    /// Reads the file at `path`, which is `module`; files of its modules are in `folder`.
    fn read(&mut self, path: &str, module: Module, folder: &str) -> Outcome {
        let text = (self.text)(path).ok_or_else(|| format!("cannot read {path}"))?;
        let syntax = syn::parse_file(&text).map_err(|error| format!("{path}: {error}"))?;
        self.modules.insert(module.clone(), path.to_owned());
        self.declared(path, &syntax.items, &module, folder)?;
        let tests: usize = syntax.items.iter().filter(|item| is_test(item)).map(lines_of).sum();
        let lines = text.lines().count() - tests;
        self.parsed.push(Parsed { path: path.to_owned(), module, lines, syntax });
        Ok(())
    }

    fn declared(&mut self, path: &str, items: &[syn::Item], module: &Module, folder: &str) -> Outcome {
        for item in items {
            let syn::Item::Mod(declared) = item else { continue };
            if is_test(item) {
                continue;
            }
            let name = declared.ident.to_string();
            let module: Module = module.iter().cloned().chain([name.clone()]).collect();
            let below = format!("{folder}{name}/");
            if let Some((_, items)) = &declared.content {
                self.modules.insert(module.clone(), path.to_owned());
                self.declared(path, items, &module, &below)?;
                continue;
            }
            let candidates = match path_attribute(declared) {
                Some(path) => [format!("{folder}{path}"), format!("{below}mod.rs")],
                None => [format!("{folder}{name}.rs"), format!("{below}mod.rs")],
            };
            let found = candidates.iter().find(|candidate| (self.text)(candidate).is_some());
            let found = found.ok_or_else(|| format!("{path}: no file for the module `{name}`"))?.clone();
            self.read(&found, module, &below)?;
        }
        Ok(())
    }

    /// The names that the crate's root re-exports, and what they stand for.
    fn root_names(&self) -> HashMap<String, Vec<String>> {
        let root = self.parsed.iter().find(|parsed| parsed.module.is_empty());
        let mut names = HashMap::new();
        for item in root.iter().flat_map(|root| &root.syntax.items) {
            if let syn::Item::Use(item) = item {
                for (path, name) in leaves(&item.tree) {
                    names.insert(name, path);
                }
            }
        }
        names
    }
}

/// The paths of a `use` tree, each with the name that it brings.
fn leaves(tree: &syn::UseTree) -> Vec<(Vec<String>, String)> {
    fn collect(tree: &syn::UseTree, before: &mut Vec<String>, found: &mut Vec<(Vec<String>, String)>) {
        let mut add = |last: String, name: String| {
            let path = before.iter().cloned().chain([last]).collect();
            found.push((path, name));
        };
        match tree {
            syn::UseTree::Path(path) => {
                before.push(path.ident.to_string());
                collect(&path.tree, before, found);
                before.pop();
            }
            syn::UseTree::Name(name) => add(name.ident.to_string(), name.ident.to_string()),
            syn::UseTree::Rename(rename) => add(rename.ident.to_string(), rename.rename.to_string()),
            syn::UseTree::Glob(_) => add("*".to_owned(), "*".to_owned()),
            syn::UseTree::Group(group) => {
                for tree in &group.items {
                    collect(tree, before, found);
                }
            }
        }
    }
    let mut found = Vec::new();
    collect(tree, &mut Vec::new(), &mut found);
    found
}

/// True for what exists only in tests: `#[cfg(test)]`, `#[cfg(all(test, …))]`, `#[cfg(doctest)]`.
fn is_test(item: &syn::Item) -> bool {
    attributes_of(item).iter().any(|attribute| {
        let syn::Meta::List(list) = &attribute.meta else { return false };
        if !list.path.is_ident("cfg") {
            return false;
        }
        let condition = list.tokens.to_string().replace(' ', "");
        condition == "test" || condition == "doctest" || condition.starts_with("all(test,")
    })
}

fn attributes_of(item: &syn::Item) -> &[syn::Attribute] {
    match item {
        syn::Item::Const(item) => &item.attrs,
        syn::Item::Enum(item) => &item.attrs,
        syn::Item::Fn(item) => &item.attrs,
        syn::Item::Impl(item) => &item.attrs,
        syn::Item::Macro(item) => &item.attrs,
        syn::Item::Mod(item) => &item.attrs,
        syn::Item::Static(item) => &item.attrs,
        syn::Item::Struct(item) => &item.attrs,
        syn::Item::Trait(item) => &item.attrs,
        syn::Item::Type(item) => &item.attrs,
        syn::Item::Use(item) => &item.attrs,
        _ => &[],
    }
}

fn path_attribute(declared: &syn::ItemMod) -> Option<String> {
    declared.attrs.iter().find_map(|attribute| match &attribute.meta {
        syn::Meta::NameValue(pair) if pair.path.is_ident("path") => match &pair.value {
            syn::Expr::Lit(syn::ExprLit { lit: syn::Lit::Str(path), .. }) => Some(path.value()),
            _ => None,
        },
        _ => None,
    })
}

fn lines_of(item: &syn::Item) -> usize {
    let span = item.span();
    span.end().line - span.start().line + 1
}

/// Collects what a file imports.
struct Paths<'r> {
    modules: &'r HashMap<Module, String>,
    root: &'r HashMap<String, Vec<String>>,
    /// The module that is being visited.
    at: Module,
    found: Vec<Import>,
}

impl Paths<'_> {
    fn add(&mut self, path: &[String], span: Span) {
        if let Some(to) = self.resolve(path, 0) {
            self.found.push(Import { line: span.start().line, path: path.join("::"), to });
        }
    }

    /// The file that `path` leads to, if it is one of the crate's.
    fn resolve(&self, path: &[String], depth: u32) -> Option<String> {
        let mut at = match path.first()?.as_str() {
            "crate" => Vec::new(),
            "self" => self.at.clone(),
            "super" => self.at[..self.at.len().checked_sub(1)?].to_vec(),
            _ => return None,
        };
        let mut rest = &path[1..];
        while let [first, tail @ ..] = rest {
            if first == "super" {
                at.pop()?;
            } else {
                at.push(first.clone());
                if !self.modules.contains_key(&at) {
                    at.pop();
                    break;
                }
            }
            rest = tail;
        }
        // What the root re-exports is where it comes from.
        if at.is_empty()
            && depth == 0
            && let Some(name) = rest.first()
            && let Some(real) = self.root.get(name)
        {
            let real: Vec<_> = ["crate".to_owned()].into_iter().chain(real.iter().cloned()).collect();
            if let Some(found) = self.resolve(&real, 1) {
                return Some(found);
            }
        }
        self.modules.get(&at).cloned()
    }
}

impl<'ast> Visit<'ast> for Paths<'_> {
    fn visit_item(&mut self, item: &'ast syn::Item) {
        if is_test(item) {
            return;
        }
        if let syn::Item::Mod(inner) = item
            && inner.content.is_some()
        {
            self.at.push(inner.ident.to_string());
            visit::visit_item(self, item);
            self.at.pop();
            return;
        }
        visit::visit_item(self, item);
    }

    fn visit_item_use(&mut self, item: &'ast syn::ItemUse) {
        for (path, _) in leaves(&item.tree) {
            // A name without `crate` or `super` may be a module's own.
            let first = path.first().map(String::as_str);
            if matches!(first, Some("crate" | "super" | "self")) {
                self.add(&path, item.span());
            } else {
                let own: Vec<_> = ["self".to_owned()].into_iter().chain(path).collect();
                self.add(&own, item.span());
            }
        }
    }

    fn visit_path(&mut self, path: &'ast syn::Path) {
        if path.segments.len() > 1 && path.leading_colon.is_none() {
            let names: Vec<_> = path.segments.iter().map(|segment| segment.ident.to_string()).collect();
            self.add(&names, path.span());
        }
        visit::visit_path(self, path);
    }

    fn visit_visibility(&mut self, _: &'ast syn::Visibility) {
        // `pub(in path)` imports nothing.
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn imports(source: &Source, path: &str) -> Vec<String> {
        let file = source.files().find(|file| file.path == path).unwrap();
        file.imports
            .iter()
            .map(|import| format!("{}: {} -> {}", import.line, import.path, import.to))
            .collect()
    }

    #[test]
    fn paths_lead_to_files() {
        let source = Source::of(&[
            ("lib.rs", "mod a;\nmod b;\npub use a::deep::D;\n"),
            (
                "a/mod.rs",
                "pub mod deep;\nmod inner { use super::deep::D; fn f() { super::super::b::g() } }\n",
            ),
            ("a/deep.rs", "pub struct D;\nfn f() -> crate::b::B { todo!() }\n"),
            (
                "b.rs",
                "use crate::{D, a::deep::{D as E, *}};\nuse std::fmt;\nstruct B;\npub(super) fn g() {}\n",
            ),
        ]);
        assert_eq!(
            imports(&source, "a/mod.rs"),
            ["2: super::deep::D -> a/deep.rs", "2: super::super::b::g -> b.rs"]
        );
        assert_eq!(imports(&source, "a/deep.rs"), ["2: crate::b::B -> b.rs"]);
        assert_eq!(
            imports(&source, "b.rs"),
            [
                "1: crate::D -> a/deep.rs",
                "1: crate::a::deep::D -> a/deep.rs",
                "1: crate::a::deep::* -> a/deep.rs"
            ]
        );
    }

    #[test]
    fn tests_are_left_out() {
        let source = Source::of(&[
            ("lib.rs", "mod a;\nmod b;\n"),
            (
                "a.rs",
                "fn f() {}\n#[cfg(test)]\nmod tests {\n    use crate::b::B;\n}\n#[cfg(all(test, x))]\nmod m;\n",
            ),
            ("b.rs", ""),
        ]);
        assert_eq!(imports(&source, "a.rs"), [""; 0]);
        assert_eq!(source.files().find(|file| file.path == "a.rs").unwrap().lines, 1);
    }
}
