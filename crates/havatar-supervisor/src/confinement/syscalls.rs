//! The seccomp filters of a confinement.
//!
//! They deny what no helper needs, rather than allow what one was seen to use: an ffmpeg of another build must not fail
//! over a call that is new to it. What is denied is what gets around the other means (namespaces, other processes' memory,
//! rings of calls that no filter sees), what is for administrators, and sockets of other kinds than a helper needs.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::Read as _;
use std::path::Path;

use nix::libc;
use seccompiler::{
    BackendError, BpfProgram, SeccompAction, SeccompCmpArgLen, SeccompCmpOp, SeccompCondition, SeccompFilter,
    SeccompRule,
};

use super::Network;

/// The filters for a program, or why there are none.
pub(super) fn filters(network: &Network, program: &Path) -> Result<Vec<BpfProgram>, String> {
    if is_of_another_machine(program) {
        return Err("no filter of system calls fits a program that is built for another processor".into());
    }
    // Libraries take ENOSYS for an older kernel, and use the older call instead.
    let built = || -> Result<_, BackendError> {
        Ok(vec![build(denied(network)?, libc::EPERM)?, build(absent(), libc::ENOSYS)?])
    };
    built().map_err(|error| format!("the filter: {error}"))
}

type Rules = BTreeMap<i64, Vec<SeccompRule>>;

fn build(rules: Rules, errno: i32) -> Result<BpfProgram, BackendError> {
    let (allow, refuse) = (SeccompAction::Allow, SeccompAction::Errno(errno.unsigned_abs()));
    SeccompFilter::new(rules, allow, refuse, std::env::consts::ARCH.try_into()?)?.try_into()
}

/// For every argument. An empty list of rules matches always.
fn whole(calls: &[libc::c_long]) -> Rules {
    calls.iter().map(|call| (*call, Vec::new())).collect()
}

fn denied(network: &Network) -> Result<Rules, BackendError> {
    let mut rules = whole(&[
        // Other processes.
        libc::SYS_ptrace,
        libc::SYS_process_vm_readv,
        libc::SYS_process_vm_writev,
        libc::SYS_kcmp,
        libc::SYS_pidfd_getfd,
        // Namespaces and mounts.
        libc::SYS_unshare,
        libc::SYS_setns,
        libc::SYS_mount,
        libc::SYS_umount2,
        libc::SYS_pivot_root,
        libc::SYS_chroot,
        libc::SYS_move_mount,
        libc::SYS_open_tree,
        libc::SYS_fsopen,
        libc::SYS_fsconfig,
        libc::SYS_fsmount,
        libc::SYS_fspick,
        libc::SYS_mount_setattr,
        libc::SYS_open_by_handle_at,
        // The kernel itself.
        libc::SYS_bpf,
        libc::SYS_perf_event_open,
        libc::SYS_userfaultfd,
        libc::SYS_keyctl,
        libc::SYS_add_key,
        libc::SYS_request_key,
        libc::SYS_kexec_load,
        libc::SYS_kexec_file_load,
        libc::SYS_init_module,
        libc::SYS_finit_module,
        libc::SYS_delete_module,
        libc::SYS_syslog,
        libc::SYS_fanotify_init,
        // The machine.
        libc::SYS_reboot,
        libc::SYS_swapon,
        libc::SYS_swapoff,
        libc::SYS_acct,
        libc::SYS_quotactl,
        libc::SYS_settimeofday,
        libc::SYS_clock_settime,
        libc::SYS_clock_adjtime,
        libc::SYS_adjtimex,
        libc::SYS_sethostname,
        libc::SYS_setdomainname,
        libc::SYS_vhangup,
    ]);
    #[cfg(target_arch = "x86_64")]
    rules.extend(whole(&[libc::SYS_iopl, libc::SYS_ioperm, libc::SYS_modify_ldt]));
    // A process within new namespaces has all rights there.
    let namespaces = [
        libc::CLONE_NEWUSER,
        libc::CLONE_NEWNS,
        libc::CLONE_NEWPID,
        libc::CLONE_NEWNET,
        libc::CLONE_NEWIPC,
        libc::CLONE_NEWUTS,
        libc::CLONE_NEWCGROUP,
    ];
    let clone = namespaces.into_iter().map(|flag| {
        let flag = u64::from(flag.cast_unsigned());
        SeccompRule::new(vec![has(0, SeccompCmpOp::MaskedEq(flag), flag)?])
    });
    rules.insert(libc::SYS_clone, clone.collect::<Result<_, _>>()?);
    // Characters typed into the terminal that the daemon was started at.
    let typed = SeccompRule::new(vec![has(1, SeccompCmpOp::Eq, libc::TIOCSTI)?])?;
    rules.insert(libc::SYS_ioctl, vec![typed]);
    rules.insert(libc::SYS_socket, sockets(network)?);
    Ok(rules)
}

