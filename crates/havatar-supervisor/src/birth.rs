//! What happens in a new process between `fork` and `exec`: the one place with unsafe code.

use std::io;
use std::os::unix::process::CommandExt as _;

use nix::errno::Errno;
use nix::libc;
use nix::sys::prctl;
use nix::sys::signal::{SigSet, Signal};
use nix::unistd::{Pid, getppid, setsid};

/// What kind of process is born.
#[derive(Clone, Copy)]
pub(crate) enum Kind {
    /// A supervised process: it dies with the thread that spawned it.
    Child,
    /// The guard: it outlives its parent and listens to no signal but SIGKILL.
    Guard,
}

/// Arranges that `command`, when spawned by the calling process, is born as `kind`.
pub(crate) fn arrange(command: &mut std::process::Command, kind: Kind) {
    let parent = Pid::this();
    #[expect(
        unsafe_code,
        reason = "the closure runs between fork and exec and calls only async-signal-safe functions: \
                  prctl, getppid, setsid, pthread_sigmask, signal and close_range; it neither allocates nor locks"
    )]
    // SAFETY: see the reason above; the closure owns plain copies and touches no shared memory.
    unsafe {
        command.pre_exec(move || {
            default_dispositions();
            close_on_exec()?;
            match kind {
                Kind::Child => die_with(parent),
                Kind::Guard => stand_apart(),
            }
        });
    }
}

/// The kernel sends SIGKILL when the spawning thread ends. If the parent was gone before that was asked
/// for, the signal never comes; a changed parent tells.
fn die_with(parent: Pid) -> io::Result<()> {
    prctl::set_pdeathsig(Signal::SIGKILL)?;
    if getppid() == parent { Ok(()) } else { Err(Errno::ESRCH.into()) }
}

/// A session of its own keeps the terminal's signals away; the blocked mask survives exec, so there is
/// no moment in which SIGTERM to a whole service could end the guard before its parent.
fn stand_apart() -> io::Result<()> {
    SigSet::all().thread_block()?;
    setsid()?;
    Ok(())
}

/// Handlers vanish with exec, but an ignored signal stays ignored, and a child that inherited that (from
/// nohup, for example) could not be stopped by it.
fn default_dispositions() {
    for signal in 1..=64 {
        #[expect(unsafe_code, reason = "signal(2) with SIG_DFL is async-signal-safe and installs no handler")]
        // SAFETY: no handler is installed; numbers that may not be changed are refused with EINVAL.
        unsafe {
            libc::signal(signal, libc::SIG_DFL);
        }
    }
}

/// Marks every descriptor above stderr, whoever opened it, to be closed by exec. They are not closed
/// here, since the standard library reports a failed exec through one of them.
fn close_on_exec() -> io::Result<()> {
    let first: libc::c_uint = 3;
    #[expect(
        unsafe_code,
        reason = "close_range with CLOEXEC only sets a flag on descriptors; nix does not wrap it"
    )]
    // SAFETY: plain integers; no memory is passed.
    let result = unsafe {
        libc::syscall(
            libc::SYS_close_range,
            first,
            libc::c_uint::MAX,
            libc::CLOSE_RANGE_CLOEXEC as libc::c_uint,
        )
    };
    Errno::result(result).map(drop).map_err(io::Error::from)
}
