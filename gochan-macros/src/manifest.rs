//! The name that a package has given to gochan, as its `Cargo.toml` says.
//!
//! `#[gochan::main]` is no `macro_rules!` and gets no `$crate`. Of a manifest this needs one thing, so it reads lines and
//! not all of TOML: a dependency that is written in another way is given by `crate = …`.

use std::env;
use std::fs;
use std::path::Path;

const GOCHAN: &str = "gochan";

/// What the manifest of the package that is being compiled calls gochan, as a path segment. `Err`: it has no dependency on
/// gochan. What is compiled without cargo, and gochan's own tests, use its own name.
pub(crate) fn name() -> Result<String, NotFound> {
    let read = |folder: &Path| fs::read_to_string(folder.join("Cargo.toml")).ok();
    let Some(folder) = env::var_os("CARGO_MANIFEST_DIR") else { return Ok(GOCHAN.to_owned()) };
    let folder = Path::new(&folder);
    let Some(manifest) = read(folder) else { return Ok(GOCHAN.to_owned()) };
    let workspace = || folder.ancestors().filter_map(read).find(|text| headers(text).any(is_of_workspace));
    name_in(&manifest, workspace)
}

#[derive(Debug, PartialEq, Eq)]
pub(crate) struct NotFound;

fn name_in(manifest: &str, workspace: impl FnOnce() -> Option<String>) -> Result<String, NotFound> {
    let entries = entries(manifest);
    let is_itself =
        |entry: &Entry| entry.table == ["package"] && entry.key == "name" && entry.value == GOCHAN;
    if entries.iter().any(is_itself) {
        return Ok(GOCHAN.to_owned());
    }
    let dependencies: Vec<_> = entries.iter().filter_map(Entry::dependency).collect();
    let is_renamed =
        |name: &str| dependencies.iter().any(|(other, setting)| *other == name && setting.is_package());
    if let Some((name, _)) = dependencies.iter().find(|(_, setting)| setting.is_package_of(GOCHAN)) {
        return Ok(identifier(name));
    }
    if dependencies.iter().any(|(name, _)| *name == GOCHAN && !is_renamed(name)) {
        return Ok(GOCHAN.to_owned());
    }
    // Under a name that the workspace has chosen.
    let inherited = dependencies.iter().filter(|(_, setting)| setting.is_inherited()).map(|(name, _)| *name);
    let inherited: Vec<_> = inherited.collect();
    if inherited.is_empty() {
        return Err(NotFound);
    }
    let workspace = workspace().unwrap_or_default();
    let entries = self::entries(&workspace);
    let renamed = entries
        .iter()
        .filter_map(Entry::dependency)
        .find(|(name, setting)| setting.is_package_of(GOCHAN) && inherited.contains(name));
    renamed.map(|(name, _)| identifier(name)).ok_or(NotFound)
}

fn identifier(name: &str) -> String {
    name.replace('-', "_")
}

/// `key = value`, or a pair of an inline table, with the table that it is in.
#[derive(Debug)]
struct Entry {
    table: Vec<String>,
    key: String,
    value: String,
}

/// Something that the manifest says of a dependency.
struct Setting<'m> {
    key: &'m str,
    value: &'m str,
}

impl Setting<'_> {
    fn is_package(&self) -> bool {
        self.key == "package"
    }

    fn is_package_of(&self, name: &str) -> bool {
        self.is_package() && self.value == name
    }

    fn is_inherited(&self) -> bool {
        self.key == "workspace" && self.value == "true"
    }
}

impl Entry {
    /// The dependency that it is about, and what it says.
    fn dependency(&self) -> Option<(&str, Setting<'_>)> {
        let is_list = |word: &str| matches!(word, "dependencies" | "dev-dependencies" | "build-dependencies");
        match self.table.as_slice() {
            [.., list] if is_list(list) => Some((&self.key, Setting { key: "version", value: &self.value })),
            [.., list, name] if is_list(list) => Some((name, Setting { key: &self.key, value: &self.value })),
            _ => None,
        }
    }
}

fn is_of_workspace(header: &str) -> bool {
    header == "workspace" || header.starts_with("workspace.")
}

fn headers(text: &str) -> impl Iterator<Item = &str> {
    text.lines().filter_map(|line| line.trim().strip_prefix('[')?.split(']').next())
}

fn entries(text: &str) -> Vec<Entry> {
    let (mut table, mut entries) = (Vec::new(), Vec::new());
    for line in text.lines() {
        let line = without_comment(line).trim();
        if let Some(header) = line.strip_prefix('[') {
            table = words(header.trim_matches(['[', ']']));
        } else if let Some((key, value)) = split(line, '=') {
            add(&table, key, value, &mut entries);
        }
    }
    entries
}

