//! What of the present state stays, whatever the backup says: nothing that holds the robot back now is let go by an older state.

use std::fs::{self, OpenOptions, Permissions};
use std::io::{self, Read as _, Write as _};
use std::os::unix::fs::{MetadataExt as _, OpenOptionsExt as _, PermissionsExt as _, fchown, symlink};
use std::path::{Path, PathBuf};

use havatar_api::EstopSource;
use jiff::Timestamp;
use nix::fcntl::OFlag;
use serde::Deserialize;

use crate::archive::owner::Owner;
use crate::archive::state_files::{
    ESTOP, LEASE_RUNS, PRIVATE, RECORDING_WANTED, STREAMING_OFF, is_scratch_of,
};

use super::error::RestoreError;

/// Beside the e-stop's file it says that whether it is latched is not known; the daemon then starts with it latched.
const DOUBT: &str = "estop.json.restoredoubt.tmp";
/// Bytes that are read of a file at most; the daemon reads no more either.
const LARGEST: u64 = 1024 * 1024;

/// The present e-stop, as the daemon would find it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Latch {
    /// It is released, or was never latched.
    Free,
    /// It is latched; the file's text.
    Latched(Vec<u8>),
    /// The daemon would not know, and start with it latched.
    Unknown,
}

/// The e-stop's file. The daemon takes no other field.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
#[expect(dead_code, reason = "what is not of these types is damaged")]
struct Record {
    latched: bool,
    source: Option<EstopSource>,
    by: Option<String>,
    at: Option<Timestamp>,
}

/// Puts into `staged` what stays of the state in `present`. Returns how the e-stop is there now.
pub(crate) fn keep(present: &Path, staged: &Path, owner: Owner) -> Result<Latch, RestoreError> {
    let latch = latch(present, owner)?;
    match &latch {
        Latch::Free => {}
        Latch::Latched(text) => write(staged, ESTOP, text, owner)?,
        Latch::Unknown => write(staged, DOUBT, b"", owner)?,
    }
    // Camera and microphone stay off, and a recording goes on; none of them begins by a restore.
    for flag in [PRIVATE, STREAMING_OFF, RECORDING_WANTED] {
        if fs::symlink_metadata(present.join(flag)).is_ok() {
            write(staged, flag, b"", owner)?;
        }
    }
    // Numbers of leases only rise.
    let runs = |dir: &Path| {
        let text = String::from_utf8(read(&dir.join(LEASE_RUNS), owner).ok()?).ok()?;
        text.trim().parse::<u64>().ok()
    };
    if let Some(now) = runs(present)
        && runs(staged).is_none_or(|then| then < now)
    {
        write(staged, LEASE_RUNS, format!("{now}\n").as_bytes(), owner)?;
    }
    Ok(latch)
}

/// Puts the links of the config's folder and its subfolders into `staged`, where the backup has nothing of that name: a backup holds none.
/// Returns those that have no place there.
pub(crate) fn keep_links(present: &Path, staged: &Path) -> Result<Vec<PathBuf>, RestoreError> {
    let failed = |source| RestoreError::Look { path: present.to_owned(), source };
    let mut lost = Vec::new();
    for entry in fs::read_dir(present).map_err(failed)? {
        let entry = entry.map_err(failed)?;
        let (from, to) = (entry.path(), staged.join(entry.file_name()));
        let kind = entry.file_type().map_err(failed)?;
        if kind.is_dir() {
            lost.extend(keep_links(&from, &to)?);
        } else if kind.is_symlink() {
            let target = fs::read_link(&from).map_err(failed)?;
            match symlink(target, &to) {
                Ok(()) => {}
                // The backup has something of that name, or has not its folder.
                Err(error) if is_taken_or_missing(&error) => lost.push(from),
                Err(source) => return Err(RestoreError::write(to, source)),
            }
        }
    }
    Ok(lost)
}

fn is_taken_or_missing(error: &io::Error) -> bool {
    use io::ErrorKind::{AlreadyExists, NotADirectory, NotFound};
    matches!(error.kind(), AlreadyExists | NotADirectory | NotFound)
}

