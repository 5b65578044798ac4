//! What no single value shows: keys that contradict each other, and files that are not there.
//!
//! Each section checks itself; here is what they report with, and what crosses sections.

use std::fs::{self, File};
use std::io::{self, Read as _};
use std::path::Path;

use nix::unistd::{AccessFlags, access};

use super::fault::Fault;
use super::tree::{Data, Node};
use super::{Config, ListenAddr};

/// Faults and remarks about a config, gathered.
pub(super) struct Checks<'a> {
    tree: Option<&'a Node>,
    cut: &'a [String],
    pub(super) faults: Vec<Fault>,
    pub(super) remarks: Vec<Fault>,
}

impl<'a> Checks<'a> {
    pub(super) fn run(config: &Config, tree: Option<&'a Node>, cut: &'a [String]) -> Self {
        let mut checks = Self { tree, cut, faults: Vec::new(), remarks: Vec::new() };
        config.server.check(&mut checks);
        config.auth.check(&mut checks);
        config.media.check(&mut checks);
        config.recording.check(&mut checks);
        config.speech.check(&mut checks);
        config.robot.check(&mut checks);
        checks.ports(config);
        checks
    }

    /// A fault of `key` that follows from it and from `others`; silent if the value of one of them was
    /// faulty already. Its line is that of the first of them that is in the file.
    pub(super) fn fault(
        &mut self,
        key: &str,
        others: &[&str],
        message: impl Into<String>,
        fix: impl Into<String>,
    ) {
        if let Some(fault) = self.about(key, others, message.into(), fix.into()) {
            self.faults.push(fault);
        }
    }

    /// Like [`Self::fault`], for what is no reason to refuse the file.
    pub(super) fn remark(
        &mut self,
        key: &str,
        others: &[&str],
        message: impl Into<String>,
        fix: impl Into<String>,
    ) {
        if let Some(fault) = self.about(key, others, message.into(), fix.into()) {
            self.remarks.push(fault);
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
        self.fault(key, &[], format!("{} {why}", path.display()), fix);
    }

    /// The file at `key` can be read; gives its beginning, at most 64 KiB. Its path is not quoted where
    /// `secret`: somebody may have written the password itself.
    pub(super) fn readable(&mut self, key: &str, path: &Path, secret: bool) -> Option<Vec<u8>> {
        let mut start = Vec::new();
        let read = fs::metadata(path).and_then(|found| {
            if !found.is_file() {
                return Err(io::Error::other("is not a file"));
            }
            File::open(path)?.take(64 * 1024).read_to_end(&mut start)
        });
        if let Err(error) = read {
            let name = if secret { "the file".to_owned() } else { path.display().to_string() };
            let fix = "name a file that is there and that havatard's user may read";
            self.fault(key, &[], format!("{name} {}", because(&error)), fix);
            return None;
        }
        Some(start)
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
        self.fault(key, &[], format!("{} {}", directory.display(), because(&error)), fix);
    }

    fn about(&self, key: &str, others: &[&str], message: String, fix: String) -> Option<Fault> {
        let mut involved = std::iter::once(key).chain(others.iter().copied());
        if involved.clone().any(|key| self.cut.iter().any(|cut| related(key, cut))) {
            return None;
        }
        let line = involved.find_map(|key| self.tree?.find(key).map(|node| node.line));
        Some(Fault { file: String::new(), line, key: key.to_owned(), message, fix: Some(fix) })
    }

    /// No two listeners want the same port. TCP alone: WebRTC's media port is UDP, and clashes with none.
    fn ports(&mut self, config: &Config) {
        let media = &config.media.mediamtx;
        let listeners: [(&str, ListenAddr); 6] = [
            ("server.listen", config.server.listen),
            ("media.mediamtx.api_address", media.api_address),
            ("media.mediamtx.metrics_address", media.metrics_address),
            ("media.mediamtx.rtsp_address", media.rtsp_address),
            ("media.mediamtx.webrtc_address", media.webrtc_address),
            ("media.mediamtx.hls_address", media.hls_address),
        ];
        for (at, (second, address)) in listeners.iter().enumerate() {
            for (first, other) in &listeners[..at] {
                if !address.overlaps(*other) {
                    continue;
                }
                // Told at the one that the file sets: the other may be a default.
                let (key, named, named_address) =
                    if self.set(second) { (second, first, other) } else { (first, second, address) };
                let default = if self.set(named) { "" } else { ", its default" };
                let message = format!(
                    "port {} is taken by {named} as well ({named_address}{default})",
                    address.0.port()
                );
                self.fault(key, &[named], message, "give each listener a port of its own");
            }
        }
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
