//! Backup and restore: whole or not at all, and nothing that holds the robot back is let go.

use std::fs::{self, File, Permissions};
use std::io::Write as _;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use nix::fcntl::{Flock, FlockArg};
use serde_json::json;

use crate::run::{Ran, bare, run};

const LATCHED: &str = r#"{"latched":true,"source":"person","by":"Ada","at":"2026-05-04T03:02:01Z"}"#;
const RELEASED: &str = r#"{"latched":false,"source":null,"by":"Ada","at":null}"#;

/// A robot's folders, a passphrase, and a `havatard` that takes every config.
pub(crate) struct Robot {
    pub(crate) dir: tempfile::TempDir,
}

impl Robot {
    pub(crate) fn new() -> Self {
        let robot = Self { dir: tempfile::tempdir().unwrap() };
        robot.put("config/havatar.yaml", "server: {}\n", 0o644);
        robot.put("config/tls/key.pem", "key\n", 0o640);
        robot.put("state/admin-token", "0123456789abcdef0123456789abcdef\n", 0o600);
        robot.put("state/phrases-00.json", "{}\n", 0o600);
        robot.put("state/sessions.json", "[]\n", 0o600);
        robot.put("state/estop.json", RELEASED, 0o600);
        robot.put("state/black-box/00000001.jsonl", "{\"n\":1}\n", 0o600);
        robot.put("state/encoder.json", "{}\n", 0o600);
        robot.put("state/recordings/havatar/a.mp4", "film", 0o600);
        robot.put("passphrase", "correct horse battery\n", 0o600);
        robot.havatard("exit 0");
        robot
    }

    pub(crate) fn path(&self, path: &str) -> PathBuf {
        self.dir.path().join(path)
    }

    pub(crate) fn put(&self, path: &str, text: &str, mode: u32) {
        let path = self.path(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, text).unwrap();
        fs::set_permissions(&path, Permissions::from_mode(mode)).unwrap();
    }

    pub(crate) fn text(&self, path: &str) -> String {
        fs::read_to_string(self.path(path)).unwrap()
    }

    fn havatard(&self, then: &str) {
        self.put("bin/havatard", &format!("#!/bin/sh\necho \"havatard $*\"\n{then}\n"), 0o755);
    }

    pub(crate) fn command(&self, args: &[&str]) -> Command {
        let mut command = bare(&args[..1]);
        command.current_dir(self.dir.path()).env("PATH", self.path("bin"));
        command.args(["--config-dir", "config", "--state-dir", "state"]).args(&args[1..]);
        command
    }

    pub(crate) fn ctl(&self, args: &[&str]) -> Ran {
        let mut command = self.command(args);
        command.args(["--passphrase-file", "passphrase"]);
        run(command)
    }

    pub(crate) fn backup(&self) {
        let shown = self.ctl(&["backup", "robot.age", "--force"]).done();
        assert!(shown.starts_with("Saved robot.age ("), "{shown}");
    }

    /// Config and state with modes and contents, as they are now.
    pub(crate) fn tree(&self) -> Vec<(PathBuf, u32, Vec<u8>)> {
        let mut found = Vec::new();
        let mut folders = vec![self.dir.path().to_owned()];
        while let Some(folder) = folders.pop() {
            for entry in fs::read_dir(folder).unwrap() {
                let path = entry.unwrap().path();
                let meta = fs::symlink_metadata(&path).unwrap();
                let content = if meta.is_file() { fs::read(&path).unwrap() } else { Vec::new() };
                if meta.is_dir() {
                    folders.push(path.clone());
                }
                // The lock's file stays where it was taken.
                if !path.ends_with("state/lock") {
                    found.push((path, meta.permissions().mode() & 0o7777, content));
                }
            }
        }
        found.sort();
        found
    }

    /// Where the folders of before were put.
    fn aside(&self, name: &str) -> Vec<PathBuf> {
        let entries = fs::read_dir(self.dir.path()).unwrap().map(|entry| entry.unwrap().path());
        let begins = format!("{name}.before-restore-");
        entries.filter(|path| path.file_name().unwrap().to_str().unwrap().starts_with(&begins)).collect()
    }
}

