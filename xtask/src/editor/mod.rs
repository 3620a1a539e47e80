//! rust-analyzer on code that uses gochan's macros, as an editor asks it.

mod client;
mod places;

use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use clap::Args;
use serde_json::{Value, json};

use crate::{Outcome, root, target_dir};
use client::{Client, edited};
use places::{AROUND, COMPLETIONS, HOVERS, RENAMES};

pub(crate) const HELP: &str = "\
Ask rust-analyzer for completions, hovers and renames inside of gochan's macros, over its protocol.

The code is half-typed where an editor completes. Each place has an answer that must be among those given; places \
without it are listed, and fewer good ones than a floor fail. It needs `rustup component add rust-analyzer rust-src`, and \
builds the macros once, in `target/editor`.";

/// The good ones of each kind that there must be. A change may raise a floor, and has to explain why it lowers one.
const FLOORS: [usize; 3] = [36, 12, 8];

#[derive(Args)]
pub(crate) struct Options {
    /// The language server
    #[arg(long, default_value = "rust-analyzer", value_name = "COMMAND")]
    server: String,
}

pub(crate) fn run(options: &Options) -> Outcome {
    let project = project()?;
    let settings = json!({
        "cargo": { "targetDir": target_dir().join("editor/target") },
        "procMacro": { "enable": true },
        "checkOnSave": false,
        "cachePriming": { "enable": false },
    });
    let mut client = Client::start(Command::new(&options.server), &project, settings)?;
    client.show(&format!("{}{}", AROUND.0, AROUND.1))?;
    // The first time, it builds the macros.
    client.wait_until_loaded(Duration::from_secs(1200))?;
    let kinds = ["completions", "hovers", "renames"];
    let good = [
        count(kinds[0], COMPLETIONS, |(statements, wanted)| completes(&mut client, statements, wanted))?,
        count(kinds[1], HOVERS, |(statements, wanted)| hovers(&mut client, statements, wanted))?,
        count(kinds[2], RENAMES, |statements| renames(&mut client, statements))?,
    ];
    let low = kinds.iter().zip(good).zip(FLOORS).filter(|((_, good), floor)| good < floor);
    let low: Vec<_> =
        low.map(|((kind, good), floor)| format!("{good} {kind} are good, of at least {floor}")).collect();
    if low.is_empty() { Ok(()) } else { Err(low.join(", ")) }
}

/// A project that uses gochan by its path.
fn project() -> Outcome<PathBuf> {
    let project = target_dir().join("editor/project");
    let manifest = format!(
        "[package]\nname = \"project\"\nversion = \"0.0.0\"\nedition = \"2024\"\n\n[workspace]\n\n[dependencies]\n\
         gochan = {{ path = \"{}\" }}\n",
        root().join("gochan").display()
    );
    let write = |path: &Path, text: &str| {
        std::fs::write(project.join(path), text).map_err(|error| format!("{}: {error}", path.display()))
    };
    std::fs::create_dir_all(project.join("src"))
        .map_err(|error| format!("{}: {error}", project.display()))?;
    write(Path::new("Cargo.toml"), &manifest)?;
    write(Path::new("src/main.rs"), &format!("{}{}", AROUND.0, AROUND.1))?;
    // The same versions of everything as here.
    let lock =
        std::fs::read_to_string(root().join("Cargo.lock")).map_err(|error| format!("Cargo.lock: {error}"))?;
    write(Path::new("Cargo.lock"), &lock)?;
    Ok(project)
}

/// Asks at each of `places`; an error of `ask` says what was wrong. Returns the number of the good ones.
fn count<P: Copy + Shown>(
    kind: &str,
    places: impl AsRef<[P]>,
    mut ask: impl FnMut(P) -> Outcome,
) -> Outcome<usize> {
    let places = places.as_ref();
    let mut good = 0;
    for place in places {
        match ask(*place) {
            Ok(()) => good += 1,
            Err(wrong) => println!("{kind}: {}\n    {wrong}", place.statements()),
        }
    }
    println!("{kind}: {good} of {} are good", places.len());
    Ok(good)
}

/// A place as it is listed.
trait Shown {
    fn statements(&self) -> &str;
}

impl Shown for &str {
    fn statements(&self) -> &str {
        self
    }
}

impl Shown for (&str, &str) {
    fn statements(&self) -> &str {
        self.0
    }
}

/// Shows a program with these statements. Returns its text and the offset of the cursor.
fn show(client: &mut Client, statements: &str) -> Outcome<(String, usize)> {
    let marked = format!("{}    {statements}{}", AROUND.0, AROUND.1);
    let at = marked.find("$0").expect("a place has a cursor");
    let text = marked.replacen("$0", "", 1);
    client.show(&text)?;
    Ok((text, at))
}

fn completes(client: &mut Client, statements: &str, wanted: &str) -> Outcome {
    let (text, at) = show(client, statements)?;
    let answer = client.ask_at("textDocument/completion", &text, at, json!({}))?;
    let items = answer.get("items").unwrap_or(&answer).as_array().cloned().unwrap_or_default();
    let name = |item: &Value| {
        let label = item["label"].as_str().unwrap_or("").to_owned();
        label.split(|c: char| !c.is_alphanumeric() && c != '_').next().unwrap_or("").to_owned()
    };
    let names: Vec<String> = items.iter().map(name).collect();
    if names.iter().any(|name| name == wanted) {
        return Ok(());
    }
    Err(format!(
        "no `{wanted}` among {}: {}",
        names.len(),
        names.iter().take(8).cloned().collect::<Vec<_>>().join(" ")
    ))
}

fn hovers(client: &mut Client, statements: &str, wanted: &str) -> Outcome {
    let (text, at) = show(client, statements)?;
    let answer = client.ask_at("textDocument/hover", &text, at, json!({}))?;
    let shown = answer["contents"]["value"].as_str().unwrap_or("nothing");
    if shown.contains(wanted) {
        Ok(())
    } else {
        Err(format!("no `{wanted}` in: {}", shown.replace('\n', " ")))
    }
}

fn renames(client: &mut Client, statements: &str) -> Outcome {
    let (text, at) = show(client, statements)?;
    let answer = client.ask_at("textDocument/rename", &text, at, json!({ "newName": "new_name" }))?;
    let edits = match &answer["documentChanges"] {
        Value::Array(changes) => {
            changes.iter().flat_map(|change| change["edits"].as_array()).flatten().cloned().collect()
        }
        _ => answer["changes"][client.document()].as_array().cloned().unwrap_or_default(),
    };
    let edited = edited(&text, &edits);
    let wanted = text.replace("old", "new_name");
    if edited == wanted {
        return Ok(());
    }
    let line = |text: &str| {
        text.lines().find(|line| line.contains("new_name")).unwrap_or("nothing renamed").to_owned()
    };
    Err(format!("instead: {}", line(&edited).trim()))
}
