//! What the code of a function shows about aliases: closures that are passed to methods, and functions that return a field
//! of a parameter.

use super::kind::Kind;
use super::program::{Getter, Program};
use crate::ir::{Body, BodyId, CONTENT, Function, Object, ObjectId, Op, OpKind, Origin, Ty, Where};
use std::cell::RefCell;
use std::collections::HashMap;

/// The field that stands for the result of a method which is known by its declaration only.
pub(super) fn pseudo(name: &str) -> String {
    format!("{name}()")
}

/// What the code of a function says about aliases, and the objects that were made.
#[derive(Default)]
pub(super) struct Aliases {
    /// The objects of fields, by their base and their name.
    pub(super) fields: RefCell<HashMap<(ObjectId, String), ObjectId>>,
    pub(super) made: RefCell<Vec<(Object, Kind)>>,
    /// The results of methods that are called through `Deref`, and what they are called on.
    pub(super) targets: RefCell<HashMap<ObjectId, ObjectId>>,
    /// The parameters of closures that are passed to methods: the receiver, the method, the numbers of the argument and
    /// of the parameter.
    pub(super) params: HashMap<ObjectId, Given>,
}

/// A parameter of a closure, which is an argument of a call.
pub(super) struct Given {
    pub(super) receiver: Option<ObjectId>,
    pub(super) path: Vec<String>,
    pub(super) is_method: bool,
    pub(super) arg: usize,
    pub(super) param: usize,
}

impl Aliases {
    pub(super) fn of(code: &Function) -> Aliases {
        let mut aliases = Aliases::default();
        let closures: HashMap<u32, BodyId> = code
            .objects
            .iter()
            .zip(0..)
            .filter_map(|(object, id)| match object.origin {
                Origin::Closure(body) => Some((id, body)),
                _ => None,
            })
            .collect();
        if closures.is_empty() {
            return aliases;
        }
        for call in ops(&code.bodies).filter_map(|op| match &op.kind {
            OpKind::Call(call) => Some(call),
            _ => None,
        }) {
            for (arg, given) in call.args.iter().enumerate() {
                let Some(body) = given.object.and_then(|object| closures.get(&object.0)) else { continue };
                for (param, object) in code.bodies[body.at()].params.iter().enumerate() {
                    let (receiver, path, is_method) = (call.receiver, call.path.clone(), call.is_method);
                    aliases.params.insert(*object, Given { receiver, path, is_method, arg, param });
                }
            }
        }
        aliases
    }
}

fn ops(bodies: &[Body]) -> impl Iterator<Item = &Op> {
    bodies.iter().flat_map(|body| &body.blocks).flat_map(|block| &block.ops)
}

/// The object that a body returns, if it always returns the same one.
pub(super) fn result_of(code: &Function, body: BodyId) -> Option<ObjectId> {
    let graph = &code.bodies[body.at()];
    let mut returned = ops(std::slice::from_ref(graph)).filter_map(|op| match op.kind {
        OpKind::Escape(object, Where::Returned) => Some(object),
        _ => None,
    });
    let first = returned.next()?;
    returned.all(|other| other == first).then_some(first).filter(|_| !graph.is_async)
}

/// The fields that lead to what a function returns, if it does nothing but return it.
pub(super) fn getter(code: &Function) -> Option<Getter> {
    code.params.first()?;
    let mut object = result_of(code, BodyId(0))?;
    let mut fields = Vec::new();
    loop {
        match &code.objects[object.at()].origin {
            Origin::Field(of, name) if !name.starts_with('[') => {
                fields.push(name.clone());
                object = *of;
            }
            // Another end of the same channel.
            Origin::Method(of, name, _) if matches!(name.as_str(), "receiver" | "sender") => object = *of,
            Origin::Content(guard) => {
                let Origin::Method(lock, ..) = &code.objects[guard.at()].origin else { return None };
                fields.push(CONTENT.to_owned());
                object = *lock;
            }
            _ => break,
        }
    }
    fields.reverse();
    let param = code.params.iter().position(|param| param.object == object)?;
    (!fields.is_empty()).then_some((param, fields))
}

/// True for kinds that are worth following.
pub(super) fn is_handle(kind: &Kind) -> bool {
    !matches!(kind, Kind::Other | Kind::Tuple(_) | Kind::Io | Kind::ThreadBlocking)
}

/// The functions that return a field of a parameter.
pub(super) fn getters(program: &Program) -> HashMap<usize, Getter> {
    let all = 0..program.functions.len();
    let mut found: HashMap<usize, Getter> =
        all.clone().filter_map(|function| Some((function, getter(program.function(function))?))).collect();
    // Declarations in traits: what they return by reference is a part of the value.
    for declaration in all {
        let code = program.function(declaration);
        let is_declared = code.of_trait.is_some() && code.of_trait == code.owner;
        let is_reference = matches!(&code.returns, Ty::Ref(inner) if **inner != Ty::Unknown);
        if is_declared && is_reference && code.params.len() == 1 && !found.contains_key(&declaration) {
            let implementations = program.implementations(declaration);
            let only = match implementations[..] {
                [only] => found.get(&only).cloned(),
                _ => None,
            };
            found.insert(declaration, only.unwrap_or((0, vec![pseudo(&code.name)])));
        }
    }
    found
}