fn mode(path: &Path) -> u32 {
    fs::metadata(path).unwrap().permissions().mode() & 0o7777
}

#[test]
fn what_was_backed_up_comes_back_and_what_was_there_is_kept() {
    let robot = Robot::new();
    robot.backup();
    assert_eq!(mode(&robot.path("robot.age")), 0o600);
    assert!(fs::read(robot.path("robot.age")).unwrap().starts_with(b"age-encryption.org/v1\n-> scrypt "));
    let before = robot.tree();

    robot.put("config/havatar.yaml", "server: {listen: '127.0.0.1:1'}\n", 0o600);
    fs::remove_file(robot.path("config/tls/key.pem")).unwrap();
    robot.put("state/phrases-00.json", "lost", 0o600);
    robot.put("state/recordings/havatar/b.mp4", "film", 0o600);
    let said = robot.ctl(&["restore", "robot.age", "--yes"]);
    assert!(said.err.contains("every browser signs in anew"), "{said:?}");
    assert!(said.err.contains("havatard check --config"), "{said:?}");
    assert!(said.done().contains("havatard takes the config"));

    // Sign-ins and caches are not restored; recordings have stayed.
    for (path, mode, content) in before {
        if path.ends_with("sessions.json") || path.ends_with("encoder.json") {
            assert!(!path.exists(), "{}", path.display());
        } else {
            let meta = fs::metadata(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
            assert_eq!(meta.permissions().mode() & 0o7777, mode, "{}", path.display());
            assert!(!meta.is_file() || fs::read(&path).unwrap() == content, "{}", path.display());
        }
    }
    assert!(robot.path("state/recordings/havatar/b.mp4").exists());
    assert_eq!(robot.aside("state").len(), 1);
    let aside = robot.aside("state").remove(0);
    assert_eq!(fs::read(aside.join("phrases-00.json")).unwrap(), b"lost");
    assert!(aside.join("sessions.json").exists() && !aside.join("recordings").exists());
    assert_eq!(robot.aside("config").len(), 1);
    assert!(!robot.path(".state.restoring").exists() && !robot.path(".config.restoring").exists());
}

#[test]
fn sign_ins_come_back_only_if_they_are_asked_for() {
    let robot = Robot::new();
    robot.backup();
    let shown = robot.ctl(&["restore", "robot.age", "--yes", "--sign-ins", "--output", "json"]).json();
    assert_eq!((&shown["sign_ins"], &shown["config_ok"]), (&json!(true), &json!(true)));
    assert_eq!(robot.text("state/sessions.json"), "[]\n");
}

#[test]
fn recordings_go_along_if_they_are_asked_for_and_replace_none() {
    let robot = Robot::new();
    let shown = robot.ctl(&["backup", "robot.age", "--recordings", "--output", "json"]).json();
    assert_eq!((&shown["recordings"], &shown["left_out"]), (&json!(1), &json!([])));
    let recordings = robot.path("state/recordings/havatar");
    fs::rename(recordings.join("a.mp4"), recordings.join("b.mp4")).unwrap();
    let shown = robot.ctl(&["restore", "robot.age", "--yes", "--output", "json"]).json();
    assert_eq!(shown["recordings"], 1);
    // Two within one second would have the same name.
    for aside in [robot.aside("state"), robot.aside("config")].concat() {
        fs::remove_dir_all(aside).unwrap();
    }
    let shown = robot.ctl(&["restore", "robot.age", "--yes"]).done();
    assert!(!shown.contains("Added"), "{shown}");
    for name in ["a.mp4", "b.mp4"] {
        assert_eq!(robot.text(&format!("state/recordings/havatar/{name}")), "film");
    }
    assert_eq!(fs::read_dir(robot.path("state/recordings")).unwrap().count(), 1, "and nothing else is left");
}

#[test]
fn recordings_are_left_out_of_a_restore_that_is_asked_to() {
    let robot = Robot::new();
    robot.ctl(&["backup", "robot.age", "--recordings"]).done();
    fs::remove_dir_all(robot.path("state/recordings/havatar")).unwrap();
    let ran = robot.ctl(&["restore", "robot.age", "--yes", "--without-recordings"]);
    assert!(ran.err.contains("Its recordings are left out."), "{ran:?}");
    assert!(!ran.done().contains("Added"));
    assert_eq!(fs::read_dir(robot.path("state/recordings")).unwrap().count(), 0);
}

#[test]
fn recordings_in_a_folder_of_their_own_are_saved_if_it_is_named() {
    let robot = Robot::new();
    fs::rename(robot.path("state/recordings"), robot.path("disk")).unwrap();
    let ran = robot.ctl(&["backup", "robot.age", "--recordings"]);
    assert!(ran.code == 1 && ran.err.contains("with --recordings-dir"), "{ran:?}");
    assert!(!robot.path("robot.age").exists());
    let args = ["robot.age", "--recordings-dir", "disk"];
    let saved = robot.ctl(&[&["backup"], &args[..], &["--recordings"]].concat()).done();
    assert!(saved.contains("1 recording of disk"), "{saved}");
    fs::remove_dir_all(robot.path("disk/havatar")).unwrap();
    let added = robot.ctl(&[&["restore"], &args[..], &["--yes"]].concat()).done();
    assert!(added.contains("Added 1 recording."), "{added}");
    assert_eq!(robot.text("disk/havatar/a.mp4"), "film");
    assert_eq!(fs::read_dir(robot.path("disk")).unwrap().count(), 1);
}

#[test]
fn a_new_machine_gets_all_of_it() {
    let robot = Robot::new();
    robot.ctl(&["backup", "robot.age", "--recordings"]).done();
    fs::remove_dir_all(robot.path("config")).unwrap();
    fs::remove_dir_all(robot.path("state")).unwrap();
    robot.ctl(&["restore", "robot.age", "--yes"]).done();
    assert_eq!(robot.text("config/tls/key.pem"), "key\n");
    assert_eq!(robot.text("state/recordings/havatar/a.mp4"), "film");
    assert_eq!(mode(&robot.path("state")), 0o700);
    assert!(robot.aside("state").is_empty());
}

#[test]
fn a_file_that_does_not_open_changes_nothing() {
    let robot = Robot::new();
    robot.backup();
    let whole = fs::read(robot.path("robot.age")).unwrap();
    let middle = whole.len() / 2;
    let mut flipped = whole.clone();
    flipped[middle] ^= 1;
    for (bytes, words) in [
        (&whole[..middle], "is damaged or was cut short: nothing of it was taken"),
        (&flipped[..], "is damaged or was cut short: nothing of it was taken"),
        (&b"hello"[..], "is no backup"),
    ] {
        fs::write(robot.path("robot.age"), bytes).unwrap();
        let before = robot.tree();
        let ran = robot.ctl(&["restore", "robot.age", "--yes"]);
        assert_eq!((ran.code, &*ran.out), (1, ""), "{ran:?}");
        assert!(ran.err.contains(words), "{ran:?}");
        assert!(robot.tree() == before, "{words}");
    }
    fs::write(robot.path("robot.age"), &whole).unwrap();
    robot.put("passphrase", "another passphrase\n", 0o600);
    let before = robot.tree();
    let ran = robot.ctl(&["restore", "robot.age", "--yes"]);
    assert!(ran.code == 1 && ran.err.contains("does not open with this passphrase"), "{ran:?}");
    assert!(robot.tree() == before);
}

#[test]
fn without_a_yes_or_a_terminal_nothing_is_even_unpacked() {
    let robot = Robot::new();
    robot.backup();
    let before = robot.tree();
    let ran = robot.ctl(&["restore", "robot.age"]);
    assert_eq!(ran.code, 1);
    assert_eq!(ran.err, "havatarctl: restoring needs a person at a terminal, or --yes\n");
    assert!(robot.tree() == before);
}

#[test]
fn a_running_daemon_is_not_pulled_from_under_itself() {
    let robot = Robot::new();
    robot.backup();
    let before = robot.tree();
    let mut file = File::create(robot.path("state/lock")).unwrap();
    writeln!(file, "4711").unwrap();
    let held = Flock::lock(file, FlockArg::LockExclusiveNonblock).unwrap();
    let ran = robot.ctl(&["restore", "robot.age", "--yes"]);
    assert_eq!(ran.code, 1);
    assert!(ran.err.contains("havatard (pid 4711) uses"), "{ran:?}");
    assert!(ran.err.contains("systemctl stop havatard"), "{ran:?}");
    assert!(robot.tree() == before);
    drop(held);
    robot.ctl(&["restore", "robot.age", "--yes"]).done();
}

#[test]
fn an_e_stop_stays_latched_whichever_side_says_so() {
    for (then, now) in [(LATCHED, RELEASED), (RELEASED, LATCHED), (LATCHED, LATCHED)] {
        let robot = Robot::new();
        robot.put("state/estop.json", then, 0o600);
        robot.backup();
        robot.put("state/estop.json", now, 0o600);
        let ran = robot.ctl(&["restore", "robot.age", "--yes"]);
        assert_eq!(ran.err.contains("The e-stop is latched, and stays so."), now == LATCHED, "{ran:?}");
        ran.done();
        assert_eq!(robot.text("state/estop.json"), LATCHED);
    }
    // One that cannot be read is latched for the daemon, and stays so.
    let robot = Robot::new();
    robot.backup();
    robot.put("state/estop.json", "", 0o600);
    robot.ctl(&["restore", "robot.age", "--yes"]).done();
    assert!(robot.path("state/estop.json.restoredoubt.tmp").exists());
}

#[test]
fn a_config_that_havatard_does_not_take_is_said() {
    let robot = Robot::new();
    robot.backup();
    robot.havatard("echo 'havatar.yaml:1: server: no such key' >&2; exit 2");
    let ran = robot.ctl(&["restore", "robot.age", "--yes"]);
    assert_eq!(ran.code, 1);
    assert!(ran.err.contains("no such key") && ran.out.contains("does not take the config"), "{ran:?}");
    assert_eq!(robot.aside("config").len(), 1, "it is restored all the same");
}

#[test]
fn a_backup_replaces_nothing_unasked_and_its_passphrase_is_long_and_private() {
    let robot = Robot::new();
    robot.put("robot.age", "mine", 0o600);
    let ran = robot.ctl(&["backup", "robot.age"]);
    assert!(ran.code == 1 && ran.err.contains("exists already"), "{ran:?}");
    assert_eq!(robot.text("robot.age"), "mine");
    let ran = robot.ctl(&["backup", "state/robot.age"]);
    assert!(ran.code == 1 && ran.err.contains("which is backed up itself"), "{ran:?}");
    robot.put("passphrase", "eleven char\n", 0o600);
    let ran = robot.ctl(&["backup", "new.age"]);
    assert!(ran.code == 1 && ran.err.contains("use at least 12 characters"), "{ran:?}");
    robot.put("passphrase", "correct horse battery\n", 0o644);
    let ran = robot.ctl(&["backup", "new.age"]);
    assert!(ran.code == 1 && ran.err.contains("chmod 600 passphrase"), "{ran:?}");
    assert!(!robot.path("new.age").exists() && !robot.path("new.age.part").exists());
}

#[test]
fn a_passphrase_may_come_by_standard_input() {
    let robot = Robot::new();
    robot.backup();
    let mut command = robot.command(&["restore", "robot.age", "--yes", "--passphrase-file", "-"]);
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().unwrap();
    child.stdin.take().unwrap().write_all(b"correct horse battery\n").unwrap();
    let output = child.wait_with_output().unwrap();
    assert!(output.status.success(), "{output:?}");
}