/// The calls of `socket` that are denied.
fn sockets(network: &Network) -> Result<Vec<SeccompRule>, BackendError> {
    let families: &[i32] = match network {
        Network::Nothing => return Ok(Vec::new()),
        Network::Tcp(_) => &[libc::AF_UNIX, libc::AF_INET, libc::AF_INET6],
        Network::Any => &[libc::AF_UNIX, libc::AF_INET, libc::AF_INET6, libc::AF_NETLINK],
    };
    let others = families.iter().map(|family| has(0, SeccompCmpOp::Ne, number(*family)));
    let mut rules = vec![SeccompRule::new(others.collect::<Result<_, _>>()?)?];
    if matches!(network, Network::Tcp(_)) {
        // Landlock holds the ports of TCP alone: there is to be no other protocol.
        for family in [libc::AF_INET, libc::AF_INET6] {
            let family = has(0, SeccompCmpOp::Eq, number(family))?;
            for kind in [libc::SOCK_DGRAM, libc::SOCK_RAW, libc::SOCK_SEQPACKET] {
                let kind = has(1, SeccompCmpOp::MaskedEq(0xf), number(kind))?;
                rules.push(SeccompRule::new(vec![family.clone(), kind])?);
            }
            let tcp = number(libc::IPPROTO_TCP);
            let others = [has(2, SeccompCmpOp::Ne, 0)?, has(2, SeccompCmpOp::Ne, tcp)?];
            rules.push(SeccompRule::new([vec![family], others.into()].concat())?);
        }
    }
    Ok(rules)
}

/// Calls whose arguments no filter sees.
fn absent() -> Rules {
    whole(&[
        libc::SYS_clone3,
        libc::SYS_io_uring_setup,
        libc::SYS_io_uring_enter,
        libc::SYS_io_uring_register,
    ])
}

fn has(argument: u8, operator: SeccompCmpOp, value: u64) -> Result<SeccompCondition, BackendError> {
    SeccompCondition::new(argument, SeccompCmpArgLen::Dword, operator, value)
}

fn number(constant: i32) -> u64 {
    u64::from(constant.cast_unsigned())
}

/// An ELF file for another processor than this program's, or for its 32-bit mode: the filter would kill it.
fn is_of_another_machine(program: &Path) -> bool {
    let header = |path: &Path| {
        let mut header = [0; 20];
        File::open(path).and_then(|mut file| file.read_exact(&mut header)).ok()?;
        header.starts_with(b"\x7fELF").then_some((header[4], [header[18], header[19]]))
    };
    match (header(program), header(Path::new("/proc/self/exe"))) {
        (Some(theirs), Some(ours)) => theirs != ours,
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kind_of_network_has_its_filters() {
        for network in [Network::Nothing, Network::Tcp(vec![8554]), Network::Any] {
            let filters = filters(&network, Path::new("/bin/sh")).unwrap();
            assert_eq!(filters.len(), 2, "{network:?}");
            assert!(filters.iter().all(|filter| !filter.is_empty()));
        }
    }

    #[test]
    fn a_program_of_another_machine_is_told_apart() {
        let dir = tempfile::tempdir().unwrap();
        let own = std::fs::read("/proc/self/exe").unwrap();
        for (name, byte, other) in [("same", None, false), ("32", Some(4), true), ("cpu", Some(18), true)] {
            let mut header = own[..64].to_vec();
            if let Some(byte) = byte {
                header[byte] ^= 0x7f;
            }
            std::fs::write(dir.path().join(name), header).unwrap();
            assert_eq!(is_of_another_machine(&dir.path().join(name)), other, "{name}");
        }
        std::fs::write(dir.path().join("script"), "#!/bin/sh\n").unwrap();
        assert!(!is_of_another_machine(&dir.path().join("script")));
    }
}
