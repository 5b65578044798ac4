//! Signals that end a program. While a restore holds them they are noticed where all can be left as it was, and wait where it cannot.

use std::cell::Cell;
use std::io::{self, Read};
use std::os::fd::AsFd;

use nix::errno::Errno;
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use nix::sys::signal::{SigSet, Signal};
use nix::sys::signalfd::{SfdFlags, SignalFd};

use super::error::RestoreError;

/// Holds the signals until it is dropped. One that nobody has looked for by then came too late.
pub(crate) struct Signals {
    held: SigSet,
    queue: SignalFd,
    came: Cell<Option<Signal>>,
}

impl Signals {
    pub(crate) fn hold() -> io::Result<Self> {
        let held = SigSet::from_iter([Signal::SIGHUP, Signal::SIGINT, Signal::SIGTERM]);
        let queue = SignalFd::with_flags(&held, SfdFlags::SFD_NONBLOCK | SfdFlags::SFD_CLOEXEC)?;
        held.thread_block()?;
        Ok(Self { held, queue, came: Cell::new(None) })
    }

    /// Fails once a signal has come.
    pub(crate) fn check(&self) -> Result<(), RestoreError> {
        self.first().map_or(Ok(()), |signal| Err(RestoreError::Interrupted(signal)))
    }

    /// A reader that fails once a signal has come: [`Self::check`] tells which.
    pub(crate) fn guard<R: Read>(&self, inner: R) -> Guarded<'_, R> {
        Guarded { inner, signals: self }
    }

    /// Waits until there is something to read, or a signal.
    pub(crate) fn wait_for(&self, input: &impl AsFd) -> Result<(), RestoreError> {
        // One that was looked at is in the queue no more.
        self.check()?;
        let mut either = [
            PollFd::new(input.as_fd(), PollFlags::POLLIN),
            PollFd::new(self.queue.as_fd(), PollFlags::POLLIN),
        ];
        loop {
            match poll(&mut either, PollTimeout::NONE) {
                // It was stopped at the terminal, and goes on.
                Err(Errno::EINTR) => {}
                Err(errno) => return Err(RestoreError::Ask(errno.into())),
                Ok(_) => return self.check(),
            }
        }
    }

    fn first(&self) -> Option<Signal> {
        if self.came.get().is_none()
            && let Ok(Some(info)) = self.queue.read_signal()
        {
            let number = i32::try_from(info.ssi_signo).ok();
            self.came.set(number.and_then(|number| Signal::try_from(number).ok()));
        }
        self.came.get()
    }
}

impl Drop for Signals {
    fn drop(&mut self) {
        while let Ok(Some(_)) = self.queue.read_signal() {}
        let _ = self.held.thread_unblock();
    }
}

/// What is read between signals.
pub(crate) struct Guarded<'a, R> {
    inner: R,
    signals: &'a Signals,
}

impl<R: Read> Read for Guarded<'_, R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        match self.signals.first() {
            // Not of the kind `Interrupted`, after which a reader tries again.
            Some(signal) => Err(io::Error::other(signal.as_str())),
            None => self.inner.read(buffer),
        }
    }
}

#[cfg(test)]
mod tests {
    use nix::sys::signal::raise;

    use super::*;

    #[test]
    fn a_signal_is_noticed_by_who_asks_and_waits_for_the_others() {
        let signals = Signals::hold().unwrap();
        let mut reader = signals.guard(&b"ab"[..]);
        let mut one = [0];
        reader.read_exact(&mut one).unwrap();
        signals.check().unwrap();
        // This thread's own: the others of this process do not hold it.
        raise(Signal::SIGTERM).unwrap();
        assert!(reader.read_exact(&mut one).is_err());
        assert!(matches!(signals.check(), Err(RestoreError::Interrupted(Signal::SIGTERM))));
        let (silent, _writer) = nix::unistd::pipe().unwrap();
        assert!(matches!(signals.wait_for(&silent), Err(RestoreError::Interrupted(Signal::SIGTERM))));
        raise(Signal::SIGINT).unwrap();
        drop(signals);
        // It came too late, and this process is still here.
    }
}
