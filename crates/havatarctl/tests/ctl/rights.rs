//! Backup and restore with the rights that they have: root is not led elsewhere, others are told, and a signal leaves all as it was.

use std::fs::{self, File, OpenOptions, Permissions};
use std::io::{Read as _, Write as _};
use std::os::fd::OwnedFd;
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _, lchown, symlink};
use std::os::unix::process::ExitStatusExt as _;
use std::process::{Child, Command, Stdio};

use nix::sys::signal::{Signal, kill};
use nix::sys::stat::Mode;
use nix::unistd::{Pid, geteuid, mkfifo};

use crate::backup::Robot;
use crate::run::{NOBODY, Ran, eventually, give, run, without_root};

fn is_root() -> bool {
    if !geteuid().is_root() {
        eprintln!("NOT TESTED: another user's files need root");
    }
    geteuid().is_root()
}

/// A verb by a user who is not root, and to whom the robot's folders belong.
fn by_another(robot: &Robot, verb: &str, options: &[&str]) -> Ran {
    let folders =
        ["robot.age", "--passphrase-file", "passphrase", "--config-dir", "config", "--state-dir", "state"];
    let args = [&[verb], &folders[..], options].concat();
    let mut command = without_root(&args, robot.dir.path());
    command.current_dir(robot.dir.path());
    run(command)
}

#[test]
fn what_may_not_be_read_ends_the_backup() {
    let robot = Robot::new();
    robot.put("state/admin-token", "x", 0o000);
    let ran = by_another(&robot, "backup", &[]);
    assert_eq!(ran.code, 4, "{ran:?}");
    assert!(ran.err.contains("admin-token is closed to this user: use sudo"), "{ran:?}");
    assert!(!robot.path("robot.age").exists());
}

#[test]
fn what_may_not_be_written_ends_the_restore() {
    for closed in ["state", "."] {
        let robot = Robot::new();
        robot.backup();
        let mode = |mode| fs::set_permissions(robot.path(closed), Permissions::from_mode(mode)).unwrap();
        mode(0o555);
        let ran = by_another(&robot, "restore", &["--yes"]);
        mode(0o755);
        assert_eq!(ran.code, 4, "{closed}: {ran:?}");
        assert!(ran.err.contains("is closed to this user: use sudo"), "{closed}: {ran:?}");
    }
}

#[test]
fn a_link_that_the_services_user_made_for_recordings_is_followed_by_neither() {
    if !is_root() {
        return;
    }
    let robot = Robot::new();
    robot.ctl(&["backup", "robot.age", "--recordings"]).done();
    robot.put("elsewhere/secret", "secret", 0o600);
    let link = robot.path("state/recordings");
    fs::remove_dir_all(&link).unwrap();
    symlink(robot.path("elsewhere"), &link).unwrap();
    lchown(&link, Some(NOBODY), Some(NOBODY)).unwrap();
    let before = robot.tree();
    for args in [&["backup", "other.age", "--recordings"][..], &["restore", "robot.age", "--yes"]] {
        let ran = robot.ctl(args);
        assert_eq!(ran.code, 1, "{ran:?}");
        assert!(
            ran.err.contains("state/recordings is a link that another user than root has made"),
            "{ran:?}"
        );
        assert!(robot.tree() == before, "{args:?}");
    }
    // One of root's own leads to a disk.
    lchown(&link, Some(0), Some(0)).unwrap();
    robot.ctl(&["restore", "robot.age", "--yes"]).done();
    assert_eq!(robot.text("elsewhere/havatar/a.mp4"), "film");
    assert_eq!(robot.text("state/recordings/secret"), "secret");
}

