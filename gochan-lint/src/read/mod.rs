//! From text to [`crate::ir`], one file at a time.

mod assign;
mod branch;
mod build;
mod call;
mod expr;
mod foreign;
mod locals;
mod macros;
mod names;
mod pattern;
mod repeat;
mod select;
mod shown;
mod span;
mod statement;

use crate::ir::{BodyKind, File, Function, ModuleDecl, Origin, Param, Struct, Ty};
use crate::source::Span;
use build::Builder;
use names::Names;
use std::collections::{HashMap, HashSet};
use syn::spanned::Spanned;

/// A file that is not Rust: what the parser said, and where.
#[derive(Debug)]
pub struct SyntaxError {
    /// The parser's words.
    pub message: String,
    /// Where it gave up.
    pub span: Span,
}

/// Reads one file. `gochan` is what the crate calls gochan; without it nothing but modules is looked for.
///
/// # Errors
/// If it is not Rust.
pub fn read(text: &str, gochan: Option<&str>) -> Result<File, SyntaxError> {
    crate::source::begin(text, preamble(text));
    let parsed = syn::parse_file(text);
    let result = match &parsed {
        Ok(parsed) => {
            let mut reader = Reader {
                names: gochan.map(|gochan| Names::of(&parsed.items, gochan)),
                file: File::default(),
                modules: Vec::new(),
                consts: HashMap::new(),
                statics: HashSet::new(),
            };
            reader.constants(&parsed.items);
            reader.items(&parsed.items, &Around::default());
            gochan.unwrap_or("gochan").clone_into(&mut reader.file.gochan);
            if let Some(names) = reader.names {
                (reader.file.imports, reader.file.globs) = (names.imports, names.globs);
            }
            Ok(reader.file)
        }
        Err(error) => Err(SyntaxError { message: error.to_string(), span: Span::of(error.span()) }),
    };
    drop(parsed);
    // Spans keep the text of all that this thread has parsed; ours have been turned into bytes.
    proc_macro2::extra::invalidate_current_thread_spans();
    result
}

/// How long what stands before a file's first token is: a mark of its encoding, and a line for the shell. The parser
/// takes it away before it counts.
fn preamble(text: &str) -> usize {
    let rest = text.trim_start_matches('\u{feff}');
    let mark = text.len() - rest.len();
    let attribute = |rest: &str| rest.trim_start().starts_with('[');
    match rest.strip_prefix("#!") {
        Some(line) if !attribute(line) => mark + rest.find('\n').unwrap_or(rest.len()),
        _ => mark,
    }
}

struct Reader {
    /// None: the crate does not use gochan.
    names: Option<Names>,
    file: File,
    modules: Vec<String>,
    /// Constants that are plain numbers.
    consts: HashMap<String, i64>,
    /// Statics of this file.
    statics: HashSet<String>,
}

/// The owner of the functions that make statics.
pub const STATIC: &str = "static";

/// The owner of the functions that make what `thread_local!` declares.
pub const THREAD_LOCAL: &str = "thread_local";

/// What is around an item.
#[derive(Default, Clone)]
struct Around {
    owner: Option<String>,
    of_trait: Option<String>,
}

impl Reader {
    fn items(&mut self, items: &[syn::Item], around: &Around) {
        for item in items {
            self.item(item, around);
        }
    }

