//! The list at the beginning of a backup: from which robot it is, and what it holds; and the rules for what it may name.

use std::collections::BTreeSet;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::state_files;

/// The format's version. A reader refuses any other.
pub(crate) const FORMAT: u32 = 1;
/// The list's name in the archive: its first member.
pub(crate) const MANIFEST: &str = "manifest.json";
/// The list of recordings: the last member of an archive that holds any.
pub(crate) const RECORDINGS_LIST: &str = "recordings.json";
/// The longest list of config and state, in bytes.
pub(crate) const LONGEST_LIST: u64 = 16 * 1024 * 1024;
/// The most bytes that a recording takes in its list: its path, each byte of it escaped, and its figures.
pub(crate) const LONGEST_RECORDING: u64 = 2048;
pub(crate) const MOST_RECORDINGS: usize = 500_000;

const MOST_FILES: usize = 20_000;
/// Bytes of config and state together. Recordings are bounded by the disk's room alone.
const MOST_BYTES: u64 = 16 * 1024 * 1024 * 1024;
/// Bytes of a path, as the archive's headers bound it.
const LONGEST_PATH: usize = 255;

/// A folder of a backup.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Top {
    Config,
    State,
    Recordings,
}

impl Top {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Config => "config",
            Self::State => "state",
            Self::Recordings => "recordings",
        }
    }
}

/// What a backup is, and what it holds.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Manifest {
    pub(crate) format: u32,
    /// The version of the program that made it.
    pub(crate) havatar: String,
    pub(crate) at: Timestamp,
    /// The machine's name.
    pub(crate) host: String,
    /// Whether recordings follow, and their list.
    pub(crate) recordings: bool,
    /// A folder stands before what is in it.
    pub(crate) folders: Vec<Folder>,
    /// In the archive's order.
    pub(crate) files: Vec<Entry>,
}

/// A folder of config or state.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Folder {
    pub(crate) path: String,
    /// Permission bits.
    pub(crate) mode: u32,
    pub(crate) user: Option<String>,
    pub(crate) group: Option<String>,
}

/// A file of config or state.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Entry {
    pub(crate) path: String,
    pub(crate) size: u64,
    /// Permission bits.
    pub(crate) mode: u32,
    pub(crate) user: Option<String>,
    pub(crate) group: Option<String>,
    /// Hexadecimal digits.
    pub(crate) sha256: String,
}

/// A recording.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Recording {
    pub(crate) path: String,
    pub(crate) size: u64,
    pub(crate) sha256: String,
}

