//! Links lead to files and headings that are there.

use std::path::Path;

use havatar_tests::pages::PAGES;
use havatar_tests::tools::root;

#[test]
fn every_link_within_the_project_leads_somewhere() {
    let mut broken = Vec::new();
    for (path, page) in PAGES.iter() {
        let folder = Path::new(path).parent().expect("a file has a folder");
        for (target, line) in &page.links {
            if target.contains("://") || target.starts_with("mailto:") {
                continue;
            }
            let (file, anchor) = target.split_once('#').unwrap_or((target, ""));
            let file = if file.is_empty() { path.clone() } else { normal(&folder.join(file)) };
            if !root().join(&file).exists() {
                broken.push(format!("{path}:{line}: {target}: there is no {file}"));
            } else if !anchor.is_empty()
                && !PAGES.get(&file).is_some_and(|page| page.anchors.iter().any(|one| one == anchor))
            {
                broken.push(format!("{path}:{line}: {target}: {file} has no such heading"));
            }
        }
    }
    assert!(broken.is_empty(), "{}", broken.join("\n"));
}

/// A path without `..`.
fn normal(path: &Path) -> String {
    let mut parts: Vec<&str> = Vec::new();
    for part in path.to_str().expect("UTF-8").split('/') {
        match part {
            "" | "." => (),
            ".." => drop(parts.pop()),
            _ => parts.push(part),
        }
    }
    parts.join("/")
}

#[test]
fn every_document_is_named_by_another() {
    let unnamed: Vec<&String> = PAGES
        .keys()
        .filter(|path| path.starts_with("docs/"))
        .filter(|path| {
            let name = path.rsplit('/').next().expect("a name");
            !PAGES.iter().any(|(other, page)| {
                other != *path && page.links.iter().any(|(target, _)| target.contains(name))
            })
        })
        .collect();
    assert!(unnamed.is_empty(), "no other page links to {unnamed:?}");
}
