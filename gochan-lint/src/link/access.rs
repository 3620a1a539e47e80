//! Chains of fields such as `self.shared.lock`.

use super::program::Program;
use crate::ir::{ObjectId, Origin};

/// An object as a chain of fields.
#[derive(Debug, PartialEq, Eq)]
pub struct AccessPath {
    /// The start of the chain, or `None` for a static, whose name is then the first field.
    pub base: Option<ObjectId>,
    /// The fields, starting from the base.
    pub fields: Vec<String>,
}

impl AccessPath {
    /// The chain that leads to an object.
    #[must_use]
    pub fn of(program: &Program, function: usize, object: ObjectId) -> AccessPath {
        let objects = &program.function(function).objects;
        let mut fields = Vec::new();
        let mut object = program.functions[function].root(object);
        let mut base = None;
        loop {
            match &objects[object.at()].origin {
                Origin::Field(of, name) => {
                    fields.push(name.clone());
                    object = program.functions[function].root(*of);
                }
                Origin::Static(name) => {
                    fields.push(name.clone());
                    break;
                }
                _ => {
                    base = Some(object);
                    break;
                }
            }
        }
        fields.reverse();
        AccessPath { base, fields }
    }

    /// The chain with more fields at its end.
    #[must_use]
    pub fn then(mut self, fields: &[String]) -> AccessPath {
        self.fields.extend_from_slice(fields);
        self
    }
}
