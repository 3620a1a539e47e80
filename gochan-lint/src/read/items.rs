//! Items: functions, types, statics, modules.

use super::call::is_literal;
use super::lower::Lower;
use super::reader::{Around, Reader, STATIC};
use super::types::{parameters, replaced, ty, type_name};
use crate::ir::{BodyKind, Function, ModuleDecl, Static, Struct, Ty};
use crate::source::Span;
use syn::spanned::Spanned;

impl Reader {
    pub(super) fn items(&mut self, items: &[syn::Item], around: &Around) {
        for item in items {
            self.item(item, around);
        }
    }

    pub(super) fn item(&mut self, item: &syn::Item, around: &Around) {
        match item {
            syn::Item::Mod(module) => self.module(module, around),
            syn::Item::Macro(syn::ItemMacro { ident: None, mac, .. }) => self.item_macro(mac, around),
            _ if self.names.is_none() => {}
            syn::Item::Fn(function) => self.function(&function.attrs, &function.sig, &function.block, around),
            syn::Item::Const(constant) => {
                let modules = self.modules.clone();
                self.constant(constant, &modules);
            }
            syn::Item::Static(item) => self.static_item(item),
            syn::Item::Impl(implementation) => self.implementation(implementation),
            syn::Item::Trait(definition) => self.trait_definition(definition),
            syn::Item::Type(alias) => {
                let name = alias.ident.to_string();
                self.file.aliases.push((name.clone(), ty(&alias.ty)));
                let module = self.modules.clone();
                self.file.structs.push(Struct { name, module, fields: Vec::new() });
            }
            syn::Item::Enum(syn::ItemEnum { ident, .. }) | syn::Item::Union(syn::ItemUnion { ident, .. }) => {
                let module = self.modules.clone();
                self.file.structs.push(Struct { name: ident.to_string(), module, fields: Vec::new() });
            }
            syn::Item::Macro(syn::ItemMacro { ident: Some(name), .. }) => {
                self.file.macros.push(name.to_string());
            }
            syn::Item::Struct(definition) => self.structure(definition),
            _ => {}
        }
    }

    /// `include!`, `thread_local!`, and macros around items, such as `cfg_if!`-like ones.
    fn item_macro(&mut self, call: &syn::Macro, around: &Around) {
        if call.path.is_ident("include") {
            if let Ok(file) = call.parse_body::<syn::LitStr>() {
                let (path, included) = (self.folders.clone(), Some(file.value()));
                self.file.modules.push(ModuleDecl { path, files: Vec::new(), included, in_place: false });
            }
            return;
        }
        self.thread_locals(call);
        let name = call.path.segments.last().map_or_else(String::new, |last| last.ident.to_string());
        if name == "thread_local" {
            return;
        }
        match syn::parse2::<syn::File>(call.tokens.clone()) {
            Ok(inside) => self.items(&inside.items, around),
            Err(_) => self.file.unread.push((Span::of(call.path.span()), name)),
        }
    }

    fn module(&mut self, module: &syn::ItemMod, around: &Around) {
        self.modules.push(module.ident.to_string());
        self.file.module_names.push(module.ident.to_string());
        let (always, sometimes) = path_attributes(&module.attrs);
        let name = module.ident.to_string();
        match &module.content {
            Some((_, items)) => {
                self.folders.push(always.unwrap_or(name));
                self.items(items, around);
                self.folders.pop();
            }
            None => {
                let path = self.folders.iter().cloned().chain([name]).collect();
                let in_place = always.is_none();
                let files = always.into_iter().chain(sometimes).collect();
                self.file.modules.push(ModuleDecl { path, files, included: None, in_place });
            }
        }
        self.modules.pop();
    }

    fn implementation(&mut self, implementation: &syn::ItemImpl) {
        let of_trait = implementation.trait_.as_ref().and_then(|(path, _)| path.segments.last());
        let of_trait = of_trait.map(|segment| segment.ident.to_string());
        let owner = type_name(&implementation.self_ty);
        if implementation.unsafety.is_some() && of_trait.as_deref() == Some("Sync") {
            self.file.unsafe_sync.extend(owner.clone());
        }
        let around = Around { owner, of_trait, parameters: parameters(&implementation.generics) };
        for item in &implementation.items {
            if let syn::ImplItem::Fn(method) = item {
                self.function(&method.attrs, &method.sig, &method.block, &around);
            }
        }
    }

    fn trait_definition(&mut self, definition: &syn::ItemTrait) {
        let name = Some(definition.ident.to_string());
        let parameters = parameters(&definition.generics);
        let around = Around { owner: name.clone(), of_trait: name, parameters };
        for item in &definition.items {
            if let syn::TraitItem::Fn(method) = item {
                match &method.default {
                    Some(block) => self.function(&method.attrs, &method.sig, block, &around),
                    None => self.declaration(&method.sig, &around),
                }
            }
        }
    }

