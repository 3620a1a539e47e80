//! Finds out which macro names of a file are gochan's.

/// The macros whose grammar the linter knows.
pub(super) const MACROS: [&str; 8] =
    ["go", "chan", "send", "recv", "close", "select", "defer", "with_context"];

/// What a file imports.
pub(crate) struct Names {
    /// The name under which the crate imports gochan.
    gochan: String,
    /// Crates that may hand gochan's names on.
    facades: Vec<String>,
    /// Names of macros that are imported one by one or defined, each with the module or function that contains the
    /// import, and the macro of gochan that it is, if it may be one.
    named: Vec<(Vec<String>, String, Option<&'static str>)>,
    /// The modules and functions around the item that is being read.
    around: Vec<String>,
    /// Every imported name and its path.
    pub(super) imports: Vec<(String, Vec<String>)>,
    /// The paths of globs from other crates.
    pub(super) globs: Vec<Vec<String>>,
    /// Something is imported by a glob, or from a module of the same crate, which may import any name.
    open: bool,
}

impl Names {
    pub(crate) fn of(items: &[syn::Item], gochan: &str, facades: &[String]) -> Names {
        let mut names = Names {
            gochan: gochan.to_owned(),
            facades: facades.to_vec(),
            named: Vec::new(),
            around: Vec::new(),
            imports: Vec::new(),
            globs: Vec::new(),
            open: false,
        };
        names.items(items);
        names
    }

    /// The macro of gochan that `path` names in code inside these modules and functions, if it is one.
    pub(crate) fn resolve(&self, path: &syn::Path, inside: &[String]) -> Option<&'static str> {
        let last = &path.segments.last()?.ident;
        if let Some(first) = path.segments.first().filter(|_| path.segments.len() > 1) {
            return if first.ident == self.gochan { known(last) } else { self.by_path(path) };
        }
        let visible =
            self.named.iter().filter(|(around, name, _)| last == name.as_str() && inside.starts_with(around));
        // The innermost one counts; of several, one that may be gochan's.
        match visible.max_by_key(|(around, _, meant)| (around.len(), meant.is_some())) {
            Some((.., meant)) => *meant,
            None => known(last).filter(|_| self.open),
        }
    }

    /// The macro that a path into a module of the crate or through an import names: `prelude::go!`.
    fn by_path(&self, path: &syn::Path) -> Option<&'static str> {
        let segments: Vec<String> = path.segments.iter().map(|segment| segment.ident.to_string()).collect();
        let (last, before) = segments.split_last()?;
        let relative =
            before.iter().take_while(|name| matches!(name.as_str(), "crate" | "self" | "super")).count();
        let modules = &before[relative..];
        let mut exported = self.named.iter().filter(|(around, name, _)| {
            name == last
                && (around.ends_with(modules) && !modules.is_empty()
                    || around.is_empty() && modules.is_empty())
        });
        if let Some((.., meant)) = exported.next() {
            return *meant;
        }
        let through = self.imports.iter().find(|(name, _)| *name == before[0]);
        let ours = match through {
            Some((_, path)) => path.first().is_some_and(|root| root == "gochan" || self.leads_to_us(root)),
            None => relative > 0 && !modules.is_empty() || self.facades.contains(&before[0]),
        };
        MACROS.iter().copied().find(|known| known == last).filter(|_| ours)
    }

    /// True for the first segment of paths that may lead to gochan.
    fn leads_to_us(&self, root: &str) -> bool {
        root == self.gochan
            || matches!(root, "crate" | "super" | "self")
            || self.facades.iter().any(|known| known == root)
    }

    /// True if the file itself imports gochan's macros.
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
                if path.first().is_some_and(|root| self.leads_to_us(root)) {
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
        let ours = self.leads_to_us(root);
        let meant = full.last().and_then(|last| MACROS.iter().copied().find(|known| known == last));
        self.named.push((self.around.clone(), name.clone(), meant.filter(|_| ours)));
        // Whatever its name in the crate, it is called gochan from here on.
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
                    self.around.push(module.ident.to_string());
                    module.content.iter().for_each(|(_, items)| self.items(items));
                    self.around.pop();
                }
                // The file defines a macro of that name.
                syn::Item::Macro(syn::ItemMacro { ident: Some(name), .. }) => {
                    self.named.push((self.around.clone(), name.to_string(), None));
                }
                // Imports inside a macro around items.
                syn::Item::Macro(syn::ItemMacro { ident: None, mac, .. })
                    if mac.tokens.to_string().contains("use ") =>
                {
                    if let Ok(inside) = syn::parse2::<syn::File>(mac.tokens.clone()) {
                        self.items(&inside.items);
                    }
                }
                syn::Item::Fn(function) => self.block(&function.sig.ident, &function.block),
                syn::Item::Impl(implementation) => {
                    for item in &implementation.items {
                        if let syn::ImplItem::Fn(method) = item {
                            self.block(&method.sig.ident, &method.block);
                        }
                    }
                }
                _ => {}
            }
        }
    }

    /// Imports inside a function.
    fn block(&mut self, function: &syn::Ident, block: &syn::Block) {
        self.around.push(function.to_string());
        self.items(block.stmts.iter().filter_map(|statement| match statement {
            syn::Stmt::Item(item) => Some(item),
            _ => None,
        }));
        self.around.pop();
    }
}

fn known(name: &proc_macro2::Ident) -> Option<&'static str> {
    MACROS.iter().copied().find(|known| name == known)
}