/// Why a list is not obeyed.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ManifestError {
    #[error("its format is {0}, and this version knows {FORMAT}: use the version of Havatar that made it")]
    Format(u32),
    #[error("its list cannot be read")]
    Unreadable(#[from] serde_json::Error),
    #[error("its list is longer than any")]
    TooLong,
    #[error("it names {path:?}, {why}")]
    Path { path: String, why: &'static str },
    #[error("it holds more than {MOST_FILES} files and folders, or {MOST_BYTES} bytes of config and state")]
    TooLarge,
    #[error("it holds more than {MOST_RECORDINGS} recordings")]
    TooMany,
    #[error("it holds {found:?} where its list has {listed:?}")]
    Order { found: String, listed: String },
    #[error("{path:?} is no plain file in it")]
    NotAFile { path: String },
    #[error("{path:?} is not what its list says")]
    Differs { path: String },
    #[error("it ends before its list does")]
    Short,
    #[error("something stands behind its end")]
    Surplus,
}

/// The part of a list that every version of it has.
#[derive(Deserialize)]
struct Version {
    format: u32,
}

impl Manifest {
    /// Reads a list, and checks all that it names.
    pub(crate) fn parse(text: &[u8]) -> Result<Self, ManifestError> {
        let version: Version = serde_json::from_slice(text)?;
        if version.format != FORMAT {
            return Err(ManifestError::Format(version.format));
        }
        let manifest: Self = serde_json::from_slice(text)?;
        manifest.check()?;
        Ok(manifest)
    }

    /// The list as it is written: only one that [`Self::parse`] takes.
    pub(crate) fn text(&self) -> Result<Vec<u8>, ManifestError> {
        self.check()?;
        let text = serde_json::to_vec(self)?;
        if text.len() as u64 > LONGEST_LIST { Err(ManifestError::TooLong) } else { Ok(text) }
    }

    /// Bytes of config and state.
    pub(crate) fn bytes(&self) -> u64 {
        self.files.iter().fold(0, |sum, file| sum.saturating_add(file.size))
    }

    fn check(&self) -> Result<(), ManifestError> {
        if self.files.len() + self.folders.len() > MOST_FILES || self.bytes() > MOST_BYTES {
            return Err(ManifestError::TooLarge);
        }
        let mut folders = BTreeSet::new();
        let mut names = BTreeSet::new();
        let listed = self.folders.iter().map(|folder| (&folder.path, true));
        for (path, is_folder) in listed.chain(self.files.iter().map(|file| (&file.path, false))) {
            let refused = |why| ManifestError::Path { path: path.clone(), why };
            let (top, rest) = place(path).map_err(refused)?;
            let first = rest.split('/').next().unwrap_or(rest);
            match top {
                Top::Recordings => return Err(refused("which belongs to the other list")),
                Top::State if state_files::is_passing(first) => {
                    return Err(refused("which does not belong into a backup"));
                }
                Top::State | Top::Config => {}
            }
            let above = path.rsplit_once('/').map_or("", |(above, _)| above);
            if above != top.name() && !folders.contains(above) {
                return Err(refused("whose folder it does not name before"));
            }
            if !names.insert(path.as_str()) {
                return Err(refused("twice"));
            }
            if is_folder {
                folders.insert(path.as_str());
            }
        }
        Ok(())
    }
}

/// The folder of the backup that a path leads into, and its path in there.
///
/// # Errors
/// It leads elsewhere: absolute, upwards, or into none of the folders.
pub(crate) fn place(path: &str) -> Result<(Top, &str), &'static str> {
    if path.len() > LONGEST_PATH {
        return Err("which is too long");
    }
    let elsewhere = "which lies in none of the folders of a backup";
    let (top, rest) = path.split_once('/').ok_or(elsewhere)?;
    let top = [Top::Config, Top::State, Top::Recordings]
        .into_iter()
        .find(|known| known.name() == top)
        .ok_or(elsewhere)?;
    let is_plain = |part: &str| !matches!(part, "" | "." | "..") && !part.contains('\0');
    if rest.split('/').all(is_plain) { Ok((top, rest)) } else { Err("which leads elsewhere") }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file(path: &str) -> Entry {
        Entry {
            path: path.to_owned(),
            size: 3,
            mode: 0o600,
            user: None,
            group: None,
            sha256: "00".to_owned(),
        }
    }

    fn folder(path: &str) -> Folder {
        Folder { path: path.to_owned(), mode: 0o700, user: None, group: None }
    }

    fn list(folders: &[&str], files: &[&str]) -> Manifest {
        Manifest {
            format: FORMAT,
            havatar: "0.1.0".to_owned(),
            at: "2026-11-30T08:00:00Z".parse().unwrap(),
            host: "robot".to_owned(),
            recordings: false,
            folders: folders.iter().map(|path| folder(path)).collect(),
            files: files.iter().map(|path| file(path)).collect(),
        }
    }

    fn parsed(list: &Manifest) -> Result<Manifest, ManifestError> {
        Manifest::parse(&serde_json::to_vec(list).unwrap())
    }

    #[test]
    fn what_would_not_be_read_is_not_written() {
        let fits = list(&[], &["state/a"]);
        assert_eq!(Manifest::parse(&fits.text().unwrap()).unwrap(), fits);
        let mut large = fits.clone();
        large.files[0].size = u64::MAX;
        assert!(matches!(large.text(), Err(ManifestError::TooLarge)));
        let paths: Vec<String> = (0..=MOST_FILES).map(|number| format!("state/{number}")).collect();
        let many: Vec<&str> = paths.iter().map(String::as_str).collect();
        assert!(matches!(list(&[], &many).text(), Err(ManifestError::TooLarge)));
        let mut long = fits;
        long.host = "x".repeat(usize::try_from(LONGEST_LIST).unwrap());
        assert!(matches!(long.text(), Err(ManifestError::TooLong)));
    }

    #[test]
    fn no_recording_takes_more_of_its_list_than_is_read() {
        let path = format!("recordings/{}", "\u{1}".repeat(LONGEST_PATH - "recordings/".len()));
        place(&path).unwrap();
        let longest = Recording { path, size: u64::MAX, sha256: "0".repeat(64) };
        assert!((serde_json::to_vec(&longest).unwrap().len() as u64) < LONGEST_RECORDING);
    }

    #[test]
    fn what_was_written_is_read() {
        let written = list(
            &["state/black-box", "state/black-box/kept", "config/tls"],
            &["config/havatar.yaml", "config/tls/key.pem", "state/black-box/kept/00000001.jsonl"],
        );
        assert_eq!(parsed(&written).unwrap(), written);
        assert_eq!(written.bytes(), 9);
    }

    #[test]
    fn what_leads_elsewhere_is_refused() {
        for path in [
            "",
            "x",
            "state",
            "state/",
            "/etc/passwd",
            "//state/x",
            "etc/passwd",
            "state/../config/x",
            "state/..",
            "config/./x",
            "config//x",
            "state/a\0b",
            "recordings/../x",
            "manifest.json",
            "recordings/havatar/a.mp4",
            "state/lock",
            "state/recordings",
            "state/encoder.json",
        ] {
            let refused = parsed(&list(&[], &[path])).unwrap_err();
            assert!(matches!(refused, ManifestError::Path { .. }), "{path:?}: {refused}");
        }
        let long = format!("state/{}", "x".repeat(LONGEST_PATH));
        assert!(parsed(&list(&[], &[&long])).is_err());
    }

    #[test]
    fn a_list_that_contradicts_itself_is_refused() {
        for (folders, files) in [
            (&[][..], &["state/a", "state/a"][..]),
            (&["state/a"], &["state/a"]),
            (&[], &["state/a/b"]),
            (&["state/a/b", "state/a"], &[]),
            (&["state/black-box"], &["config/black-box/x"]),
        ] {
            let refused = parsed(&list(folders, files)).unwrap_err();
            assert!(matches!(refused, ManifestError::Path { .. }), "{folders:?} {files:?}: {refused}");
        }
    }

    #[test]
    fn sizes_are_bounded_and_other_formats_are_named() {
        let mut large = list(&[], &["state/a", "state/b"]);
        large.files[0].size = u64::MAX;
        assert!(matches!(parsed(&large), Err(ManifestError::TooLarge)));
        let mut newer = serde_json::to_value(list(&[], &[])).unwrap();
        newer["format"] = 2.into();
        newer["more"] = true.into();
        let refused = Manifest::parse(newer.to_string().as_bytes()).unwrap_err();
        assert!(matches!(refused, ManifestError::Format(2)), "{refused}");
        assert!(matches!(Manifest::parse(b"{"), Err(ManifestError::Unreadable(_))));
    }
}
