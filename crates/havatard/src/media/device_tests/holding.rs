//! Who holds a device, and whether this user may open it.

use std::fs;
use std::os::unix::fs::MetadataExt as _;
use std::path::Path;

use havatar_supervisor::State;
use nix::errno::Errno;
use nix::unistd::{AccessFlags, Gid, Group, access};

use crate::holders;

use super::error::DeviceTestError;

/// What the process that a device is configured for has of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Holding {
    /// Nothing: it does not run.
    Free,
    /// It has opened it, or is about to, and nothing comes of it yet.
    Opening,
    /// It uses it, and what it uses it for works.
    Working,
}

impl Holding {
    pub(super) fn of(state: &State) -> Self {
        match state {
            State::Running { .. } => Self::Working,
            State::Starting { .. } | State::Stopping { .. } => Self::Opening,
            State::Stopped | State::Waiting { .. } | State::Backoff { .. } => Self::Free,
        }
    }
}

/// The error for a device that havatard's own process `name` is opening or closing.
pub(super) fn opening(name: &str) -> DeviceTestError {
    DeviceTestError::InUse(format!(
        "havatard's own process {name} is opening or closing the device: try again in a moment; havatarctl logs {name} shows what keeps it"
    ))
}

/// Whether this user may open a device. The device is not opened for that.
pub(super) fn permitted(device: &Path) -> Result<(), DeviceTestError> {
    if access(device, AccessFlags::R_OK | AccessFlags::W_OK) != Err(Errno::EACCES) {
        return Ok(());
    }
    let owner = fs::metadata(device).ok().map(|meta| Gid::from_raw(meta.gid()));
    let group = owner.and_then(|group| Group::from_gid(group).ok().flatten());
    let group = group.map_or_else(|| "that it belongs to".to_owned(), |group| group.name);
    Err(DeviceTestError::NotPermitted(format!(
        "{} may not be opened by havatard's user: put it into the group {group} and restart the service",
        device.display()
    )))
}

/// The error for a device that is in use, with the program that has it, as far as this user sees it.
pub(super) fn in_use(device: &Path) -> DeviceTestError {
    let (holder, device) = (holders::of_file(device), device.display());
    DeviceTestError::InUse(match holder {
        Some(holder) => format!("{device} is in use by {holder}: end that program"),
        None => format!(
            "{device} is in use by a program of another user: end that one (sudo fuser --verbose {device} names it)"
        ),
    })
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt as _;

    use tokio::time::Instant;

    use super::*;

    #[test]
    fn a_process_in_backoff_holds_nothing() {
        let now = Instant::now();
        for (state, holding) in [
            (State::Stopped, Holding::Free),
            (State::Waiting { why: String::new() }, Holding::Free),
            (State::Backoff { until: now, failures: 1, why: String::new() }, Holding::Free),
            (State::Starting { since: now, pid: None }, Holding::Opening),
            (State::Stopping { pid: Some(1), deadline: now, restart: true }, Holding::Opening),
            (State::Running { pid: 1, since: now, ready_at: now }, Holding::Working),
        ] {
            assert_eq!(Holding::of(&state), holding, "{state:?}");
        }
    }

    #[test]
    fn the_group_that_is_missing_is_named() {
        let dir = tempfile::tempdir().unwrap();
        let device = dir.path().join("video0");
        fs::write(&device, "").unwrap();
        assert_eq!(permitted(&device), Ok(()));
        fs::set_permissions(&device, fs::Permissions::from_mode(0o000)).unwrap();
        // The administrator may open everything.
        if !nix::unistd::geteuid().is_root() {
            let group = Group::from_gid(nix::unistd::getegid()).unwrap().map(|group| group.name);
            let Err(DeviceTestError::NotPermitted(why)) = permitted(&device) else {
                panic!("it is permitted")
            };
            assert!(why.contains("video0") && why.contains(&group.unwrap_or_default()), "{why}");
        }
        assert_eq!(permitted(&dir.path().join("nothing")), Ok(()), "that it is absent is told elsewhere");
    }

    #[test]
    fn who_has_a_device_is_named() {
        let dir = tempfile::tempdir().unwrap();
        let device = dir.path().join("video0");
        fs::write(&device, "").unwrap();
        let held = fs::File::open(&device).unwrap();
        let mut holder = std::process::Command::new("sleep").arg("100").stdin(held).spawn().unwrap();
        let found = in_use(&device);
        holder.kill().unwrap();
        holder.wait().unwrap();
        let DeviceTestError::InUse(why) = found else { panic!("{found:?}") };
        assert!(why.contains(&format!("in use by sleep (pid {})", holder.id())), "{why}");
    }
}
