//! A backup is read back as it was written, and nothing else is read back at all.

use std::fs::{self, Permissions};
use std::io::{self, Cursor};
use std::os::unix::fs::{PermissionsExt as _, symlink};
use std::path::Path;

use age::secrecy::SecretString;
use age::stream::StreamWriter;
use flate2::Compression;
use flate2::write::GzEncoder;
use proptest::prelude::*;
use serde_json::{Value, json};
use tar::{Builder, EntryType, Header};
use tempfile::TempDir;

use super::collect::Contents;
use super::error::ArchiveError;
use super::manifest::{LONGEST_LIST, MOST_RECORDINGS, ManifestError, Top};
use super::owner::Owner;
use super::pack::{self, Origin};
use super::unpack::{self, Target, Targets, Unpacked};
use super::{seal, state_files};

/// Enough to derive a key, and no more.
const LITTLE_WORK: u8 = 2;
const SHOWN: &str = "robot.age";

type Tar = Builder<GzEncoder<StreamWriter<Vec<u8>>>>;

fn passphrase(text: &str) -> SecretString {
    SecretString::from(text.to_owned())
}

fn writer() -> StreamWriter<Vec<u8>> {
    seal::seal(Vec::new(), Path::new(SHOWN), passphrase("correct horse"), LITTLE_WORK).unwrap()
}

/// A sealed archive of any members.
fn sealed(build: impl FnOnce(&mut Tar)) -> Vec<u8> {
    let mut tar = Builder::new(GzEncoder::new(writer(), Compression::fast()));
    build(&mut tar);
    tar.into_inner().unwrap().finish().unwrap().finish().unwrap()
}

fn origin() -> Origin {
    let at = "2026-11-30T08:00:00Z".parse().unwrap();
    Origin { version: "0.1.0".to_owned(), at, host: "robot".to_owned() }
}

/// A robot's folders, with all that a backup may meet.
fn robot() -> TempDir {
    let dir = tempfile::tempdir().unwrap();
    let put = |path: &str, text: &[u8], mode: u32| {
        let path = dir.path().join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, text).unwrap();
        fs::set_permissions(&path, Permissions::from_mode(mode)).unwrap();
    };
    put("config/havatar.yaml", b"server: {}\n", 0o644);
    put("config/tls/key.pem", b"key", 0o640);
    put("state/admin-token", b"0123456789abcdef0123456789abcdef\n", 0o600);
    put("state/sessions.json", b"[]", 0o600);
    put("state/estop.json", b"{}", 0o600);
    put("state/black-box/00000001.jsonl", &b"{\"n\":1}\n".repeat(20_000), 0o600);
    put("state/black-box/kept/00000001.jsonl", b"", 0o600);
    put("state/lock", b"12\n", 0o600);
    put("state/encoder.json", b"{}", 0o600);
    put("state/recordings/havatar/a.mp4", &[7; 10_000].repeat(10), 0o600);
    fs::set_permissions(dir.path().join("state/black-box"), Permissions::from_mode(0o700)).unwrap();
    symlink("/etc/passwd", dir.path().join("state/link")).unwrap();
    nix::unistd::mkfifo(&dir.path().join("state/pipe"), nix::sys::stat::Mode::S_IRUSR).unwrap();
    dir
}

fn contents(dir: &Path, with_recordings: bool) -> Contents {
    let mut contents = Contents::default();
    contents.add(Top::Config, &dir.join("config"), |_| false).unwrap();
    contents.add(Top::State, &dir.join("state"), state_files::is_passing).unwrap();
    if with_recordings {
        contents.add(Top::Recordings, &dir.join("state/recordings"), |_| false).unwrap();
    }
    contents
}

fn packed(contents: &mut Contents, with_recordings: bool) -> Vec<u8> {
    let (out, _) = pack::pack(writer(), Path::new(SHOWN), origin(), contents, with_recordings).unwrap();
    out.finish().unwrap()
}

fn backup(dir: &Path, with_recordings: bool) -> Vec<u8> {
    packed(&mut contents(dir, with_recordings), with_recordings)
}

fn open(bytes: &[u8], with: &str, into: &Path) -> Result<Unpacked, ArchiveError> {
    for folder in ["config", "state", "recordings"] {
        fs::create_dir(into.join(folder)).unwrap();
    }
    let target = |name: &str| Target { folder: into.join(name), owner: Owner::own() };
    let targets = Targets {
        config: target("config"),
        state: target("state"),
        recordings: target("recordings"),
        recordings_as: Owner::own(),
    };
    let source = seal::open(Cursor::new(bytes), Path::new(SHOWN), passphrase(with))?;
    unpack::unpack(source, Path::new(SHOWN), &targets, |path| path != "state/sessions.json")
}

