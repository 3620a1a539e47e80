//! The code blocks of documentation as units of the program, and the files that contain them.

use crate::doctest;
use crate::link::Unit;
use crate::read;
use crate::source::SourceFile;
use crate::workspace::Workspace;
use std::collections::HashSet;

/// The file that contains each unit. Empty if no code blocks are linted: then each unit is a file.
#[derive(Debug, Default)]
pub struct Hosts {
    /// How many units are files of the workspace; the blocks come after them.
    files: usize,
    of_units: Vec<Host>,
}

/// Where a unit is.
#[derive(Debug, Clone, Copy)]
struct Host {
    /// The unit that represents the file: for a file the unit itself, for an included text its first block.
    file: usize,
    /// The member of the workspace that the file belongs to.
    package: usize,
}

/// A text with code blocks.
struct Text {
    source: SourceFile,
    blocks: Vec<String>,
    /// The unit that represents it, or `None` until its first block is one.
    file: Option<usize>,
}

impl Hosts {
    /// Adds the code blocks of the files' documentation to the units, each as a crate of its own.
    pub fn add_blocks(workspace: &Workspace, units: &mut Vec<Unit>) -> Hosts {
        let of_file = |(file, unit): (usize, &Unit)| Host { file, package: unit.package };
        let of_units: Vec<Host> = units.iter().enumerate().map(of_file).collect();
        let mut hosts = Hosts { files: units.len(), of_units };
        let mut known = HashSet::new();
        for file in 0..hosts.files {
            let package = units[file].package;
            let member = &workspace.members[package];
            let Some(gochan) = member.gochan.as_ref().filter(|_| member.selected) else { continue };
            let source = units[file].source.clone();
            let blocks = doctest::blocks(&source.text);
            let mut texts = vec![Text { source, blocks, file: Some(file) }];
            for path in doctest::included(&units[file].source, &workspace.root) {
                if known.insert(path.clone())
                    && let Ok(text) = std::fs::read_to_string(&path)
                {
                    let shown = path.strip_prefix(&workspace.root).unwrap_or(&path).to_owned();
                    let blocks = doctest::markdown_blocks(&text);
                    texts.push(Text { source: SourceFile::new(shown, text), blocks, file: None });
                }
            }
            for text in texts {
                hosts.add_text(text, package, gochan, workspace, units);
            }
        }
        hosts
    }

    fn add_text(
        &mut self,
        text: Text,
        package: usize,
        gochan: &str,
        workspace: &Workspace,
        units: &mut Vec<Unit>,
    ) {
        let mut host = text.file;
        for block in text.blocks {
            // A block that does not parse is an outline, not code to lint.
            let Ok(mut file) = read::read(&block, Some(gochan)) else { continue };
            file.tracing = workspace.members[package].tracing;
            doctest::mark(&mut file);
            let host = *host.get_or_insert(units.len());
            // Packages of blocks are numbered after the members.
            let own = workspace.members.len() + self.of_units.len() - self.files;
            self.of_units.push(Host { file: host, package });
            units.push(Unit { source: text.source.clone(), file, package: own });
        }
    }

    /// The member that each block belongs to.
    pub fn packages_of_blocks(&self) -> impl Iterator<Item = usize> {
        self.of_units.iter().skip(self.files).map(|host| host.package)
    }

    /// The unit that represents the file of a unit.
    #[must_use]
    pub fn file_of(&self, unit: usize) -> usize {
        self.of_units.get(unit).map_or(unit, |host| host.file)
    }
}
