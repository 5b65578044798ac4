//! The hook that runs in a new process between `fork` and `exec`: the one place with unsafe code.

use std::ffi::{CStr, CString};
use std::io;
use std::os::unix::ffi::OsStrExt as _;
use std::os::unix::process::CommandExt as _;
use std::path::Path;

use nix::errno::Errno;
use nix::fcntl::{OFlag, open};
use nix::libc;
use nix::sys::prctl;
use nix::sys::signal::{SigSet, Signal};
use nix::sys::stat::Mode;
use nix::unistd::{Pid, getppid, setsid, write};

use crate::command::{Niceness, Resources};

/// The kind of process to spawn.
pub(crate) enum Kind {
    /// A supervised process: it dies with the thread that spawned it.
    Child(Option<Share>),
    /// The guard: it outlives its parent and reacts to no signal but SIGKILL.
    Guard,
}

/// [`Resources`], made ready before the fork: nothing may be allocated after it.
pub(crate) struct Share {
    niceness: Niceness,
    oom_score_adj: String,
    /// The `cgroup.procs` of the group: the process that writes to it joins.
    cgroup: Option<CString>,
}

impl Share {
    pub(crate) fn new(resources: Resources, cgroups: Option<&Path>) -> Self {
        let file = cgroups.map(|folder| folder.join(resources.cgroup).join("cgroup.procs"));
        Self {
            niceness: resources.niceness,
            oom_score_adj: resources.oom_score_adj.to_string(),
            cgroup: file.and_then(|file| CString::new(file.as_os_str().as_bytes()).ok()),
        }
    }

    /// What is not permitted is left as it is: a program with too much or too little is better than none.
    fn take(&self) {
        if let Some(file) = &self.cgroup {
            let _ = put(file, b"0");
        }
        let _ = put(c"/proc/self/oom_score_adj", self.oom_score_adj.as_bytes());
        renice(self.niceness);
    }
}

/// Writes to a file of the kernel's: open, write and close are all that happens.
fn put(file: &CStr, text: &[u8]) -> nix::Result<()> {
    write(open(file, OFlag::O_WRONLY | OFlag::O_CLOEXEC, Mode::empty())?, text).map(drop)
}

/// Installs the hook of `kind` on `command`, to be spawned by the calling process.
pub(crate) fn install(command: &mut std::process::Command, kind: Kind) {
    let parent = Pid::this();
    #[expect(
        unsafe_code,
        reason = "the closure runs between fork and exec and calls only async-signal-safe functions: \
                  prctl, getppid, setsid, setpriority, pthread_sigmask, signal, close_range, open, write and close; it neither \
                  allocates nor locks"
    )]
    // SAFETY: see the reason above; the closure owns what it reads and touches no shared memory.
    unsafe {
        command.pre_exec(move || {
            reset_signal_dispositions();
            close_on_exec()?;
            match &kind {
                Kind::Child(share) => {
                    if let Some(share) = share {
                        share.take();
                    }
                    set_parent_death_signal(parent)
                }
                Kind::Guard => detach(),
            }
        });
    }
}

/// The kernel sends SIGKILL when the spawning thread ends. If the parent was gone before the request, the signal
/// never comes; a changed parent id shows that case.
fn set_parent_death_signal(parent: Pid) -> io::Result<()> {
    prctl::set_pdeathsig(Signal::SIGKILL)?;
    if getppid() == parent { Ok(()) } else { Err(Errno::ESRCH.into()) }
}

/// Without the right to the first value, the second is taken; without that too, the process runs as its parent does.
fn renice(niceness: Niceness) {
    for value in [niceness.wanted, niceness.otherwise] {
        #[expect(unsafe_code, reason = "setpriority takes numbers alone, and is a plain system call")]
        // SAFETY: see the reason above; 0 is the calling process.
        let result = unsafe { libc::setpriority(libc::PRIO_PROCESS, 0, value) };
        if result == 0 {
            return;
        }
    }
}

/// A session of its own keeps the terminal's signals away. The blocked mask survives exec, so at no moment can
/// SIGTERM to a whole service end the guard before its parent.
fn detach() -> io::Result<()> {
    SigSet::all().thread_block()?;
    setsid()?;
    Ok(())
}

/// Exec removes handlers, but an ignored signal stays ignored: a child that inherited one (from nohup, for
/// example) could not be stopped by it.
fn reset_signal_dispositions() {
    for signal in 1..=64 {
        #[expect(unsafe_code, reason = "signal(2) with SIG_DFL is async-signal-safe and installs no handler")]
        // SAFETY: no handler is installed; numbers that may not be changed are refused with EINVAL.
        unsafe {
            libc::signal(signal, libc::SIG_DFL);
        }
    }
}

/// Sets close-on-exec on every descriptor above stderr. They are not closed here, since the standard library
/// reports a failed exec through one of them.
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
