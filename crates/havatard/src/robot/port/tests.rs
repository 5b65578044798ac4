//! Tests of opening, closing and sharing a port, on pseudo-terminals.

use std::fs;
use std::os::fd::AsFd as _;
use std::os::unix::fs::{PermissionsExt as _, symlink};

use nix::sys::termios::{LocalFlags, OutputFlags, SetArg, SpecialCharacterIndices, tcgetattr, tcsetattr};
use nix::unistd::{Uid, setfsuid};

use crate::robot::testing::{Plug, until};

use super::*;

nix::ioctl_read_bad!(is_exclusive, libc::TIOCGEXCL, libc::c_int);

async fn opened(path: &Path) -> Result<Port, OpenError> {
    PortOpener::default().open(path, 115_200, Lines::Keep).await
}

async fn refused_with(path: &Path) -> String {
    match opened(path).await.expect_err("it is not to be opened") {
        OpenError::Refused(why) => why,
        OpenError::Away(path) => panic!("{} is away", path.display()),
    }
}

async fn is_away(path: &Path) {
    match opened(path).await.expect_err("there is nothing") {
        OpenError::Away(away) => assert_eq!(away, path),
        OpenError::Refused(why) => panic!("{why}"),
    }
}

#[tokio::test]
async fn a_port_in_use_is_refused_in_words_and_free_again_when_it_is_closed() {
    let plug = Plug::new();
    let first = opened(&plug.name).await.unwrap();
    let why = refused_with(&plug.name).await;
    assert_eq!(why, format!("{} is used by another program; end that first", plug.name.display()));
    drop(first);
    let again = opened(&plug.name).await.unwrap();
    // Anyone who may do anything passes TIOCEXCL; others would find the terminal closed for ever, while its other users live.
    let exclusive = |plug: &Plug| {
        let mut set = 0;
        #[expect(unsafe_code, reason = "the ioctl writes one int, which is here")]
        unsafe { is_exclusive(plug.slave.as_fd().as_raw_fd(), &raw mut set) }.unwrap();
        set != 0
    };
    assert!(exclusive(&plug));
    drop(again);
    assert!(!exclusive(&plug));
}

