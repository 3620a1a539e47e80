//! A file that is being read.

use super::names::Names;
use crate::ir::{File, Ty};
use std::collections::{HashMap, HashSet};

/// The owner of the functions that initialise statics.
pub const STATIC: &str = "static";

/// The owner of the functions that initialise the statics of `thread_local!`.
pub const THREAD_LOCAL: &str = "thread_local";

/// A file that is being read.
pub(super) struct Reader {
    /// `None` if the crate does not use gochan.
    pub(super) names: Option<Names>,
    pub(super) file: File,
    pub(super) modules: Vec<String>,
    /// The folders of the inline modules around the item that is being read.
    pub(super) folders: Vec<String>,
    /// Temporaries of `if let` are dropped before its `else`, as edition 2024 does.
    pub(super) drops_before_else: bool,
    /// The modules of this file that have a body.
    pub(super) inline: HashSet<String>,
    /// Constants of this file that are plain numbers.
    pub(super) consts: HashMap<Place, i64>,
    /// Statics of this file.
    pub(super) statics: HashSet<Place>,
}

/// A module of the file, or a function in it, and the name of an item there.
pub(super) type Place = (Vec<String>, String);

impl Reader {
    /// The place of the item that a path leads to, if `is_item` knows it in this file.
    pub(super) fn place(&self, path: &syn::Path, is_item: impl Fn(&Place) -> bool) -> Option<Place> {
        let names: Vec<String> = path.segments.iter().map(|segment| segment.ident.to_string()).collect();
        let (name, before) = names.split_last()?;
        let place =
            |modules: &[String]| Some((modules.to_vec(), name.clone())).filter(|place| is_item(place));
        let outwards = |inside: &[String]| {
            (0..=self.modules.len()).rev().find_map(|count| {
                let around: Vec<String> = self.modules[..count].iter().chain(inside).cloned().collect();
                place(&around)
            })
        };
        match before {
            [] => outwards(&[]),
            [first, rest @ ..] if first == "crate" => place(rest),
            _ => {
                let relative = |name: &&String| matches!(name.as_str(), "self" | "super" | "crate");
                let skipped = before.iter().take_while(relative).count();
                outwards(&before[skipped..])
            }
        }
    }

    /// True for a path into a module that may be in another file.
    pub(super) fn leads_away(&self, path: &syn::Path) -> bool {
        let mut names = path.segments.iter().map(|segment| segment.ident.to_string());
        names.next_back();
        let own = |name: &String| {
            name.starts_with(char::is_uppercase)
                || self.file.module_names.contains(name)
                || self.inline.contains(name)
        };
        !names.any(|name| own(&name))
    }
}

/// The block that contains an item.
#[derive(Default, Clone)]
pub(super) struct Around {
    /// What is known of the type parameters in scope.
    pub(super) parameters: Vec<(String, Ty)>,
    pub(super) owner: Option<String>,
    pub(super) of_trait: Option<String>,
}