    fn structure(&mut self, definition: &syn::ItemStruct) {
        let known = parameters(&definition.generics);
        let fields = definition.fields.iter().zip(0..).map(|(field, index)| {
            let name = field.ident.as_ref().map_or_else(|| index.to_string(), ToString::to_string);
            let span = field.ident.as_ref().map_or_else(|| field.ty.span(), syn::Ident::span);
            (name, replaced(ty(&field.ty), &known), Span::of(span))
        });
        let fields = fields.collect();
        let module = self.modules.clone();
        self.file.structs.push(Struct { name: definition.ident.to_string(), module, fields });
    }

    /// Finds the constants and statics of `modules` and those in it.
    pub(super) fn constants(&mut self, items: &[syn::Item], modules: &mut Vec<String>) {
        for item in items {
            match item {
                syn::Item::Const(constant) => self.constant(constant, modules),
                syn::Item::Static(item) => {
                    self.statics.insert((modules.clone(), item.ident.to_string()));
                }
                syn::Item::Mod(module) => {
                    let Some((_, items)) = &module.content else { continue };
                    let name = module.ident.to_string();
                    self.inline.insert(name.clone());
                    modules.push(name);
                    self.constants(items, modules);
                    modules.pop();
                }
                _ => {}
            }
        }
    }

    fn constant(&mut self, constant: &syn::ItemConst, modules: &[String]) {
        if let syn::Expr::Lit(syn::ExprLit { lit: syn::Lit::Int(number), .. }) = &*constant.expr
            && let Ok(number) = number.base10_parse()
        {
            self.consts.insert((modules.to_vec(), constant.ident.to_string()), number);
        }
    }

    /// A static, whose initialiser is a function of its own.
    fn static_item(&mut self, item: &syn::ItemStatic) {
        let name = item.ident.to_string();
        let ty = ty(&item.ty);
        let mutable = matches!(item.mutability, syn::StaticMutability::Mut(_));
        self.file.statics.push(Static { name: name.clone(), ty, mutable });
        self.initialiser(&item.ident, STATIC, Ty::Unknown, &item.expr);
    }

    /// The initialiser of a static or a thread-local, as a function of its name.
    pub(super) fn initialiser(&mut self, name: &syn::Ident, owner: &str, returns: Ty, expr: &syn::Expr) {
        let span = Span::of(name.span());
        let around = Around { owner: Some(owner.to_owned()), ..Around::default() };
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
        let around = &around.with(&signature.generics);
        let returns = returned(signature, around);
        let function = Function { returns, ..self.blank(signature.ident.to_string(), around, span) };
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
            makes: Vec::new(),
            fresh: Vec::new(),
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
        let around = &around.with(&signature.generics);
        let function = Function {
            is_main: has("main") || (name == "main" && around.owner.is_none()),
            is_test: has("test"),
            on_thread: self.on_thread(attributes, &name, around),
            instrumented: self.instrumented(attributes).filter(|_| signature.asyncness.is_none()),
            returns: returned(signature, around),
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
        if let Some(syn::Stmt::Expr(last, None)) = block.stmts.last()
            && is_literal(last)
        {
            lower.build.function.makes = std::mem::take(&mut lower.fields);
        }
        lower.returned(value);
        lower.build.end_body();
        let function = lower.build.function;
        self.modules.pop();
        self.file.functions.push(function);
    }
}

/// The type of the result of a function.
fn returned(signature: &syn::Signature, around: &Around) -> Ty {
    match &signature.output {
        syn::ReturnType::Default => Ty::Tuple(Vec::new()),
        syn::ReturnType::Type(_, written) => replaced(ty(written), &around.parameters),
    }
}

impl Around {
    /// The same inside an item with type parameters of its own.
    fn with(&self, generics: &syn::Generics) -> Around {
        let mut around = self.clone();
        around.parameters.extend(parameters(generics));
        around
    }
}

/// The path of a `#[path]` attribute, and those of `#[cfg_attr(…, path = "…")]`.
fn path_attributes(attributes: &[syn::Attribute]) -> (Option<String>, Vec<String>) {
    let path = |meta: &syn::Meta| match meta {
        syn::Meta::NameValue(pair) if pair.path.is_ident("path") => match &pair.value {
            syn::Expr::Lit(syn::ExprLit { lit: syn::Lit::Str(text), .. }) => Some(text.value()),
            _ => None,
        },
        _ => None,
    };
    let always = attributes.iter().find_map(|attribute| path(&attribute.meta));
    let conditional = attributes.iter().filter(|attribute| attribute.path().is_ident("cfg_attr"));
    let sometimes = conditional.filter_map(|attribute| {
        let parser = syn::punctuated::Punctuated::<syn::Meta, syn::Token![,]>::parse_terminated;
        attribute.parse_args_with(parser).ok()?.iter().skip(1).find_map(path)
    });
    (always, sometimes.collect())
}