/// How the e-stop is in a state directory of the owner's.
pub(crate) fn latch(state: &Path, owner: Owner) -> Result<Latch, RestoreError> {
    let look = |source| RestoreError::Look { path: state.to_owned(), source };
    let mut is_there = false;
    for entry in fs::read_dir(state).map_err(look)? {
        let name = entry.map_err(look)?.file_name();
        let name = name.to_string_lossy();
        if is_scratch_of(&name, ESTOP) {
            return Ok(Latch::Unknown);
        }
        is_there |= name == ESTOP;
    }
    if !is_there {
        return Ok(Latch::Free);
    }
    let Ok(text) = read(&state.join(ESTOP), owner) else { return Ok(Latch::Unknown) };
    Ok(match serde_json::from_slice::<Record>(&text) {
        Ok(Record { latched: false, .. }) => Latch::Free,
        Ok(Record { latched: true, .. }) => Latch::Latched(text),
        Err(_) => Latch::Unknown,
    })
}

/// A private plain file of the owner's, who can read it: of any other the daemon believes nothing.
fn read(path: &Path, owner: Owner) -> io::Result<Vec<u8>> {
    let file = OpenOptions::new()
        .read(true)
        .custom_flags((OFlag::O_NOFOLLOW | OFlag::O_NONBLOCK | OFlag::O_CLOEXEC).bits())
        .open(path)?;
    let meta = file.metadata()?;
    if !meta.is_file() || meta.uid() != owner.uid || meta.mode() & 0o477 != 0o400 {
        return Err(io::ErrorKind::InvalidData.into());
    }
    let mut text = Vec::new();
    file.take(LARGEST).read_to_end(&mut text)?;
    Ok(text)
}

/// Writes a private file of the state; the folder is not in use yet.
fn write(staged: &Path, name: &str, text: &[u8], owner: Owner) -> Result<(), RestoreError> {
    let path = staged.join(name);
    let done = OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(&path).and_then(
        |mut file| {
            file.write_all(text)?;
            file.set_permissions(Permissions::from_mode(0o600))?;
            fchown(&file, Some(owner.uid), Some(owner.gid))?;
            file.sync_all()
        },
    );
    done.map_err(|source| RestoreError::Write { path, source })
}

#[cfg(test)]
mod tests {
    use super::*;

    const LATCHED: &str = r#"{"latched":true,"source":"person","by":"Ada","at":"2026-05-04T03:02:01Z"}"#;
    const FREE: &str = r#"{"latched":false,"source":null,"by":"Ada","at":null}"#;

    fn dir(files: &[(&str, &str)]) -> tempfile::TempDir {
        let dir = tempfile::tempdir().unwrap();
        for (name, text) in files {
            write(dir.path(), name, text.as_bytes(), Owner::own()).unwrap();
        }
        dir
    }

    fn text(dir: &tempfile::TempDir, name: &str) -> Option<String> {
        fs::read_to_string(dir.path().join(name)).ok()
    }

    fn kept(present: &tempfile::TempDir, backup: &[(&str, &str)]) -> tempfile::TempDir {
        let staged = dir(backup);
        keep(present.path(), staged.path(), Owner::own()).unwrap();
        staged
    }

    fn judged(state: &tempfile::TempDir) -> Latch {
        latch(state.path(), Owner::own()).unwrap()
    }

    #[test]
    fn a_latch_that_is_set_stays_set_and_one_in_the_backup_comes_back() {
        let staged = kept(&dir(&[(ESTOP, LATCHED)]), &[(ESTOP, FREE)]);
        assert_eq!(text(&staged, ESTOP).unwrap(), LATCHED);
        let staged = kept(&dir(&[(ESTOP, LATCHED)]), &[]);
        assert_eq!(text(&staged, ESTOP).unwrap(), LATCHED);
        for present in [&[][..], &[(ESTOP, FREE)]] {
            let staged = kept(&dir(present), &[(ESTOP, LATCHED)]);
            assert_eq!(text(&staged, ESTOP).unwrap(), LATCHED);
        }
        let staged = kept(&dir(&[(ESTOP, FREE)]), &[(ESTOP, FREE)]);
        assert_eq!(judged(&staged), Latch::Free);
    }

