//! A plan as a picture: the floors, the sides beside them, and what each folder is for.

use std::fmt::Write as _;

use super::plan::Plan;

const MARGIN: usize = 16;
const FLOOR_WIDTH: usize = 640;
const FLOOR_HEIGHT: usize = 46;
const GAP: usize = 6;
const SIDE_WIDTH: usize = 150;

/// The text of an SVG file.
pub(super) fn of(plan: &Plan) -> String {
    let floors = plan.floors.len();
    let height = floors * (FLOOR_HEIGHT + GAP) - GAP;
    let sides = plan.sides.len() * (SIDE_WIDTH + GAP);
    let mut svg = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {} {}\" font-family=\"sans-serif\" font-size=\"13\">\n\
         <title>The floors of gochan/src: each folder names only those below it</title>\n",
        2 * MARGIN + FLOOR_WIDTH + sides,
        2 * MARGIN + height
    );
    for (index, folders) in plan.floors.iter().enumerate() {
        let y = MARGIN + (floors - 1 - index) * (FLOOR_HEIGHT + GAP);
        let width = (FLOOR_WIDTH - (folders.len() - 1) * GAP) / folders.len();
        for (column, folder) in folders.iter().enumerate() {
            let room = Room { x: MARGIN + column * (width + GAP), y, width, height: FLOOR_HEIGHT };
            room.draw(&mut svg, "#e8eef7", folder, plan);
        }
    }
    for (column, side) in plan.sides.iter().enumerate() {
        let x = MARGIN + FLOOR_WIDTH + GAP + column * (SIDE_WIDTH + GAP);
        Room { x, y: MARGIN, width: SIDE_WIDTH, height }.draw(&mut svg, "#f4f0e4", side, plan);
    }
    svg.push_str("</svg>\n");
    svg
}

/// A box with a folder's name and what it is for.
struct Room {
    x: usize,
    y: usize,
    width: usize,
    height: usize,
}

impl Room {
    fn draw(&self, svg: &mut String, colour: &str, folder: &str, plan: &Plan) {
        /// The width of a letter, about.
        const LETTER: usize = 6;
        let Room { x, y, width, height } = *self;
        let _ = writeln!(
            svg,
            "<rect x=\"{x}\" y=\"{y}\" width=\"{width}\" height=\"{height}\" rx=\"4\" fill=\"{colour}\" \
             stroke=\"#556\"/>\n<text x=\"{}\" y=\"{}\" font-weight=\"bold\">{}</text>",
            x + 8,
            y + 18,
            escaped(folder)
        );
        let about = plan.about.get(folder).map(String::as_str).unwrap_or_default();
        for (row, line) in wrapped(about, (width - 16) / LETTER).iter().enumerate() {
            let _ = writeln!(
                svg,
                "<text x=\"{}\" y=\"{}\" font-size=\"11\">{}</text>",
                x + 8,
                y + 34 + 15 * row,
                escaped(line)
            );
        }
    }
}

/// Lines of at most `most` letters, if no word is longer.
fn wrapped(text: &str, most: usize) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    for word in text.split_whitespace() {
        match lines.last_mut() {
            Some(line) if line.len() + 1 + word.len() <= most => {
                line.push(' ');
                line.push_str(word);
            }
            _ => lines.push(word.to_owned()),
        }
    }
    lines
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_folder_of_a_plan_is_drawn_once() {
        let plan = Plan::parse("floor a\nfloor b c\nside d\nabout b: more & more\nroof lib\n").unwrap();
        let svg = of(&plan);
        for folder in ["a", "b", "c", "d"] {
            assert_eq!(svg.matches(&format!(">{folder}</text>")).count(), 1, "{svg}");
        }
        assert!(svg.contains(">more &amp; more</text>"), "{svg}");
        assert_eq!(svg.matches("<rect").count(), 4);
    }

    #[test]
    fn words_are_wrapped_and_not_cut() {
        assert_eq!(wrapped("one two three", 7), ["one two", "three"]);
        assert_eq!(wrapped("incomprehensible", 7), ["incomprehensible"]);
    }
}
