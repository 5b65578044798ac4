//! Something at the end of a cable that is no motor controller.

use std::fs::{self, File};
use std::io::{ErrorKind, Read as _, Write as _};
use std::os::fd::{AsRawFd as _, OwnedFd};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::Duration;

use nix::fcntl::{FcntlArg, OFlag, fcntl};
use nix::pty::openpty;
use nix::sys::termios::{SetArg, cfmakeraw, tcgetattr, tcsetattr};

/// The types of the serial protocol, as far as a host sends them.
const KINDS: [&str; 12] = [
    "?", "HELLO", "DRIVE", "STEP", "STOP", "ESTOP", "RELEASE", "HEAD", "LIGHTS", "BUZZER", "LIMITS", "REPORT",
];

/// A serial device that speaks another language, or none. Dropped, it is gone.
#[derive(Debug)]
pub struct Foreign {
    /// How it behaves.
    pub manner: Manner,
    port: PathBuf,
    heard: Arc<Mutex<Vec<u8>>>,
    over: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
    // Held open, so that the device does not go away when the daemon closes it.
    _slave: OwnedFd,
}

/// How something behaves that is no motor controller.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Manner {
    /// It sends nothing.
    Silent,
    /// It sends back what it receives, as a modem or a loose cable does.
    Echo,
    /// It sends all the time.
    Garbage,
}

impl Foreign {
    /// Puts one at the end of a cable.
    ///
    /// # Panics
    /// If there are no ptys.
    pub fn new(manner: Manner) -> Self {
        let pty = openpty(None, None).expect("a pty");
        let mut raw = tcgetattr(&pty.slave).expect("its settings");
        cfmakeraw(&mut raw);
        tcsetattr(&pty.slave, SetArg::TCSANOW, &raw).expect("raw");
        fcntl(&pty.master, FcntlArg::F_SETFL(OFlag::O_NONBLOCK)).expect("its flags");
        let port = fs::read_link(format!("/proc/self/fd/{}", pty.slave.as_raw_fd())).expect("its name");
        let (heard, over) = (Arc::new(Mutex::new(Vec::new())), Arc::new(AtomicBool::new(false)));
        let thread = std::thread::spawn({
            let (heard, over) = (heard.clone(), over.clone());
            move || behave(File::from(pty.master), manner, &heard, &over)
        });
        Self { manner, port, heard, over, thread: Some(thread), _slave: pty.slave }
    }

    /// Where it is found.
    pub fn port(&self) -> &Path {
        &self.port
    }

    /// The types of the frames that it was sent.
    pub fn frames(&self) -> Vec<&'static str> {
        let heard = self.heard.lock().unwrap_or_else(PoisonError::into_inner);
        let frames = heard.split(|byte| *byte == 0).filter(|frame| !frame.is_empty());
        // A type is never 0, so COBS leaves it where it is: after the first code byte.
        frames
            .map(|frame| {
                let kind = frame.get(1).map_or(0, |kind| usize::from(*kind));
                KINDS.get(kind).copied().unwrap_or("?")
            })
            .collect()
    }
}

impl Drop for Foreign {
    fn drop(&mut self) {
        self.over.store(true, Ordering::Relaxed);
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

fn behave(mut line: File, manner: Manner, heard: &Mutex<Vec<u8>>, over: &AtomicBool) {
    let mut bytes = [0; 512];
    while !over.load(Ordering::Relaxed) {
        if manner == Manner::Garbage {
            let _ = line.write(&std::array::from_fn::<u8, 64, _>(|_| rand::random()));
        }
        match line.read(&mut bytes) {
            Ok(count) => {
                heard.lock().unwrap_or_else(PoisonError::into_inner).extend(&bytes[..count]);
                if manner == Manner::Echo {
                    let _ = line.write(&bytes[..count]);
                }
            }
            Err(error) if error.kind() == ErrorKind::WouldBlock => {
                std::thread::sleep(Duration::from_millis(5));
            }
            Err(_) => return,
        }
    }
}