/// Adds an entry, or those of an inline table.
fn add(table: &[String], key: &str, value: &str, entries: &mut Vec<Entry>) {
    let mut table = table.to_vec();
    let mut key = words(key);
    let Some(last) = key.pop() else { return };
    table.extend(key);
    let value = value.trim();
    let Some(inner) = value.strip_prefix('{') else {
        entries.push(Entry { table, key: last, value: unquoted(value) });
        return;
    };
    table.push(last);
    let mut rest = inner.trim_end_matches('}');
    while !rest.is_empty() {
        let (pair, others) = split(rest, ',').unwrap_or((rest, ""));
        if let Some((key, value)) = split(pair, '=') {
            add(&table, key, value, entries);
        }
        rest = others;
    }
}

/// The words of a dotted key.
fn words(key: &str) -> Vec<String> {
    let (mut words, mut rest) = (Vec::new(), key);
    while let Some((word, others)) = split(rest, '.') {
        words.push(unquoted(word));
        rest = others;
    }
    words.push(unquoted(rest));
    words
}

fn unquoted(text: &str) -> String {
    text.trim().trim_matches(['"', '\'']).to_owned()
}

fn without_comment(line: &str) -> &str {
    split(line, '#').map_or(line, |(before, _)| before)
}

/// Splits at the first `separator` that is in no string, list or table.
fn split(text: &str, separator: char) -> Option<(&str, &str)> {
    let (mut quote, mut depth) = (None, 0_i32);
    for (at, letter) in text.char_indices() {
        match (quote, letter) {
            (Some(open), _) if letter == open => quote = None,
            (Some(_), _) => {}
            (None, '"' | '\'') => quote = Some(letter),
            (None, _) if letter == separator && depth == 0 => {
                return Some((&text[..at], &text[at + letter.len_utf8()..]));
            }
            (None, '[' | '{') => depth += 1,
            (None, ']' | '}') => depth -= 1,
            _ => {}
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    fn name_of(manifest: &str) -> Result<String, NotFound> {
        name_in(manifest, || None)
    }

    #[test]
    fn a_dependency_has_its_own_name_or_another() {
        for manifest in [
            "[dependencies]\ngochan = \"1\"",
            "[dependencies]\ngochan = { version = \"1\", features = [\"tokio\", \"tracing\"] } # mine",
            "[dev-dependencies]\n\"gochan\" = { path = '..' }",
            "[dependencies.gochan]\nversion = \"1\"",
            "[target.'cfg(unix)'.dependencies]\ngochan.version = \"1\"",
            "[dependencies]\ngochan.workspace = true",
            "[package]\nname = \"gochan\"",
        ] {
            assert_eq!(name_of(manifest).as_deref(), Ok("gochan"), "{manifest}");
        }
        for manifest in [
            "[dependencies]\nother = \"1\"\nmy-go = { package = \"gochan\", version = \"1\" }",
            "[dependencies]\nmy-go = { features = [\"a, b = c\"], package = 'gochan' }",
            "[target.\"cfg(windows)\".build-dependencies.my-go]\nversion = \"1\"\npackage = \"gochan\"",
            "[dependencies]\nmy-go.package = \"gochan\"\nmy-go.version = \"1\"",
            // Something else goes by its name.
            "[dependencies]\ngochan = { package = \"another\", version = \"1\" }\nmy-go = { package = \"gochan\" }",
        ] {
            assert_eq!(name_of(manifest).as_deref(), Ok("my_go"), "{manifest}");
        }
    }

    #[test]
    fn what_is_no_dependency_is_not_found() {
        for manifest in [
            "",
            "[package]\nname = \"gochan-user\"\n[dependencies]\ngochan-more = \"1\"",
            "[dependencies]\n# gochan = \"1\"",
            "[features]\ngochan = []",
            "[package.metadata]\ngochan = \"1\"",
            "[dependencies]\ngochan = { package = \"another\", version = \"1\" }",
        ] {
            assert_eq!(name_of(manifest), Err(NotFound), "{manifest}");
        }
    }

    #[test]
    fn a_workspace_may_have_chosen_the_name() {
        let workspace =
            "[workspace.dependencies]\nmy-go = { package = \"gochan\", version = \"1\" }\nother = \"1\"";
        let member = "[dependencies]\nother.workspace = true\nmy-go = { workspace = true }";
        assert_eq!(name_in(member, || Some(workspace.to_owned())).as_deref(), Ok("my_go"));
        let member = "[dependencies]\nother.workspace = true";
        assert_eq!(name_in(member, || Some(workspace.to_owned())), Err(NotFound));
        assert_eq!(name_in(member, || None), Err(NotFound));
    }
}