fn opened(bytes: &[u8]) -> Result<(TempDir, Unpacked), ArchiveError> {
    let into = tempfile::tempdir().unwrap();
    let unpacked = open(bytes, "correct horse", into.path())?;
    Ok((into, unpacked))
}

/// Why an archive is refused.
fn refusal(bytes: &[u8]) -> ManifestError {
    match opened(bytes) {
        Err(ArchiveError::Refused { source, .. }) => source,
        Err(other) => panic!("{other:?}"),
        Ok(_) => panic!("it was taken"),
    }
}

/// Every path below a folder, with mode and content.
fn tree(dir: &Path) -> Vec<(String, u32, Vec<u8>)> {
    let mut found = Vec::new();
    let mut folders = vec![dir.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(&folder).unwrap() {
            let path = entry.unwrap().path();
            let meta = fs::symlink_metadata(&path).unwrap();
            let shown = path.strip_prefix(dir).unwrap().display().to_string();
            let content = if meta.is_file() { fs::read(&path).unwrap() } else { Vec::new() };
            found.push((shown, meta.permissions().mode() & 0o7777, content));
            if meta.is_dir() {
                folders.push(path);
            }
        }
    }
    found.sort();
    found
}

#[test]
fn what_went_in_comes_out_with_its_modes() {
    let robot = robot();
    let mut contents = contents(robot.path(), true);
    let bytes = packed(&mut contents, true);
    let mut left: Vec<_> = contents.left_out.iter().map(|left| (left.path.as_str(), left.why)).collect();
    left.sort_unstable();
    assert_eq!(left.len(), 2);
    assert!(left[0].0.ends_with("state/link") && left[0].1 == "it is a link", "{left:?}");
    assert!(left[1].0.ends_with("state/pipe") && left[1].1.contains("neither"), "{left:?}");

    let (into, unpacked) = opened(&bytes).unwrap();
    assert_eq!((unpacked.manifest.host.as_str(), unpacked.recordings.len()), ("robot", 1));
    assert_eq!(unpacked.added, ["recordings/havatar/a.mp4"]);
    assert_eq!(tree(&into.path().join("config")), tree(&robot.path().join("config")));
    assert_eq!(
        fs::read(into.path().join("recordings/havatar/a.mp4")).unwrap(),
        fs::read(robot.path().join("state/recordings/havatar/a.mp4")).unwrap()
    );
    let absent = ["lock", "encoder.json", "recordings", "link", "pipe", "sessions.json"];
    let lasting = |(path, ..): &(String, u32, Vec<u8>)| !absent.contains(&path.split('/').next().unwrap());
    let before: Vec<_> = tree(&robot.path().join("state")).into_iter().filter(lasting).collect();
    assert_eq!(tree(&into.path().join("state")), before);
}

#[test]
fn the_same_robot_gives_the_same_list() {
    let robot = robot();
    let list = |bytes: &[u8]| opened(bytes).unwrap().1.manifest;
    assert_eq!(list(&backup(robot.path(), false)), list(&backup(robot.path(), false)));
}

#[test]
fn what_vanishes_grows_or_is_replaced_meanwhile_is_no_harm() {
    let robot = robot();
    let state = robot.path().join("state");
    let mut contents = contents(robot.path(), true);
    // It is open: what happens to its name does not matter, nor what is appended.
    fs::remove_file(state.join("admin-token")).unwrap();
    fs::write(state.join("new"), "replaced").unwrap();
    fs::rename(state.join("new"), state.join("estop.json")).unwrap();
    let log = state.join("black-box/00000001.jsonl");
    let mut longer = fs::read(&log).unwrap();
    let before = longer.clone();
    longer.extend_from_slice(b"{\"n\":2}\n");
    fs::write(&log, longer).unwrap();
    fs::remove_file(state.join("recordings/havatar/a.mp4")).unwrap();

    let bytes = packed(&mut contents, true);
    assert!(
        contents.left_out.iter().any(|left| left.path.ends_with("a.mp4") && left.why.contains("deleted"))
    );
    let (into, unpacked) = opened(&bytes).unwrap();
    assert_eq!(unpacked.recordings, []);
    assert_eq!(fs::read(into.path().join("state/estop.json")).unwrap(), b"{}");
    assert_eq!(fs::read(into.path().join("state/black-box/00000001.jsonl")).unwrap(), before);
    assert!(into.path().join("state/admin-token").exists());
}

