//! The cable: a pseudo-terminal behind a stable name.

use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::{fs, io};

use nix::errno::Errno;
use nix::fcntl::{FcntlArg, OFlag, fcntl};
use nix::pty::openpty;
use nix::sys::termios::{SetArg, cfmakeraw, tcgetattr, tcsetattr};
use nix::unistd::{read, ttyname, write};

/// A plugged-in cable. Dropped, it is pulled: a host with the port open reads its end.
#[derive(Debug)]
pub(super) struct Pty {
    master: OwnedFd,
    /// Held open: a controller runs on while no host has its port open; without it every read would then fail.
    _slave: OwnedFd,
    link: PathBuf,
    /// The terminal's own name.
    pub(super) name: PathBuf,
}

impl Pty {
    /// Plugs it in: `link` leads to the terminal from one moment to the next.
    pub(super) fn plug(link: &Path) -> io::Result<Self> {
        let pair = openpty(None, None)?;
        let mut settings = tcgetattr(&pair.slave)?;
        cfmakeraw(&mut settings);
        tcsetattr(&pair.slave, SetArg::TCSANOW, &settings)?;
        let name = ttyname(&pair.slave)?;
        fcntl(&pair.master, FcntlArg::F_SETFL(OFlag::O_NONBLOCK))?;
        for fd in [&pair.master, &pair.slave] {
            fcntl(fd, FcntlArg::F_SETFD(nix::fcntl::FdFlag::FD_CLOEXEC))?;
        }
        let mut scratch = link.as_os_str().to_owned();
        scratch.push(format!(".{}", std::process::id()));
        let _ = fs::remove_file(&scratch);
        symlink(&name, &scratch)?;
        fs::rename(&scratch, link)?;
        Ok(Self { master: pair.master, _slave: pair.slave, link: link.to_owned(), name })
    }

    /// What came, if anything did.
    pub(super) fn read<'a>(&self, room: &'a mut [u8]) -> io::Result<&'a [u8]> {
        match read(&self.master, room) {
            Ok(count) => Ok(&room[..count]),
            Err(Errno::EAGAIN | Errno::EINTR) => Ok(&[]),
            Err(error) => Err(error.into()),
        }
    }

    /// Writes what there is room for. The rest is lost, as on a line without flow control.
    pub(super) fn write(&self, mut bytes: &[u8]) -> io::Result<()> {
        while !bytes.is_empty() {
            match write(&self.master, bytes) {
                Ok(count) => bytes = &bytes[count..],
                Err(Errno::EINTR) => {}
                Err(Errno::EAGAIN) => return Ok(()),
                Err(error) => return Err(error.into()),
            }
        }
        Ok(())
    }
}

impl AsFd for Pty {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.master.as_fd()
    }
}

impl Drop for Pty {
    fn drop(&mut self) {
        // Another one may have taken the name meanwhile.
        if fs::read_link(&self.link).is_ok_and(|to| to == self.name) {
            let _ = fs::remove_file(&self.link);
        }
    }
}
