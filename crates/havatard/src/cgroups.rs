//! Control groups: the daemon and its children share processor and memory by weight, where systemd delegates its unit's group
//! (`Delegate=cpu memory`). Elsewhere niceness alone orders them (`priority.rs`).
//!
//! The daemon leaves its unit's group for one below it, since a group with processes of its own shares nothing out
//! (cgroups(7), "no internal processes"). Each child joins the group of its share before it executes its program.

use std::io;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};

use anyhow::Context as _;

use crate::priority::Share;

/// Where the kernel shows the hierarchy, on every system with systemd 247 or later.
const HIERARCHY: &str = "/sys/fs/cgroup";
/// How systemd marks a group that it has handed over.
const DELEGATED: &str = "user.delegate";
/// The daemon's own group.
const CONTROL: &str = "control";
/// Weights among siblings, 1 to 10,000; the kernel's own is 100. Only where the processor is short do they matter: what one group does
/// not use goes to the others.
const CONTROL_WEIGHT: u32 = 1000;
/// Memory that is taken from a group last of all: the daemon with its threads, the talk line's programs.
const CONTROL_LOW: &str = "64M";
const TALK_LOW: &str = "48M";

const fn weight(share: Share) -> u32 {
    match share {
        Share::Talk => 600,
        Share::MediaServer => 400,
        Share::Picture => 250,
        Share::Recording => 100,
        Share::Rest => 30,
    }
}

/// Makes a group for the daemon and one for each share, and moves the daemon. Returns the folder that they are in; `None` where no
/// group is delegated, or where it cannot be shared out, which is logged.
pub(crate) fn share_out() -> Option<PathBuf> {
    let folder = own_group(&std::fs::read_to_string("/proc/self/cgroup").ok()?)?;
    if !is_delegated(&folder) {
        tracing::debug!("no control group is delegated: niceness alone orders the children");
        return None;
    }
    match arrange(&folder) {
        Ok(()) => {
            tracing::info!(folder = %folder.display(), "control groups share processor and memory");
            Some(folder)
        }
        Err(error) => {
            tracing::warn!(
                error = format!("{error:#}"),
                "the control group cannot be shared out: niceness alone orders the children"
            );
            None
        }
    }
}

/// The folder of this process's group: a line `0::/system.slice/havatard.service`.
fn own_group(text: &str) -> Option<PathBuf> {
    let path = text.lines().find_map(|line| line.strip_prefix("0::/"))?;
    Some(Path::new(HIERARCHY).join(path))
}

/// A group that merely can be written to, as root can all of them, is not ours.
fn is_delegated(folder: &Path) -> bool {
    let mut value = [0; 8];
    let marked =
        rustix::fs::getxattr(folder, DELEGATED, &mut value).is_ok_and(|length| value[..length] == *b"1");
    let own = std::fs::metadata(folder).is_ok_and(|it| it.uid() == nix::unistd::geteuid().as_raw());
    marked && own
}

fn arrange(folder: &Path) -> anyhow::Result<()> {
    let groups = Share::ALL.map(|share| (share.cgroup(), weight(share)));
    for (name, _) in [(CONTROL, CONTROL_WEIGHT)].iter().chain(&groups) {
        let group = folder.join(name);
        match std::fs::create_dir(&group) {
            Err(error) if error.kind() != io::ErrorKind::AlreadyExists => {
                return Err(error).with_context(|| format!("{} is not made", group.display()));
            }
            _ => {}
        }
    }
    // The guard of the child processes is a process of its own, and belongs to control as well.
    let unit = folder.join("cgroup.procs");
    for pid in std::fs::read_to_string(&unit).with_context(|| unit.display().to_string())?.lines() {
        put(&folder.join(CONTROL).join("cgroup.procs"), pid)?;
    }
    put(&folder.join("cgroup.subtree_control"), "+cpu")?;
    for (name, weight) in [(CONTROL, CONTROL_WEIGHT)].iter().chain(&groups) {
        put(&folder.join(name).join("cpu.weight"), &weight.to_string())?;
    }
    // The kernel of Raspberry Pi OS has no memory controller unless it is asked for: the weights hold all the same.
    if let Err(error) = protect_memory(folder) {
        tracing::warn!(
            error = format!("{error:#}"),
            "no memory is kept for control and talk; on a Raspberry Pi, cgroup_enable=memory in cmdline.txt allows it"
        );
    }
    Ok(())
}

fn protect_memory(folder: &Path) -> anyhow::Result<()> {
    put(&folder.join("cgroup.subtree_control"), "+memory")?;
    put(&folder.join(CONTROL).join("memory.low"), CONTROL_LOW)?;
    put(&folder.join(Share::Talk.cgroup()).join("memory.low"), TALK_LOW)
}

fn put(file: &Path, text: &str) -> anyhow::Result<()> {
    // Not created: a file that the kernel does not show is a controller that is not there.
    let written = std::fs::OpenOptions::new().write(true).open(file);
    written
        .and_then(|mut open| io::Write::write_all(&mut open, text.as_bytes()))
        .with_context(|| format!("{} does not take {text:?}", file.display()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_group_is_the_unified_hierarchys() {
        let text = "12:cpu:/old\n0::/system.slice/havatard.service\n";
        let folder = PathBuf::from("/sys/fs/cgroup/system.slice/havatard.service");
        assert_eq!(own_group(text), Some(folder));
        assert_eq!(own_group("12:cpu:/old\n"), None, "the first version of control groups is not shared out");
    }

    #[test]
    fn a_group_that_nobody_handed_over_is_left_alone() {
        let folder = tempfile::tempdir().unwrap();
        assert!(!is_delegated(folder.path()));
        assert!(!is_delegated(Path::new(HIERARCHY)));
    }

    #[test]
    fn control_goes_before_talk_before_all_that_is_only_seen() {
        let weights = Share::ALL.map(weight);
        assert!(weights.is_sorted_by(|a, b| a > b) && CONTROL_WEIGHT > weights[0], "{weights:?}");
    }

    #[test]
    fn processes_move_first_and_a_missing_controller_is_named() {
        let folder = tempfile::tempdir().unwrap();
        let path = |name: &str| folder.path().join(name);
        std::fs::write(path("cgroup.procs"), "12\n34\n").unwrap();
        std::fs::create_dir(path(CONTROL)).unwrap();
        std::fs::write(path("control/cgroup.procs"), "").unwrap();
        let error = format!("{:#}", arrange(folder.path()).unwrap_err());
        assert!(error.contains("cgroup.subtree_control does not take \"+cpu\""), "{error}");
        assert_eq!(
            std::fs::read_to_string(path("control/cgroup.procs")).unwrap(),
            "34",
            "the last that moved"
        );
    }

    #[test]
    fn a_kernel_without_the_memory_controller_has_its_weights_all_the_same() {
        let folder = tempfile::tempdir().unwrap();
        let put = |name: &str| {
            let file = folder.path().join(name);
            std::fs::create_dir_all(file.parent().unwrap()).unwrap();
            std::fs::write(file, "").unwrap();
        };
        put("cgroup.procs");
        put("cgroup.subtree_control");
        for group in [CONTROL].into_iter().chain(Share::ALL.map(Share::cgroup)) {
            put(&format!("{group}/cpu.weight"));
        }
        arrange(folder.path()).unwrap();
        let written = |name: &str| std::fs::read_to_string(folder.path().join(name)).unwrap();
        assert_eq!(written("control/cpu.weight"), CONTROL_WEIGHT.to_string());
        assert_eq!(written("rest/cpu.weight"), weight(Share::Rest).to_string());
    }
}
