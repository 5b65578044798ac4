//! The Landlock rules of a confinement.

use std::os::fd::OwnedFd;
use std::path::{Path, PathBuf};

use landlock::{
    ABI, Access as _, AccessFs, AccessNet, BitFlags, CompatLevel, Compatible as _, NetPort, Ruleset,
    RulesetAttr as _, RulesetCreatedAttr as _, RulesetError, Scope, make_bitflags, path_beneath_rules,
};
use nix::libc;

use super::{Confinement, Network};

/// The rights that are asked for: those of Linux 6.12. An older kernel gives those that it knows.
const VETTED: ABI = ABI::V6;
/// The first version in which TCP ports are held.
const TCP_SINCE: i32 = 4;
/// The first version in which other processes cannot be signalled.
const SCOPE_SINCE: i32 = 6;

/// Rules that are ready to be put in force.
#[derive(Debug)]
pub(super) struct Rules {
    pub(super) fd: Option<OwnedFd>,
    /// What this kernel does not hold.
    pub(super) missing: Option<String>,
}

/// The rules for a program.
pub(super) fn rules(confinement: &Confinement, program: &Path) -> Rules {
    let version = match kernel_version() {
        Ok(version) => version,
        Err(why) => return Rules { fd: None, missing: Some(why) },
    };
    match build(confinement, program) {
        Ok(fd) => Rules { fd, missing: gap(version, &confinement.network) },
        Err(error) => Rules { fd: None, missing: Some(format!("the rules for files: {error}")) },
    }
}

/// What an older Landlock leaves open.
fn gap(version: i32, network: &Network) -> Option<String> {
    let (what, kernel) = match network {
        Network::Tcp(_) if version < TCP_SINCE => ("TCP ports and signals to other processes", "6.12"),
        _ if version < SCOPE_SINCE => ("signals to other processes", "6.12"),
        _ => return None,
    };
    Some(format!("this kernel does not hold back {what}; Linux {kernel} does"))
}

fn build(confinement: &Confinement, program: &Path) -> Result<Option<OwnedFd>, RulesetError> {
    let all = AccessFs::from_all(VETTED);
    let read = AccessFs::from_read(VETTED);
    // Programs are run from where they are installed, and devices are made by nobody.
    let write = all & !(AccessFs::Execute | AccessFs::MakeChar | AccessFs::MakeBlock);
    let devices = make_bitflags!(AccessFs::{ReadFile | ReadDir | WriteFile | Truncate | IoctlDev});
    let sockets = make_bitflags!(AccessFs::{MakeSock | RemoveFile});
    let mut ruleset = Ruleset::default().set_compatibility(CompatLevel::BestEffort).handle_access(all)?;
    if confinement.network != Network::Any {
        ruleset = ruleset.handle_access(AccessNet::from_all(VETTED))?;
    }
    let own = [program.to_owned()];
    let paths: [(&[PathBuf], BitFlags<AccessFs>); 6] = [
        (&own, read),
        (&confinement.read, read),
        (&confinement.write, write),
        (&confinement.full, all & !(AccessFs::MakeChar | AccessFs::MakeBlock)),
        (&confinement.devices, devices),
        (&confinement.sockets, sockets),
    ];
    let mut created = ruleset.scope(Scope::from_all(VETTED))?.create()?;
    for (paths, rights) in paths {
        created = created.add_rules(path_beneath_rules(paths, rights))?;
    }
    if let Network::Tcp(ports) = &confinement.network {
        for port in ports {
            created = created.add_rule(NetPort::new(*port, AccessNet::ConnectTcp))?;
        }
    }
    Ok(created.into())
}

/// The version of this kernel's Landlock, or why there is none.
fn kernel_version() -> Result<i32, String> {
    const VERSION: libc::c_long = 1;
    #[expect(unsafe_code, reason = "asking for the version passes no memory; libc has no wrapper of it")]
    // SAFETY: a null pointer of size zero, as the call's documentation asks for.
    let version = unsafe {
        libc::syscall(libc::SYS_landlock_create_ruleset, std::ptr::null::<libc::c_void>(), 0_usize, VERSION)
    };
    match (version, nix::errno::Errno::last()) {
        (1.., _) => Ok(i32::try_from(version).unwrap_or(i32::MAX)),
        (_, nix::errno::Errno::EOPNOTSUPP) => {
            Err("Landlock is not enabled in this kernel: add landlock to lsm= of its command line".into())
        }
        (_, error) => Err(format!("this kernel has no Landlock ({error}); Linux has it since 5.13")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_older_kernel_is_told_by_what_it_leaves_open() {
        assert_eq!(gap(7, &Network::Tcp(vec![1])), None);
        assert!(gap(3, &Network::Tcp(vec![1])).is_some_and(|gap| gap.contains("TCP")));
        assert!(gap(5, &Network::Any).is_some_and(|gap| !gap.contains("TCP")));
        assert_eq!(gap(6, &Network::Nothing), None);
    }
}
