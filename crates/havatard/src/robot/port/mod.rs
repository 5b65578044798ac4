//! A serial port that is opened without an effect on the device at its other end.
//!
//! The kernel raises DTR and RTS together when a port is opened; that does nothing to an ESP32. Lowering one of them alone,
//! or both in two steps, triggers its auto-reset circuit. So the lines are either left as they are, or set in one step; and
//! closing does not lower them, so that a restart of the daemon does not affect the controller.

mod opener;
#[cfg(test)]
mod tests;

use std::os::fd::{AsFd, AsRawFd as _, BorrowedFd};
use std::os::unix::fs::FileTypeExt as _;
use std::path::{Path, PathBuf};
use std::time::Duration;
use std::{fs, io};

pub(super) use self::opener::PortOpener;
use nix::errno::Errno;
use nix::libc;
use nix::sys::termios::{self, ControlFlags, FlushArg, SetArg};
use tokio::io::AsyncReadExt as _;
use tokio_serial::{DataBits, FlowControl, Parity, SerialStream, StopBits};

use crate::holders;

/// What happens to DTR and RTS after opening.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) enum Lines {
    /// Left as the kernel sets them.
    #[default]
    Keep,
    /// Both raised, in one step.
    High,
    /// Both lowered, in one step.
    Low,
}

/// Why a port was not opened.
#[derive(Debug, thiserror::Error)]
pub(super) enum OpenError {
    /// The device does not exist: unplugged.
    #[error("{} is not there; it is opened as soon as it appears", .0.display())]
    Away(PathBuf),
    /// It exists and cannot be used; the text says what to do.
    #[error("{0}")]
    Refused(String),
}

/// An open port, exclusive to this process until it is dropped.
#[derive(Debug)]
pub(super) struct Port(SerialStream);

impl Port {
    /// Reads what has arrived, as soon as there is anything; 0 bytes are the end.
    ///
    /// # Errors
    /// The port is gone.
    pub(super) async fn read(&mut self, room: &mut [u8]) -> io::Result<usize> {
        self.0.read(room).await
    }

    /// Bytes that the kernel has accepted and not yet transmitted: 0 where a driver cannot tell.
    pub(super) fn queued(&self) -> usize {
        let mut queued = 0;
        #[expect(unsafe_code, reason = "the ioctl writes one int, which is here")]
        let result = unsafe { ioctl::queued(self.0.as_raw_fd(), &raw mut queued) };
        result.ok().and_then(|_| usize::try_from(queued).ok()).unwrap_or(0)
    }

    /// Discards what the kernel has accepted and not yet transmitted, as far as the driver can.
    pub(super) fn discard(&self) {
        if let Err(error) = termios::tcflush(self.as_fd(), FlushArg::TCOFLUSH) {
            tracing::debug!(%error, "what waits in a serial port cannot be thrown away");
        }
    }
}

impl AsFd for Port {
    fn as_fd(&self) -> BorrowedFd<'_> {
        #[expect(unsafe_code, reason = "the port is open for as long as it is borrowed")]
        unsafe {
            BorrowedFd::borrow_raw(self.0.as_raw_fd())
        }
    }
}

impl Drop for Port {
    /// Closes without waiting: the kernel would delay a close for up to 30 s until all is transmitted, and that is outdated by
    /// then. A terminal that another program holds open, as the simulator does, would stay exclusive, and refuse the next
    /// opening by this process too.
    fn drop(&mut self) {
        self.discard();
        if let Err(error) = self.0.set_exclusive(false) {
            tracing::debug!(%error, "a serial port stays exclusive until its device goes");
        }
    }
}