    fn item(&mut self, item: &syn::Item, around: &Around) {
        match item {
            syn::Item::Mod(module) => {
                self.modules.push(module.ident.to_string());
                self.file.module_names.push(module.ident.to_string());
                match &module.content {
                    Some((_, items)) => self.items(items, around),
                    None => self
                        .file
                        .modules
                        .push(ModuleDecl { path: self.modules.clone(), file: path_attribute(&module.attrs) }),
                }
                self.modules.pop();
            }
            _ if self.names.is_none() => {}
            syn::Item::Fn(function) => self.function(&function.attrs, &function.sig, &function.block, around),
            syn::Item::Const(constant) => self.constant(constant),
            syn::Item::Static(item) => self.static_item(item),
            syn::Item::Impl(implementation) => {
                if implementation.unsafety.is_some()
                    && let Some((path, _)) = &implementation.trait_
                    && path.segments.last().is_some_and(|last| last.ident == "Sync")
                {
                    self.file.unsafe_sync.extend(type_name(&implementation.self_ty));
                }
                let around = Around {
                    owner: type_name(&implementation.self_ty),
                    of_trait: implementation
                        .trait_
                        .as_ref()
                        .and_then(|(path, _)| path.segments.last())
                        .map(|segment| segment.ident.to_string()),
                };
                for item in &implementation.items {
                    if let syn::ImplItem::Fn(method) = item {
                        self.function(&method.attrs, &method.sig, &method.block, &around);
                    }
                }
            }
            syn::Item::Trait(definition) => {
                let name = Some(definition.ident.to_string());
                let around = Around { owner: name.clone(), of_trait: name };
                for item in &definition.items {
                    if let syn::TraitItem::Fn(method) = item {
                        match &method.default {
                            Some(block) => self.function(&method.attrs, &method.sig, block, &around),
                            None => self.declaration(&method.sig, &around),
                        }
                    }
                }
            }
            syn::Item::Type(alias) => {
                let name = alias.ident.to_string();
                self.file.aliases.push((name.clone(), ty(&alias.ty)));
                self.file.structs.push(Struct { name, fields: Vec::new() });
            }
            syn::Item::Enum(syn::ItemEnum { ident, .. }) | syn::Item::Union(syn::ItemUnion { ident, .. }) => {
                self.file.structs.push(Struct { name: ident.to_string(), fields: Vec::new() });
            }
            syn::Item::Macro(syn::ItemMacro { ident: Some(name), .. }) => {
                self.file.macros.push(name.to_string());
            }
            syn::Item::Macro(call) => self.thread_locals(&call.mac),
            syn::Item::Struct(definition) => {
                let fields = definition.fields.iter().zip(0..).map(|(field, index)| {
                    let name = field.ident.as_ref().map_or_else(|| index.to_string(), ToString::to_string);
                    let span = field.ident.as_ref().map_or_else(|| field.ty.span(), syn::Ident::span);
                    (name, ty(&field.ty), Span::of(span))
                });
                let fields = fields.collect();
                self.file.structs.push(Struct { name: definition.ident.to_string(), fields });
            }
            _ => {}
        }
    }

    fn constants(&mut self, items: &[syn::Item]) {
        for item in items {
            match item {
                syn::Item::Const(constant) => self.constant(constant),
                syn::Item::Static(item) => {
                    self.statics.insert(item.ident.to_string());
                }
                syn::Item::Mod(module) => {
                    module.content.iter().for_each(|(_, items)| self.constants(items));
                }
                _ => {}
            }
        }
    }

    fn constant(&mut self, constant: &syn::ItemConst) {
        if let syn::Expr::Lit(syn::ExprLit { lit: syn::Lit::Int(number), .. }) = &*constant.expr
            && let Ok(number) = number.base10_parse()
        {
            self.consts.insert(constant.ident.to_string(), number);
        }
    }

    /// A static, and what makes it as a function of its own.
    fn static_item(&mut self, item: &syn::ItemStatic) {
        let name = item.ident.to_string();
        let ty = ty(&item.ty);
        let mutable = matches!(item.mutability, syn::StaticMutability::Mut(_));
        self.file.statics.push(crate::ir::Static { name: name.clone(), ty, mutable });
        self.initialiser(&item.ident, STATIC, Ty::Unknown, &item.expr);
    }

    /// The expression that makes a static or a thread-local, as a function of its name.
    fn initialiser(&mut self, name: &syn::Ident, owner: &str, returns: Ty, expr: &syn::Expr) {
        let span = Span::of(name.span());
        let around = Around { owner: Some(owner.to_owned()), of_trait: None };
        let function = Function { returns, ..self.blank(name.to_string(), &around, span) };
        let mut lower = Lower::new(self, function);
        lower.build.begin_body(BodyKind::Function, span);
        let value = lower.expr(expr);
        lower.returned(value);
        lower.build.end_body();
        let function = lower.build.function;
        self.file.functions.push(function);
    }

    fn declaration(&mut self, signature: &syn::Signature, around: &Around) {
        let span = Span::of(signature.ident.span());
        let function = self.blank(signature.ident.to_string(), around, span);
        let mut lower = Lower::new(self, function);
        lower.build.begin_body(BodyKind::Function, span);
        for input in &signature.inputs {
            lower.param(input, around);
        }
        lower.build.diverge(span);
        lower.build.end_body();
        let function = lower.build.function;
        self.file.functions.push(function);
    }

    fn blank(&self, name: String, around: &Around, span: Span) -> Function {
        Function {
            name,
            owner: around.owner.clone(),
            of_trait: around.of_trait.clone(),
            params: Vec::new(),
            returns: Ty::Unknown,
            is_main: false,
            is_test: false,
            on_thread: false,
            instrumented: None,
            module: self.modules.clone(),
            span,
            objects: Vec::new(),
            bodies: Vec::new(),
        }
    }