#[test]
fn a_file_that_shrinks_meanwhile_ends_the_backup() {
    let robot = robot();
    let mut contents = contents(robot.path(), false);
    fs::write(robot.path().join("state/admin-token"), "").unwrap();
    let refused = pack::pack(writer(), Path::new(SHOWN), origin(), &mut contents, false);
    assert!(matches!(refused, Err(ArchiveError::Changed(path)) if path.ends_with("admin-token")));
}

#[test]
fn another_passphrase_or_another_file_opens_nothing() {
    let bytes = backup(robot().path(), false);
    let into = tempfile::tempdir().unwrap();
    let refused = open(&bytes, "correct house", into.path());
    assert!(matches!(refused, Err(ArchiveError::WrongPassphrase(_))));
    assert_eq!(tree(into.path()).len(), 3, "the empty folders of this test alone");
    for other in [&b""[..], b"hello", b"age-encryption.org/v1\n", b"PK\x03\x04"] {
        assert!(matches!(opened(other), Err(ArchiveError::NotABackup(_))), "{other:?}");
    }
}

#[test]
fn a_file_that_asks_for_much_memory_is_refused_before_it_gets_it() {
    let bytes = String::from_utf8_lossy(&backup(robot().path(), false)).replacen(" 2\n", " 30\n", 1);
    assert!(matches!(opened(bytes.as_bytes()), Err(ArchiveError::TooMuchWork(_))));
}

#[test]
fn a_backup_that_was_cut_short_is_refused() {
    let bytes = backup(robot().path(), true);
    for length in (0..bytes.len()).step_by(1999).chain([bytes.len() - 1]) {
        assert!(opened(&bytes[..length]).is_err(), "{length} of {}", bytes.len());
    }
    let longer = [bytes.as_slice(), b"x"].concat();
    assert!(opened(&longer).is_err());
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(128))]
    /// Every bit is authenticated.
    #[test]
    fn a_backup_with_a_flipped_bit_is_refused(at in any::<prop::sample::Index>(), bit in 0..8_u8) {
        static BACKUP: std::sync::LazyLock<Vec<u8>> = std::sync::LazyLock::new(|| backup(robot().path(), true));
        let mut bytes = BACKUP.clone();
        let at = at.index(bytes.len());
        bytes[at] ^= 1 << bit;
        prop_assert!(opened(&bytes).is_err(), "bit {bit} of byte {at}");
    }
}

fn list(files: &[(&str, &[u8])]) -> Value {
    let files: Vec<Value> = files
        .iter()
        .map(|(path, text)| {
            let mut reader = super::hashed::Hashed::new(*text);
            io::copy(&mut reader, &mut io::sink()).unwrap();
            json!({"path": path, "size": text.len(), "mode": 0o600, "user": null, "group": null, "sha256": reader.sha256()})
        })
        .collect();
    json!({
        "format": 1, "havatar": "0.1.0", "at": "2026-11-30T08:00:00Z", "host": "robot",
        "recordings": false, "folders": [], "files": files,
    })
}

/// A member as an attacker writes it: any path, any type.
fn member(tar: &mut Tar, path: &str, kind: EntryType, text: &[u8]) {
    let mut header = Header::new_ustar();
    header.as_old_mut().name[..path.len()].copy_from_slice(path.as_bytes());
    header.set_entry_type(kind);
    header.set_mode(0o600);
    header.set_size(text.len() as u64);
    header.set_cksum();
    tar.append(&header, text).unwrap();
}

fn with_list(list: &Value, build: impl FnOnce(&mut Tar)) -> Vec<u8> {
    sealed(|tar| {
        member(tar, "manifest.json", EntryType::Regular, list.to_string().as_bytes());
        build(tar);
    })
}

#[test]
fn an_archive_that_leads_elsewhere_is_refused() {
    for path in ["/etc/passwd", "../x", "state/../../x", "state/lock", "x", "config/a/b"] {
        let bytes = with_list(&list(&[(path, b"x")]), |tar| member(tar, path, EntryType::Regular, b"x"));
        assert!(matches!(refusal(&bytes), ManifestError::Path { .. }), "{path}");
        // Named well in the list, and otherwise in the archive.
        let bytes = with_list(&list(&[("state/a", b"x")]), |tar| member(tar, path, EntryType::Regular, b"x"));
        assert!(matches!(refusal(&bytes), ManifestError::Order { .. }), "{path}");
    }
}