#[tokio::test]
async fn who_has_a_port_is_named() {
    let plug = Plug::new();
    let name = plug.name.clone();
    let command = format!("exec 9<>{0}; flock -x 9; echo locked; exec sleep 60", name.display());
    let mut other = std::process::Command::new("sh")
        .args(["-c", &command])
        .stdout(std::process::Stdio::piped())
        .spawn()
        .unwrap();
    let mut said = [0; 6];
    std::io::Read::read_exact(other.stdout.as_mut().unwrap(), &mut said).unwrap();
    let pid = other.id();
    // `flock` itself may hold it for one moment longer than the shell that becomes `sleep`.
    let set_point = format!("(pid {pid})");
    let mut why = String::new();
    for _ in 0..200 {
        why = refused_with(&name).await;
        if why.contains(&set_point) {
            break;
        }
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    other.kill().unwrap();
    other.wait().unwrap();
    assert!(why.contains(&set_point) && why.contains("is used by"), "{why}");
    until("the port is free", || {
        let path = name.clone();
        open_blocking(&path, 115_200, Lines::Keep).ok()
    })
    .await;
}

#[tokio::test]
async fn a_stable_name_that_goes_and_comes_back_is_followed_to_the_new_terminal() {
    let dir = tempfile::tempdir().unwrap();
    let by_id = dir.path().join("usb-motor-controller");
    is_away(&by_id).await;
    let first = Plug::new();
    symlink(&first.name, &by_id).unwrap();
    let port = opened(&by_id).await.unwrap();
    nix::unistd::write(&port, b"one").unwrap();
    assert_eq!(until("bytes", || Some(first.take()).filter(|all| !all.is_empty())).await, b"one");
    drop(port);
    // Another device takes the number; the name leads nowhere, then to where the controller is now.
    fs::remove_file(&by_id).unwrap();
    is_away(&by_id).await;
    symlink(dir.path().join("gone"), &by_id).unwrap();
    is_away(&by_id).await;
    fs::remove_file(&by_id).unwrap();
    let second = Plug::new();
    symlink(&second.name, &by_id).unwrap();
    let port = opened(&by_id).await.unwrap();
    nix::unistd::write(&port, b"two").unwrap();
    assert_eq!(until("bytes", || Some(second.take()).filter(|all| !all.is_empty())).await, b"two");
    assert_eq!(first.take(), b"");
}

#[tokio::test]
async fn what_is_no_serial_port_is_refused_with_what_to_do() {
    let dir = tempfile::tempdir().unwrap();
    let (file, pipe) = (dir.path().join("file"), dir.path().join("pipe"));
    fs::write(&file, "M 255 255\n").unwrap();
    nix::unistd::mkfifo(&pipe, nix::sys::stat::Mode::S_IRWXU).unwrap();
    for path in [dir.path(), &file, &pipe] {
        let why = refused_with(path).await;
        assert!(why.starts_with(&path.display().to_string()) && why.contains("/dev/serial/by-id"), "{why}");
    }
    assert_eq!(fs::read_to_string(&file).unwrap(), "M 255 255\n", "nothing was written to it");
    let why = refused_with(Path::new("/dev/null")).await;
    assert!(why.starts_with("/dev/null cannot be opened"), "{why}");
    let why = refused_with(&file.join("below")).await;
    assert!(why.contains("cannot be looked at"), "{why}");
}

#[tokio::test]
async fn a_port_that_is_not_ours_to_open_says_which_group_is_missing() {
    let plug = Plug::new();
    fs::set_permissions(&plug.name, fs::Permissions::from_mode(0o000)).unwrap();
    let name = plug.name.clone();
    // On a thread of its own, which is another person as far as files go.
    let result = std::thread::spawn(move || {
        setfsuid(Uid::from_raw(65_534));
        open_blocking(&name, 115_200, Lines::Keep).map(drop)
    });
    let Err(OpenError::Refused(why)) = result.join().unwrap() else { panic!("it was opened") };
    assert!(why.contains("may not be opened") && why.contains("dialout"), "{why}");
}

#[tokio::test]
async fn nothing_hangs_up_on_close_and_nothing_is_changed_on_the_way() {
    let plug = Plug::new();
    let mut settings = tcgetattr(&plug.slave).unwrap();
    settings.control_flags.insert(ControlFlags::HUPCL);
    tcsetattr(&plug.slave, SetArg::TCSANOW, &settings).unwrap();
    // A terminal has no lines to set, which is no fault of anybody's.
    for lines in [Lines::Keep, Lines::High, Lines::Low] {
        let port = PortOpener::default().open(&plug.name, 115_200, lines).await.unwrap();
        for set in [tcgetattr(&port).unwrap(), tcgetattr(&plug.slave).unwrap()] {
            let flags = set.control_flags;
            assert!(!flags.intersects(ControlFlags::HUPCL | ControlFlags::CRTSCTS | ControlFlags::CSTOPB));
            assert!(flags.contains(ControlFlags::CS8 | ControlFlags::CLOCAL | ControlFlags::CREAD));
            assert!(!flags.contains(ControlFlags::PARENB));
            let cooked = LocalFlags::ICANON | LocalFlags::ECHO | LocalFlags::ISIG | LocalFlags::IEXTEN;
            assert!(!set.local_flags.intersects(cooked), "raw: {set:?}");
            assert!(!set.output_flags.contains(OutputFlags::OPOST), "raw: {set:?}");
            assert!(set.control_chars[SpecialCharacterIndices::VMIN as usize] >= 1);
        }
        drop(port);
        assert!(!tcgetattr(&plug.slave).unwrap().control_flags.contains(ControlFlags::HUPCL), "nor later");
        assert_eq!(plug.take(), b"", "opening says nothing");
    }
}

#[tokio::test]
async fn what_was_said_before_it_was_opened_is_forgotten() {
    let plug = Plug::new();
    plug.put(b"an earlier conversation");
    let mut port = opened(&plug.name).await.unwrap();
    plug.put(b"now");
    let mut received = Vec::new();
    while received.len() < 3 {
        let mut room = [0; 64];
        let count = tokio::time::timeout(Duration::from_secs(10), port.read(&mut room)).await.unwrap();
        received.extend_from_slice(&room[..count.unwrap()]);
    }
    assert_eq!(received, b"now");
}

#[tokio::test]
async fn a_cable_that_is_pulled_ends_the_reading() {
    let plug = Plug::new();
    let mut port = opened(&plug.name).await.unwrap();
    drop(plug);
    let mut room = [0; 64];
    let read = tokio::time::timeout(Duration::from_secs(10), port.read(&mut room)).await.unwrap();
    assert!(matches!(read, Ok(0) | Err(_)), "{read:?}");
}
