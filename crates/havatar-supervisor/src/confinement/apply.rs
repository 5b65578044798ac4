//! Putting a confinement in force between fork and exec, and the child's word on what of it is in force.

use std::io::{self, PipeReader, PipeWriter, Read as _};
use std::os::fd::{AsRawFd as _, OwnedFd};
use std::os::unix::process::CommandExt as _;
use std::path::Path;

use nix::libc;
use nix::sys::prctl;
use seccompiler::{BpfProgram, apply_filter};

use super::{Confinement, ConfinementReport, files, syscalls};

const NO_NEW_PRIVILEGES: u8 = 1;
const LANDLOCK: u8 = 2;
const SECCOMP: u8 = 4;

/// A confinement that is built, and not in force yet.
pub(crate) struct Prepared {
    rules: Option<OwnedFd>,
    filters: Vec<BpfProgram>,
    /// The child's end, on which it says what is in force.
    said: Option<PipeWriter>,
    receipt: Receipt,
}

/// What comes back from the child.
pub(crate) struct Receipt {
    program: String,
    pipe: Option<PipeReader>,
    missing: Vec<String>,
}

impl Prepared {
    /// Builds the rules and filters for a program. It opens every path that is allowed.
    pub(crate) fn new(confinement: &Confinement, program: &Path, title: String) -> Self {
        let files::Rules { fd: rules, missing } = files::rules(confinement, program);
        let (filters, unfiltered) = match syscalls::filters(&confinement.network, program) {
            Ok(filters) => (filters, None),
            Err(why) => (Vec::new(), Some(why)),
        };
        let (pipe, said) = io::pipe().ok().unzip();
        let missing = missing.into_iter().chain(unfiltered).collect();
        Self { rules, filters, said, receipt: Receipt { program: title, pipe, missing } }
    }

    /// Has the command confine itself once it is forked.
    pub(crate) fn install(self, command: &mut std::process::Command) -> Receipt {
        let Self { rules, filters, said, receipt } = self;
        #[expect(
            unsafe_code,
            reason = "the closure runs between fork and exec and makes system calls only: prctl, \
                      landlock_restrict_self, seccomp and write; it neither allocates nor locks"
        )]
        // SAFETY: see the reason above; what it uses was built before the fork and is only read.
        unsafe {
            command.pre_exec(move || {
                let mut done = 0;
                drop_capabilities();
                if prctl::set_no_new_privs().is_ok() {
                    done |= NO_NEW_PRIVILEGES;
                }
                if rules.as_ref().is_some_and(restrict_self) {
                    done |= LANDLOCK;
                }
                if !filters.is_empty() && filters.iter().all(|filter| apply_filter(filter).is_ok()) {
                    done |= SECCOMP;
                }
                if let Some(said) = &said {
                    libc::write(said.as_raw_fd(), std::ptr::from_ref(&done).cast(), 1);
                }
                Ok(())
            });
        }
        receipt
    }
}

/// Of a daemon that runs as root, helpers inherit no more than what opens files and devices: with the rest they could look
/// into other processes in spite of all that follows. Without that right, there is nothing to drop.
fn drop_capabilities() {
    // By their numbers in linux/capability.h: DAC_OVERRIDE, DAC_READ_SEARCH, FOWNER, NET_BIND_SERVICE, IPC_LOCK, IPC_OWNER, SYS_NICE.
    const LEFT: [libc::c_ulong; 7] = [1, 2, 3, 10, 14, 15, 23];
    const LAST: libc::c_ulong = 63;
    for capability in (0..=LAST).filter(|capability| !LEFT.contains(capability)) {
        #[expect(unsafe_code, reason = "a plain system call with numbers; nix has no wrapper of it")]
        // SAFETY: no memory is passed; numbers that the kernel does not know are refused.
        unsafe {
            libc::prctl(libc::PR_CAPBSET_DROP, capability, 0, 0, 0);
        }
    }
}

fn restrict_self(rules: &OwnedFd) -> bool {
    #[expect(
        unsafe_code,
        reason = "a plain system call with a descriptor and no flags; libc has no wrapper of it"
    )]
    // SAFETY: no memory is passed.
    let result = unsafe { libc::syscall(libc::SYS_landlock_restrict_self, rules.as_raw_fd(), 0) };
    result == 0
}

impl Receipt {
    /// The report. To be called when the spawn has returned and the command is dropped, for by then the child has spoken.
    pub(crate) fn report(self) -> ConfinementReport {
        let Self { program, pipe, mut missing } = self;
        let mut done = [0];
        let answered = pipe.is_some_and(|mut pipe| matches!(pipe.read(&mut done), Ok(1)));
        let [done] = done;
        let (privileges, landlock, seccomp) =
            (done & NO_NEW_PRIVILEGES != 0, done & LANDLOCK != 0, done & SECCOMP != 0);
        if !answered {
            missing = vec!["it did not say what it runs under".into()];
        } else if missing.is_empty() && !(privileges && landlock && seccomp) {
            missing.push("the kernel refused what it says it has".into());
        }
        if landlock && !seccomp && missing.is_empty() {
            missing.push("this kernel has no filters of system calls".into());
        }
        ConfinementReport {
            program,
            no_new_privileges: privileges,
            landlock,
            seccomp,
            missing: (!missing.is_empty()).then(|| missing.join("; ")),
        }
    }
}
