use gochan::prelude::*;
use gochan::context::{self, todo};

fn imported() { step(&todo()); } //~ todo_context
fn module() { step(&context::todo()); } //~ todo_context
fn full() { step(&gochan::context::todo()); } //~ todo_context
