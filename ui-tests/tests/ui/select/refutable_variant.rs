use gochan::prelude::*;

#[derive(Default)]
enum Shape {
    #[default]
    Dot,
    Circle(f32),
}

fn main() {
    let shapes = chan!(Shape);
    select! {
        Shape::Circle(radius) = <-shapes => println!("{radius}"),
        Some(Shape::Dot) = <-shapes => {}
    }
}
