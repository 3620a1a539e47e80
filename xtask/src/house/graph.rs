//! The circles in a graph of imports: its strongly connected components.

use std::collections::HashMap;

use super::source::Source;

/// The files of each circle by name, the largest circle first.
pub(super) fn circles(source: &Source) -> Vec<Vec<&str>> {
    let files: Vec<_> = source.files().collect();
    let index: HashMap<&str, usize> =
        files.iter().enumerate().map(|(index, file)| (file.path.as_str(), index)).collect();
    let edges: Vec<Vec<usize>> = files
        .iter()
        .map(|file| {
            let mut to: Vec<_> = file.imports.iter().map(|import| index[import.to.as_str()]).collect();
            to.sort_unstable();
            to.dedup();
            to
        })
        .collect();
    let mut found: Vec<Vec<&str>> = components(&edges)
        .into_iter()
        .filter(|component| component.len() > 1)
        .map(|component| {
            let mut names: Vec<_> = component.into_iter().map(|index| files[index].path.as_str()).collect();
            names.sort_unstable();
            names
        })
        .collect();
    found.sort_by_key(|circle| std::cmp::Reverse(circle.len()));
    found
}

/// Kosaraju's algorithm: nodes in the order in which a search leaves them, then searches backwards from the last.
fn components(edges: &[Vec<usize>]) -> Vec<Vec<usize>> {
    let mut backward = vec![Vec::new(); edges.len()];
    for (from, all) in edges.iter().enumerate() {
        for &to in all {
            backward[to].push(from);
        }
    }
    let mut order = Vec::new();
    let mut seen = vec![false; edges.len()];
    for node in 0..edges.len() {
        leave(node, edges, &mut seen, &mut order);
    }
    let mut seen = vec![false; edges.len()];
    let mut found = Vec::new();
    for &node in order.iter().rev() {
        let mut component = Vec::new();
        leave(node, &backward, &mut seen, &mut component);
        if !component.is_empty() {
            found.push(component);
        }
    }
    found
}

/// Appends what can be reached from `node` and has not been seen, each node after those reached through it.
fn leave(node: usize, edges: &[Vec<usize>], seen: &mut [bool], order: &mut Vec<usize>) {
    if std::mem::replace(&mut seen[node], true) {
        return;
    }
    for &next in &edges[node] {
        leave(next, edges, seen, order);
    }
    order.push(node);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn components_are_what_reaches_itself() {
        // 0 → 1 → 2 → 0, 2 → 3 ⇄ 4, 5 alone.
        let edges = [vec![1], vec![2], vec![0, 3], vec![4], vec![3], vec![]];
        let mut found = components(&edges);
        for component in &mut found {
            component.sort_unstable();
        }
        found.sort();
        assert_eq!(found, [vec![0, 1, 2], vec![3, 4], vec![5]]);
    }
}