#[test]
fn a_recording_that_leads_elsewhere_is_refused() {
    for path in ["recordings/../x", "/x", "state/a", "recordings", "../x"] {
        let mut list = list(&[]);
        list["recordings"] = true.into();
        let bytes = with_list(&list, |tar| {
            member(tar, path, EntryType::Regular, b"x");
            member(tar, "recordings.json", EntryType::Regular, b"[]");
        });
        assert!(matches!(refusal(&bytes), ManifestError::Path { .. }), "{path}");
    }
}

#[test]
fn nothing_but_a_plain_file_is_taken() {
    for kind in [
        EntryType::Symlink,
        EntryType::Link,
        EntryType::Directory,
        EntryType::Fifo,
        EntryType::Char,
        EntryType::Block,
        EntryType::GNULongName,
        EntryType::GNUSparse,
        EntryType::XHeader,
        EntryType::XGlobalHeader,
    ] {
        let bytes = with_list(&list(&[("state/a", b"x")]), |tar| member(tar, "state/a", kind, b"x"));
        assert!(matches!(refusal(&bytes), ManifestError::NotAFile { .. }), "{kind:?}");
    }
}

#[test]
fn what_is_not_as_listed_is_refused() {
    let listed = list(&[("state/a", b"x")]);
    let build =
        |text: &'static [u8]| with_list(&listed, |tar| member(tar, "state/a", EntryType::Regular, text));
    assert!(matches!(refusal(&build(b"y")), ManifestError::Differs { .. }), "another content");
    assert!(matches!(refusal(&build(b"xx")), ManifestError::Differs { .. }), "another size");
    assert!(matches!(refusal(&with_list(&listed, |_| ())), ManifestError::Short));
    let more = with_list(&listed, |tar| {
        member(tar, "state/a", EntryType::Regular, b"x");
        member(tar, "state/b", EntryType::Regular, b"x");
    });
    assert!(matches!(refusal(&more), ManifestError::Surplus));
    assert!(opened(&build(b"x")).is_ok(), "and what is as listed is taken");
}

#[test]
fn sizes_are_bounded() {
    let mut large = list(&[("state/a", b"x")]);
    large["files"][0]["size"] = (1_u64 << 60).into();
    assert!(matches!(refusal(&with_list(&large, |_| ())), ManifestError::TooLarge));
    // 15 GiB are within the bound, and rarely free in a folder for temporary files; if they are, the archive ends early.
    large["files"][0]["size"] = (15_u64 << 30).into();
    let refused = opened(&with_list(&large, |_| ()));
    assert!(matches!(refused, Err(ArchiveError::NoRoom { .. } | ArchiveError::Refused { .. })));
    // A list that unpacks to more than any list has.
    let zeros = vec![b' '; usize::try_from(LONGEST_LIST).unwrap() + 1];
    let bytes = sealed(|tar| member(tar, "manifest.json", EntryType::Regular, &zeros));
    assert!(matches!(refusal(&bytes), ManifestError::TooLong));
}

#[test]
fn what_could_not_be_restored_is_not_backed_up() {
    let robot = robot();
    let refused = |contents: &mut Contents| {
        let mut out = Vec::new();
        let refused = pack::pack(&mut out, Path::new(SHOWN), origin(), contents, true).map(|_| ());
        assert_eq!(out, b"", "nothing is written of it");
        match refused {
            Err(ArchiveError::Unrestorable(why)) => why,
            other => panic!("{other:?}"),
        }
    };
    let mut many = contents(robot.path(), false);
    many.recordings = vec![("recordings/a.mp4".to_owned(), robot.path().to_owned()); MOST_RECORDINGS + 1];
    assert!(matches!(refused(&mut many), ManifestError::TooMany));
    let mut twice = contents(robot.path(), false);
    twice.add(Top::Config, &robot.path().join("config"), |_| false).unwrap();
    assert!(matches!(refused(&mut twice), ManifestError::Path { .. }));
}

#[test]
fn another_format_is_named() {
    let mut newer = list(&[]);
    newer["format"] = 2.into();
    assert!(matches!(refusal(&with_list(&newer, |_| ())), ManifestError::Format(2)));
}