#[test]
fn what_root_restores_is_the_services_users() {
    if !is_root() {
        return;
    }
    let robot = Robot::new();
    robot.ctl(&["backup", "robot.age", "--recordings"]).done();
    fs::remove_dir_all(robot.path("state/recordings/havatar")).unwrap();
    fs::set_permissions(robot.dir.path(), Permissions::from_mode(0o755)).unwrap();
    give(&robot.path("state"));
    robot.ctl(&["restore", "robot.age", "--yes"]).done();
    for path in ["state", "state/admin-token", "state/recordings/havatar", "state/recordings/havatar/a.mp4"] {
        assert_eq!(fs::metadata(robot.path(path)).unwrap().uid(), NOBODY, "{path}");
    }
    assert_eq!(fs::metadata(robot.path("config/havatar.yaml")).unwrap().uid(), 0);
    assert_eq!(fs::read_dir(robot.path("state/recordings")).unwrap().count(), 1, "nothing else is left");
}

fn signalled(child: &mut Child, signal: Signal) {
    kill(Pid::from_raw(child.id().try_into().unwrap()), signal).unwrap();
    assert_eq!(child.wait().unwrap().signal(), Some(signal as i32));
}

/// A restore at a terminal, which has just been asked for a yes.
fn asked(robot: &Robot) -> (Child, File) {
    let pair = nix::pty::openpty(None, None).unwrap();
    let slave: OwnedFd = pair.slave;
    let mut command: Command = robot.command(&["restore", "robot.age", "--passphrase-file", "passphrase"]);
    command.stdin(slave.try_clone().unwrap()).stdout(Stdio::null()).stderr(slave);
    let child = command.spawn().unwrap();
    let mut terminal = File::from(pair.master);
    read_until(&mut terminal, "Type yes to restore it: ");
    (child, terminal)
}

fn read_until(terminal: &mut File, text: &str) {
    let (mut read, mut piece) = (Vec::new(), [0; 1024]);
    while !String::from_utf8_lossy(&read).contains(text) {
        let count = terminal.read(&mut piece).unwrap();
        assert_ne!(count, 0, "{text:?} after {:?}", String::from_utf8_lossy(&read));
        read.extend_from_slice(&piece[..count]);
    }
}

#[test]
fn a_signal_or_a_no_at_the_prompt_leaves_all_as_it_was() {
    let robot = Robot::new();
    robot.backup();
    let before = robot.tree();
    for signal in [Signal::SIGINT, Signal::SIGTERM, Signal::SIGHUP] {
        let (mut child, _terminal) = asked(&robot);
        assert!(robot.tree() != before, "it is unpacked by then");
        signalled(&mut child, signal);
        assert!(robot.tree() == before, "{signal}");
    }
    let (mut child, mut terminal) = asked(&robot);
    terminal.write_all(b"no\n").unwrap();
    read_until(&mut terminal, "Nothing was restored.");
    assert_eq!(child.wait().unwrap().code(), Some(1));
    assert!(robot.tree() == before, "a no");
    let (mut child, mut terminal) = asked(&robot);
    terminal.write_all(b"yes\n").unwrap();
    assert_eq!(child.wait().unwrap().code(), Some(0));
}

#[test]
fn a_signal_while_it_is_unpacked_leaves_all_as_it_was() {
    let robot = Robot::new();
    robot.backup();
    let whole = fs::read(robot.path("robot.age")).unwrap();
    mkfifo(&robot.path("slow.age"), Mode::S_IRUSR | Mode::S_IWUSR).unwrap();
    let before = robot.tree();
    let args = ["restore", "slow.age", "--yes", "--passphrase-file", "passphrase"];
    let mut child = robot.command(&args).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
    let mut slow = OpenOptions::new().write(true).open(robot.path("slow.age")).unwrap();
    let (half, rest) = whole.split_at(whole.len() / 2);
    slow.write_all(half).unwrap();
    eventually("folders to unpack into", || robot.path(".state.restoring").exists());
    kill(Pid::from_raw(child.id().try_into().unwrap()), Signal::SIGTERM).unwrap();
    // It may have ended already.
    let _ = slow.write_all(rest);
    drop(slow);
    assert_eq!(child.wait().unwrap().signal(), Some(Signal::SIGTERM as i32));
    assert!(robot.tree() == before);
}
