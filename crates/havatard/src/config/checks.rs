//! What the sections check themselves with: diagnostics with lines, and checks of files and programs.

use std::fs;
use std::io::{self, Read as _};
use std::path::Path;

use nix::unistd::{AccessFlags, access};

use super::diagnostic::Diagnostic;
use super::tree::{Data, Node};
use super::trust::{self, Distrust, Trust};

/// The diagnostics about a config so far.
pub(super) struct Checks<'a> {
    tree: Option<&'a Node>,
    removed: &'a [String],
    pub(super) errors: Vec<Diagnostic>,
    pub(super) warnings: Vec<Diagnostic>,
}

impl<'a> Checks<'a> {
    pub(super) fn new(tree: Option<&'a Node>, removed: &'a [String]) -> Self {
        Self { tree, removed, errors: Vec::new(), warnings: Vec::new() }
    }

    /// Reports an error of `key` that follows from its value and from those of `others`, unless the value of one of them was
    /// invalid already. The line is that of the first of these keys that the file sets.
    pub(super) fn error(
        &mut self,
        key: &str,
        others: &[&str],
        message: impl Into<String>,
        fix: impl Into<String>,
    ) {
        if let Some(diagnostic) = self.about(key, others, message.into(), fix.into()) {
            self.errors.push(diagnostic);
        }
    }

    /// Like [`Self::error`], for what is no reason to refuse the file.
    pub(super) fn warning(
        &mut self,
        key: &str,
        others: &[&str],
        message: impl Into<String>,
        fix: impl Into<String>,
    ) {
        if let Some(diagnostic) = self.about(key, others, message.into(), fix.into()) {
            self.warnings.push(diagnostic);
        }
    }

    /// The file sets this key.
    pub(super) fn set(&self, key: &str) -> bool {
        self.tree.and_then(|tree| tree.find(key)).is_some_and(|node| !node.is_null())
    }

    /// Where the elements of the list at `key` stand in the file.
    pub(super) fn places(&self, key: &str) -> Vec<usize> {
        match self.tree.and_then(|tree| tree.find(key)).map(|node| &node.data) {
            Some(Data::List(list)) => list.iter().map(|node| node.index).collect(),
            _ => Vec::new(),
        }
    }

    /// The program at `key` can be started.
    pub(super) fn executable(&mut self, key: &str, path: &Path) {
        let why = match fs::metadata(path) {
            Err(error) => because(&error),
            Ok(found) if !found.is_file() => "is not a file".to_owned(),
            Ok(_) if access(path, AccessFlags::X_OK).is_err() => "may not be executed".to_owned(),
            Ok(_) => return,
        };
        let fix = "name the program that is installed, or install it there with its execute bit set";
        self.error(key, &[], format!("{} {why}", path.display()), fix);
    }

    /// The file at `key` can be read.
    pub(super) fn exists(&mut self, key: &str, path: &Path) {
        let read = fs::metadata(path).and_then(|found| {
            if found.is_file() { fs::File::open(path) } else { Err(io::Error::other("is not a file")) }
        });
        if let Err(error) = read {
            let fix = "name a file that is there and that havatard's user may read";
            self.error(key, &[], format!("{} {}", path.display(), because(&error)), fix);
        }
    }

    /// The file at `key` can be read and is trusted; gives its beginning, at most 64 KiB. The path of one that is not there is
    /// not quoted where `is_password`: users write the password itself there.
    pub(super) fn readable(
        &mut self,
        key: &str,
        path: &Path,
        trust: Trust,
        is_password: bool,
    ) -> Option<Vec<u8>> {
        let mut start = Vec::new();
        let read = trust::open(path, trust)
            .and_then(|file| file.take(64 * 1024).read_to_end(&mut start).map_err(Distrust::Io));
        match read {
            Ok(_) => Some(start),
            Err(Distrust::Io(error)) => {
                let name = if is_password { "the file".to_owned() } else { path.display().to_string() };
                let fix = "name a file that is there and that havatard's user may read";
                self.error(key, &[], format!("{name} {}", because(&error)), fix);
                None
            }
            Err(Distrust::Exposed { why, fix }) => {
                self.error(key, &[], format!("{} {why}", path.display()), fix);
                None
            }
        }
    }

    /// The directory at `key` can be written to, or made in the one above it.
    pub(super) fn writable(&mut self, key: &str, path: &Path) {
        let test = |directory: &Path| match fs::metadata(directory) {
            Err(error) => Err(error),
            Ok(found) if !found.is_dir() => Err(io::Error::other("is not a directory")),
            Ok(_) => access(directory, AccessFlags::W_OK | AccessFlags::X_OK).map_err(|errno| match errno {
                nix::errno::Errno::EROFS => io::Error::other("is on a file system that is mounted read-only"),
                _ => io::Error::other("may not be written to by this user"),
            }),
        };
        let missing = |error: &io::Error| error.kind() == io::ErrorKind::NotFound;
        let (directory, error) = match (test(path), path.parent()) {
            (Ok(()), _) => return,
            (Err(error), Some(parent)) if missing(&error) => match test(parent) {
                Ok(()) => return,
                Err(error) => (parent, error),
            },
            (Err(error), _) => (path, error),
        };
        let fix = "make the directory, and give it to havatard's user";
        self.error(key, &[], format!("{} {}", directory.display(), because(&error)), fix);
    }

    fn about(&self, key: &str, others: &[&str], message: String, fix: String) -> Option<Diagnostic> {
        let mut involved = std::iter::once(key).chain(others.iter().copied());
        if involved.clone().any(|key| self.removed.iter().any(|removed| related(key, removed))) {
            return None;
        }
        let line = involved.find_map(|key| self.tree?.find(key).map(|node| node.line));
        Some(Diagnostic { file: String::new(), line, key: key.to_owned(), message, fix: Some(fix) })
    }
}

/// One key is the other, or holds it.
fn related(a: &str, b: &str) -> bool {
    let within = |inner: &str, outer: &str| {
        inner.strip_prefix(outer).is_some_and(|rest| rest.is_empty() || rest.starts_with(['.', '[']))
    };
    within(a, b) || within(b, a)
}

/// An I/O error as the end of a sentence that begins with the path.
pub(super) fn because(error: &io::Error) -> String {
    match error.kind() {
        io::ErrorKind::NotFound => "is not there".to_owned(),
        io::ErrorKind::PermissionDenied => "may not be read by this user".to_owned(),
        io::ErrorKind::NotADirectory => "lies below something that is not a directory".to_owned(),
        io::ErrorKind::Other => error.to_string(),
        _ => format!("cannot be read ({error})"),
    }
}