    #[test]
    fn what_is_not_known_stays_latched() {
        let scratch = "estop.json.AAAAaaaa09-_.tmp";
        for present in [
            &[(ESTOP, "")][..],
            &[(ESTOP, "{}")],
            &[(ESTOP, r#"{"latched":false,"more":1}"#)],
            &[(ESTOP, r#"{"latched":false,"source":"nobody"}"#)],
            &[(scratch, ""), (ESTOP, FREE)],
            &[(scratch, FREE)],
        ] {
            let staged = kept(&dir(present), &[(ESTOP, FREE)]);
            assert_eq!(judged(&staged), Latch::Unknown, "{present:?}");
        }
        for mode in [0o644, 0o200] {
            let closed = dir(&[(ESTOP, FREE)]);
            fs::set_permissions(closed.path().join(ESTOP), Permissions::from_mode(mode)).unwrap();
            assert_eq!(judged(&closed), Latch::Unknown, "{mode:o}");
        }
        let linked = dir(&[]);
        symlink("nowhere", linked.path().join(ESTOP)).unwrap();
        assert_eq!(judged(&linked), Latch::Unknown);
        let Owner { uid, gid } = Owner::own();
        let foreign = latch(dir(&[(ESTOP, FREE)]).path(), Owner { uid: uid + 1, gid });
        assert_eq!(foreign.unwrap(), Latch::Unknown, "the daemon is another user than the file's");
    }

    #[test]
    fn what_keeps_camera_and_microphone_off_stays_and_numbers_rise() {
        let present = dir(&[(PRIVATE, ""), (STREAMING_OFF, ""), (LEASE_RUNS, "12\n")]);
        let staged = kept(&present, &[(LEASE_RUNS, "3\n"), ("volume", "35\n")]);
        assert_eq!(text(&staged, PRIVATE).unwrap(), "");
        assert_eq!(text(&staged, STREAMING_OFF).unwrap(), "");
        assert_eq!(text(&staged, RECORDING_WANTED), None);
        assert_eq!(text(&staged, LEASE_RUNS).unwrap(), "12\n");
        assert_eq!(text(&staged, "volume").unwrap(), "35\n");
        let staged = kept(&dir(&[(LEASE_RUNS, "3\n")]), &[(LEASE_RUNS, "12\n")]);
        assert_eq!(text(&staged, LEASE_RUNS).unwrap(), "12\n");
    }

    #[test]
    fn a_number_is_neither_waited_for_nor_read_through_a_link() {
        let elsewhere = dir(&[("number", "12\n")]);
        let linked = dir(&[]);
        symlink(elsewhere.path().join("number"), linked.path().join(LEASE_RUNS)).unwrap();
        let pipe = dir(&[]);
        nix::unistd::mkfifo(&pipe.path().join(LEASE_RUNS), nix::sys::stat::Mode::S_IRUSR).unwrap();
        for present in [linked, pipe] {
            let staged = kept(&present, &[(LEASE_RUNS, "3\n")]);
            assert_eq!(text(&staged, LEASE_RUNS).unwrap(), "3\n");
        }
    }

    #[test]
    fn links_of_the_config_stay() {
        let present = dir(&[("havatar.yaml", "x")]);
        symlink("/etc/ssl/key.pem", present.path().join("key.pem")).unwrap();
        symlink("/elsewhere", present.path().join("taken")).unwrap();
        for folder in ["tls", "new"] {
            fs::create_dir(present.path().join(folder)).unwrap();
            symlink("/etc/ssl/cert.pem", present.path().join(folder).join("cert.pem")).unwrap();
        }
        let staged = dir(&[("taken", "the backup's")]);
        fs::create_dir(staged.path().join("tls")).unwrap();
        let mut lost = keep_links(present.path(), staged.path()).unwrap();
        lost.sort_unstable();
        assert_eq!(lost, [present.path().join("new/cert.pem"), present.path().join("taken")]);
        let nested = fs::read_link(staged.path().join("tls/cert.pem")).unwrap();
        assert_eq!(nested, Path::new("/etc/ssl/cert.pem"));
        assert_eq!(fs::read_link(staged.path().join("key.pem")).unwrap(), Path::new("/etc/ssl/key.pem"));
        assert_eq!(text(&staged, "taken").unwrap(), "the backup's");
        assert_eq!(text(&staged, "havatar.yaml"), None);
    }
}