/// Opens a port exclusively.
fn open_blocking(path: &Path, baud: u32, lines: Lines) -> Result<Port, OpenError> {
    let shown = path.display();
    let kind = match fs::metadata(path) {
        Ok(found) => found.file_type(),
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            return Err(OpenError::Away(path.to_owned()));
        }
        Err(error) => return Err(OpenError::Refused(format!("{shown} cannot be looked at: {error}"))),
    };
    if !kind.is_char_device() {
        return Err(OpenError::Refused(format!(
            "{shown} is no serial port; name one of /dev/serial/by-id in robot.port"
        )));
    }
    let settings = tokio_serial::new(path.to_string_lossy(), baud)
        .data_bits(DataBits::Eight)
        .parity(Parity::None)
        .stop_bits(StopBits::One)
        .flow_control(FlowControl::None)
        .preserve_dtr_on_open()
        .timeout(Duration::ZERO);
    // TIOCEXCL keeps others out, except root; the lock keeps out root too.
    let port = Port(SerialStream::open(&settings).map_err(|error| refused(path, &error))?);
    prepare(port.as_fd(), lines)
        .map_err(|error| OpenError::Refused(format!("{shown} cannot be set up: {error}")))?;
    Ok(port)
}

/// Disables the hang-up on close, sets the lines, and discards old bytes.
fn prepare(fd: BorrowedFd<'_>, lines: Lines) -> nix::Result<()> {
    let mut settings = termios::tcgetattr(fd)?;
    settings.control_flags.remove(ControlFlags::HUPCL);
    termios::tcsetattr(fd, SetArg::TCSANOW, &settings)?;
    match lines {
        Lines::Keep => {}
        Lines::High => set_lines(fd, libc::TIOCM_DTR | libc::TIOCM_RTS)?,
        Lines::Low => set_lines(fd, 0)?,
    }
    termios::tcflush(fd, FlushArg::TCIOFLUSH)
}

mod ioctl {
    use nix::libc;

    nix::ioctl_read_bad!(get_lines, libc::TIOCMGET, libc::c_int);
    nix::ioctl_read_bad!(queued, libc::TIOCOUTQ, libc::c_int);
    nix::ioctl_write_ptr_bad!(set_lines, libc::TIOCMSET, libc::c_int);
}

/// Sets both lines in one step, and leaves the others. A pseudo-terminal has none, which is no error.
fn set_lines(fd: BorrowedFd<'_>, wanted: libc::c_int) -> nix::Result<()> {
    let both = libc::TIOCM_DTR | libc::TIOCM_RTS;
    let mut present = 0;
    #[expect(unsafe_code, reason = "the ioctl writes one int, which is here")]
    let result = unsafe { ioctl::get_lines(fd.as_raw_fd(), &raw mut present) };
    let result = result.and_then(|_| {
        let new = (present & !both) | wanted;
        #[expect(unsafe_code, reason = "the ioctl reads one int, which is here")]
        unsafe {
            ioctl::set_lines(fd.as_raw_fd(), &raw const new)
        }
    });
    match result {
        Ok(_) | Err(Errno::ENOTTY | Errno::EINVAL) => Ok(()),
        Err(error) => Err(error),
    }
}

fn refused(path: &Path, error: &tokio_serial::Error) -> OpenError {
    let shown = path.display();
    match error.kind {
        tokio_serial::ErrorKind::NoDevice if !path.exists() => OpenError::Away(path.to_owned()),
        // Both TIOCEXCL's "busy" and a failed lock come as this error.
        tokio_serial::ErrorKind::NoDevice => {
            let holder = holders::of_file(path)
                .map_or_else(|| "another program".to_owned(), |holder| holder.to_string());
            OpenError::Refused(format!("{shown} is used by {holder}; end that first"))
        }
        tokio_serial::ErrorKind::Io(io::ErrorKind::NotFound) => OpenError::Away(path.to_owned()),
        tokio_serial::ErrorKind::Io(io::ErrorKind::PermissionDenied) => OpenError::Refused(format!(
            "{shown} may not be opened: put havatard's user into the group dialout"
        )),
        _ => OpenError::Refused(format!("{shown} cannot be opened: {error}")),
    }
}
