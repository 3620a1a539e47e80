//! Types as they are written.

use crate::ir::{FUNCTION, Ty};

pub(super) fn type_name(written: &syn::Type) -> Option<String> {
    match ty(written) {
        Ty::Path(name, _) => Some(name),
        _ => None,
    }
}

/// Names of types that exist in gochan and in other crates: the path before the name distinguishes them.
const SHARED_NAMES: [&str; 40] = [
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
    "Condvar",
    "Barrier",
    "WaitGroup",
    "TcpStream",
    "TcpListener",
    "UdpSocket",
    "UnixStream",
    "UnixListener",
    "Child",
    "Command",
    "Stdin",
    "Lazy",
    "Semaphore",
    "Group",
    "Select",
    "MutexGuard",
    "RwLockReadGuard",
    "RwLockWriteGuard",
    "Span",
    "Entered",
    "EnteredSpan",
    "AttachGuard",
    "GILGuard",
    "GILPool",
    "Python",
    "ScopedKey",
    "Stack",
    "ThreadLocal",
    "CachedThreadLocal",
];

/// True for names of types that exist in gochan and in other crates.
pub(crate) fn is_shared(name: &str) -> bool {
    SHARED_NAMES.contains(&name)
}

/// True for paths that may lead to a type of the crate.
pub(super) fn is_own(path: &syn::Path) -> bool {
    path.segments.first().is_some_and(|first| {
        let foreign = ["std", "core", "alloc"].iter().any(|name| first.ident == name);
        !foreign && first.ident.to_string().starts_with(char::is_lowercase)
    })
}

/// A type as written.
pub(super) fn ty(written: &syn::Type) -> Ty {
    match written {
        syn::Type::Path(path) => {
            let Some(last) = path.path.segments.last() else { return Ty::Unknown };
            let mut name = last.ident.to_string();
            if path.path.segments.len() > 1 && (is_shared(&name) || is_own(&path.path)) {
                let segments: Vec<String> =
                    path.path.segments.iter().map(|segment| segment.ident.to_string()).collect();
                name = segments.join("::");
            }
            let arguments = match &last.arguments {
                syn::PathArguments::AngleBracketed(list) => {
                    list.args.iter().filter_map(|argument| match argument {
                        syn::GenericArgument::Type(written) => Some(ty(written)),
                        _ => None,
                    })
                }
                _ => return Ty::Path(name, Vec::new()),
            };
            Ty::Path(name, arguments.collect())
        }
        syn::Type::Reference(reference) => Ty::Ref(Box::new(ty(&reference.elem))),
        syn::Type::Tuple(tuple) => Ty::Tuple(tuple.elems.iter().map(ty).collect()),
        syn::Type::Ptr(pointer) => Ty::Path("*".to_owned(), vec![ty(&pointer.elem)]),
        syn::Type::Slice(list) => Ty::Path("[]".to_owned(), vec![ty(&list.elem)]),
        syn::Type::Array(list) => Ty::Path("[]".to_owned(), vec![ty(&list.elem)]),
        syn::Type::Paren(inner) => ty(&inner.elem),
        syn::Type::Group(inner) => ty(&inner.elem),
        syn::Type::ImplTrait(bounded) => bound(&bounded.bounds),
        syn::Type::TraitObject(bounded) => bound(&bounded.bounds),
        syn::Type::FnPtr(function) => {
            let inputs = function.inputs.iter().map(|input| ty(&input.ty)).collect();
            Ty::Path(FUNCTION.to_owned(), vec![Ty::Tuple(inputs), result(&function.output)])
        }
        syn::Type::Never(_) => Ty::Path("!".to_owned(), Vec::new()),
        _ => Ty::Unknown,
    }
}

fn result(output: &syn::ReturnType) -> Ty {
    match output {
        syn::ReturnType::Default => Ty::Tuple(Vec::new()),
        syn::ReturnType::Type(_, written) => ty(written),
    }
}

/// The type that stands for one with these bounds: what it can be called with, what it gives, or its trait.
pub(super) fn bound<'b>(bounds: impl IntoIterator<Item = &'b syn::TypeParamBound>) -> Ty {
    const MARKERS: [&str; 12] = [
        "Send",
        "Sync",
        "Clone",
        "Copy",
        "Sized",
        "Debug",
        "Default",
        "Unpin",
        "Eq",
        "PartialEq",
        "Hash",
        "Ord",
    ];
    let traits = bounds.into_iter().filter_map(|bound| match bound {
        syn::TypeParamBound::Trait(bound) => bound.path.segments.last(),
        _ => None,
    });
    let mut traits = traits.filter(|last| !MARKERS.iter().any(|marker| last.ident == marker));
    let Some(last) = traits.next() else { return Ty::Unknown };
    let name = last.ident.to_string();
    match &last.arguments {
        syn::PathArguments::Parenthesized(function) => {
            let inputs = function.inputs.iter().map(|input| ty(&input.ty)).collect();
            Ty::Path(FUNCTION.to_owned(), vec![Ty::Tuple(inputs), result(&function.output)])
        }
        syn::PathArguments::AngleBracketed(list) => {
            let mut parts = list.args.iter().filter_map(|part| match part {
                syn::GenericArgument::Type(written) => Some(ty(written)),
                syn::GenericArgument::AssocType(part) => Some(ty(&part.ty)),
                _ => None,
            });
            match (name.as_str(), parts.next()) {
                ("Iterator" | "IntoIterator" | "ExactSizeIterator" | "DoubleEndedIterator", Some(item)) => {
                    Ty::Path("Vec".to_owned(), vec![item])
                }
                ("Into" | "AsRef" | "AsMut" | "Borrow" | "Deref" | "DerefMut", Some(of)) => of,
                (_, first) => Ty::Path(name, first.into_iter().chain(parts).collect()),
            }
        }
        syn::PathArguments::None => Ty::Path(name, Vec::new()),
    }
}

/// The types that stand for the type parameters of an item.
pub(super) fn parameters(generics: &syn::Generics) -> Vec<(String, Ty)> {
    let mut known: Vec<(String, Ty)> = Vec::new();
    for parameter in generics.type_params() {
        known.push((parameter.ident.to_string(), bound(&parameter.bounds)));
    }
    for predicate in generics.where_clause.iter().flat_map(|clause| &clause.predicates) {
        let syn::WherePredicate::Type(predicate) = predicate else { continue };
        let Ty::Path(name, _) = ty(&predicate.bounded_ty) else { continue };
        let slot = known.iter_mut().find(|(known, of)| *known == name && *of == Ty::Unknown);
        if let Some((_, slot)) = slot {
            *slot = bound(&predicate.bounds);
        }
    }
    known.retain(|(_, of)| *of != Ty::Unknown);
    known
}

/// A type with the type parameters replaced by what is known of them.
pub(super) fn replaced(written: Ty, parameters: &[(String, Ty)]) -> Ty {
    if parameters.is_empty() {
        return written;
    }
    let each = |parts: Vec<Ty>| parts.into_iter().map(|part| replaced(part, parameters)).collect();
    match written {
        Ty::Path(name, parts) if parts.is_empty() => {
            match parameters.iter().find(|(known, _)| *known == name) {
                Some((_, of)) => of.clone(),
                None => Ty::Path(name, parts),
            }
        }
        Ty::Path(name, parts) => Ty::Path(name, each(parts)),
        Ty::Ref(inner) => Ty::Ref(Box::new(replaced(*inner, parameters))),
        Ty::Tuple(parts) => Ty::Tuple(each(parts)),
        Ty::Unknown => Ty::Unknown,
    }
}