    fn function(
        &mut self,
        attributes: &[syn::Attribute],
        signature: &syn::Signature,
        block: &syn::Block,
        around: &Around,
    ) {
        let has = |name: &str| {
            attributes.iter().any(|attribute| {
                attribute.path().segments.last().is_some_and(|segment| segment.ident == name)
            })
        };
        let name = signature.ident.to_string();
        let span = Span::of(signature.ident.span());
        let function = Function {
            is_main: has("main") || (name == "main" && around.owner.is_none()),
            is_test: has("test"),
            on_thread: self.on_thread(attributes, &name, around),
            instrumented: self.instrumented(attributes).filter(|_| signature.asyncness.is_none()),
            returns: match &signature.output {
                syn::ReturnType::Default => Ty::Tuple(Vec::new()),
                syn::ReturnType::Type(_, written) => ty(written),
            },
            ..self.blank(name.clone(), around, span)
        };
        self.modules.push(name);
        let mut lower = Lower::new(self, function);
        lower.build.begin_body(BodyKind::Function, Span::of(block.brace_token.span.join()));
        if signature.asyncness.is_some() {
            lower.build.set_async();
        }
        for input in &signature.inputs {
            lower.param(input, around);
        }
        let value = lower.block(block);
        lower.returned(value);
        lower.build.end_body();
        let function = lower.build.function;
        self.modules.pop();
        self.file.functions.push(function);
    }
}

/// Turns the code of one function into graphs.
struct Lower<'r> {
    reader: &'r mut Reader,
    build: Builder,
    /// Guards without a name, which live until the statement ends that they are in.
    temporaries: Vec<crate::ir::ObjectId>,
}

impl<'r> Lower<'r> {
    fn new(reader: &'r mut Reader, function: Function) -> Lower<'r> {
        Lower { reader, build: Builder::new(function), temporaries: Vec::new() }
    }
}

impl Lower<'_> {
    fn param(&mut self, input: &syn::FnArg, around: &Around) {
        let (name, ty, span) = match input {
            syn::FnArg::Receiver(receiver) => {
                let owner = around.owner.clone().unwrap_or_default();
                let ty = Ty::Ref(Box::new(Ty::Path(owner, Vec::new())));
                ("self".to_owned(), ty, Span::of(receiver.self_token.span))
            }
            syn::FnArg::Typed(typed) => match &*typed.pat {
                syn::Pat::Ident(name) => (name.ident.to_string(), ty(&typed.ty), Span::of(name.ident.span())),
                _ => {
                    let value = self.typed("", &ty(&typed.ty), Span::of(typed.pat.span()));
                    self.pattern(&typed.pat, expr::Value::Object(value));
                    (String::new(), ty(&typed.ty), Span::of(typed.pat.span()))
                }
            },
        };
        let object = self.typed(&name, &ty, span);
        self.build.bind(&name, object);
        self.build.add_param(object);
        self.build.function.params.push(Param { name, ty, object, span });
    }

    fn typed(&mut self, name: &str, ty: &Ty, span: Span) -> crate::ir::ObjectId {
        self.build.object(name, Origin::Typed(ty.clone()), span)
    }
}

fn path_attribute(attributes: &[syn::Attribute]) -> Option<String> {
    attributes.iter().find_map(|attribute| match &attribute.meta {
        syn::Meta::NameValue(pair) if pair.path.is_ident("path") => match &pair.value {
            syn::Expr::Lit(syn::ExprLit { lit: syn::Lit::Str(text), .. }) => Some(text.value()),
            _ => None,
        },
        _ => None,
    })
}

fn type_name(written: &syn::Type) -> Option<String> {
    match ty(written) {
        Ty::Path(name, _) => Some(name),
        _ => None,
    }
}

/// Types that gochan and others have under one name: the path in front tells whose it is.
const SHARED_NAMES: [&str; 38] = [
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

/// A type as written.
pub(crate) fn ty(written: &syn::Type) -> Ty {
    match written {
        syn::Type::Path(path) => {
            let Some(last) = path.path.segments.last() else { return Ty::Unknown };
            let mut name = last.ident.to_string();
            if path.path.segments.len() > 1 && SHARED_NAMES.contains(&name.as_str()) {
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
        _ => Ty::Unknown,
    }
}
