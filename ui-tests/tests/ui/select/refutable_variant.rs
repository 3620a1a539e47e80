use gochan::prelude::*;

#[derive(Default)]
enum Shape {
    #[default]
    Dot,
    Circle(f32),
}

fn main() {
    const DONE: bool = false;
    let (shapes, numbers) = (chan!(Shape), chan!(i32));
    select! {
        Shape::Circle(radius) = <-shapes => println!("{radius}"),
        Some(Shape::Dot) = <-shapes => {}
        n, DONE = <-numbers => println!("{n}"),
    }
}
