//! From types as they are written to kinds.

use super::kind::{Flavour, Kind, Ours, Side};
use super::kinds::{Resolver, blocking_root, flavour};
use super::scope;
use crate::ir::Ty;

impl Resolver<'_> {
    pub(super) fn ty(&self, ty: &Ty) -> Kind {
        match ty {
            Ty::Ref(inner) => self.ty(inner),
            Ty::Tuple(parts) if parts.is_empty() => Kind::Other,
            Ty::Tuple(parts) => match &parts[..] {
                [context, cancel] if self.ty(context) == Kind::Context && self.ty(cancel) == Kind::Cancel => {
                    Kind::ContextAndCancel
                }
                _ => Kind::Tuple(parts.clone()),
            },
            Ty::Unknown => Kind::Other,
            Ty::Path(name, args) => self.path(name, args),
        }
    }

    /// The type of gochan that a path names, in crates other than gochan.
    pub(super) fn ours(&self, path: &[&str]) -> Option<Ours> {
        let ours = match *path {
            [.., "Semaphore"] => Ours::Semaphore,
            [.., "errgroup", "Group"] => Ours::Errgroup,
            [.., "singleflight", "Group"] => Ours::Singleflight,
            [.., "Select"] => Ours::Select,
            _ => return None,
        };
        let own = self.program.gochan == Some(self.program.units[self.unit].package);
        (!own && self.program.is_ours(self.unit, path)).then_some(ours)
    }

    pub(super) fn has_alias(&self, ty: &Ty) -> bool {
        match ty {
            Ty::Path(name, args) => {
                self.program.alias(self.unit, name).is_some() || args.iter().any(|arg| self.has_alias(arg))
            }
            Ty::Ref(inner) => self.has_alias(inner),
            Ty::Tuple(parts) => parts.iter().any(|part| self.has_alias(part)),
            Ty::Unknown => false,
        }
    }

    pub(super) fn path(&self, name: &str, args: &[Ty]) -> Kind {
        // Aliases of aliases are not followed, which may be recursive.
        if let Some(meant) = self.program.alias(self.unit, name).filter(|meant| !self.has_alias(meant)) {
            return self.ty(meant);
        }
        let written: Vec<String> = name.split("::").map(str::to_owned).collect();
        let full = self.full(&written);
        let names: Vec<&str> = full.iter().map(String::as_str).collect();
        let blocking = blocking_root(&names);
        let ours = self.program.is_ours(self.unit, &names);
        if let Some(kind) = scope::of_type(self.program, self.unit, &names, args) {
            return kind;
        }
        if let Some(ours) = self.ours(&names) {
            return Kind::Ours(ours);
        }
        // An imported type has its original name.
        let name = if names.len() > 1 { names.last().copied().unwrap_or(name) } else { name };
        match (name, args) {
            (
                "Chan" | "Sender" | "Receiver" | "WaitGroup" | "CancelHandle" | "Mutex" | "RwLock" | "Once"
                | "OnceCell" | "Cond" | "Condvar" | "JoinHandle" | "Ticker" | "Timer",
                _,
            ) if !blocking && !ours => Kind::Named(name.to_owned()),
            ("Arc" | "Rc" | "Box" | "Option" | "Pin", [inner]) => self.ty(inner),
            // A `Result` is treated like its value.
            ("Result", [inner, ..]) => self.ty(inner),
            ("Lazy" | "LazyLock" | "LocalKey" | "ManuallyDrop", [inner, ..]) => self.ty(inner),
            ("Chan", _) => Kind::Channel(Side::Both, None),
            ("Sender", _) if !blocking => Kind::Channel(Side::Send, None),
            ("Receiver", _) if !blocking => Kind::Channel(Side::Receive, None),
            ("Sender" | "Receiver" | "SyncSender" | "Barrier", _) => Kind::ThreadBlocking,
            ("WaitGroup", _) => Kind::WaitGroup,
            ("Context", _) if ours => Kind::Context,
            ("CancelHandle", _) => Kind::Cancel,
            ("Mutex" | "RwLock", _) => Kind::Lock(flavour(blocking)),
            ("RefCell", _) => Kind::Lock(Flavour::Cell),
            ("Cond" | "Condvar", _) => Kind::Cond(flavour(blocking)),
            (
                "TcpStream" | "TcpListener" | "UdpSocket" | "UnixStream" | "UnixListener" | "Child"
                | "Command" | "Stdin",
                _,
            ) if names.first() == Some(&"std") => Kind::Io,
            ("BufReader" | "BufWriter" | "LineWriter" | "Lines" | "Incoming", [inner])
                if self.ty(inner) == Kind::Io =>
            {
                Kind::Io
            }
            ("Ticker" | "Timer", _) => Kind::Timer,
            ("JoinHandle", _) => {
                if blocking {
                    Kind::ThreadBlocking
                } else {
                    Kind::JoinHandle
                }
            }
            ("Once" | "OnceCell" | "OnceLock", _) => {
                Kind::Once(if ours { Flavour::Gochan } else { Flavour::Blocking })
            }
            ("Self", _) => self.code.owner.clone().map_or(Kind::Other, Kind::Named),
            _ => Kind::Named(name.to_owned()),
        }
    }
}
