//! Who holds a device, and whether this user may open it.

use std::fs;
use std::os::unix::fs::MetadataExt as _;
use std::path::Path;

use havatar_supervisor::{State, Supervised};
use nix::errno::Errno;
use nix::unistd::{AccessFlags, Gid, Group, access};

use crate::holders;
use crate::media::process_table::{ProcessId, Processes};

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

/// The error for a device that havatard's own process is opening or closing.
pub(super) fn opening(id: ProcessId) -> DeviceTestError {
    DeviceTestError::InUse(format!(
        "havatard's own process {id} is opening or closing the device: try again in a moment; havatarctl logs {id} shows what keeps it"
    ))
}

/// Runs a test that opens the device of a process, which does not hold it now. The process goes first: once it wants its device, the
/// test is dropped, and with it the program that has the device open.
///
/// # Errors
/// Those of the test, or that the process wants its device.
pub(super) async fn while_free<T>(
    processes: &Processes,
    id: ProcessId,
    test: impl Future<Output = Result<T, DeviceTestError>>,
) -> Result<T, DeviceTestError> {
    tokio::select! {
        biased;
        () = claimed(&processes[id]) => Err(opening(id)),
        result = test => result,
    }
}

/// Waits until a process holds its device, or is about to open it.
async fn claimed(process: &Supervised) {
    let mut snapshots = process.subscribe();
    let claims = snapshots.wait_for(|snapshot| Holding::of(&snapshot.state) != Holding::Free);
    let ended = claims.await.is_err();
    if ended {
        // It opens nothing any more.
        std::future::pending::<()>().await;
    }
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
pub(super) fn in_use(processes: &Processes, device: &Path) -> DeviceTestError {
    let (holder, device) = (holders::of_file(device), device.display());
    let own = holder
        .as_ref()
        .and_then(|holder| ProcessId::ALL.into_iter().find(|id| processes[*id].pids().contains(&holder.pid)));
    DeviceTestError::InUse(match (own, holder) {
        (Some(id), _) => format!(
            "{device} is in use by havatard's own process {id}: test it without a name, or run havatarctl stop {id} first"
        ),
        (None, Some(holder)) => format!("{device} is in use by {holder}: end that program"),
        (None, None) => format!(
            "{device} is in use by a program of another user: end that one (sudo fuser --verbose {device} names it)"
        ),
    })
}

#[cfg(test)]
mod tests {
    use std::os::fd::OwnedFd;
    use std::os::unix::fs::PermissionsExt as _;
    use std::sync::Arc;

    use havatar_supervisor::{Command, Input, Options, Pipeline, Snapshot};
    use tokio::time::Instant;
    use tokio_util::sync::CancellationToken;

    use crate::media::fake;

    use super::*;

    /// Processes of which the camera's is a program that runs as long as it is let, once it is started.
    fn with_camera(name: &'static str, input: Input) -> Processes {
        let command = Command::new("/bin/sleep").arg("100").input(input);
        let options = Options { wanted: false, ..Options::default() };
        let launch = Pipeline::from(command);
        let camera = Supervised::spawn(name, options, launch, fake::spawner(), CancellationToken::new());
        let mut processes = fake::processes();
        *processes.entry(ProcessId::Camera) = camera;
        processes
    }

    #[tokio::test]
    async fn a_process_that_starts_during_a_test_takes_its_device() {
        let processes = with_camera("camera that starts", Input::Null);
        let done = while_free(&processes, ProcessId::Camera, async { Ok(1) }).await;
        assert_eq!(done, Ok(1), "nothing wants it");
        let test = while_free(&processes, ProcessId::Camera, std::future::pending::<Result<(), _>>());
        let (broken_off, started) = tokio::join!(test, processes[ProcessId::Camera].start());
        started.unwrap();
        assert_eq!(broken_off, Err(opening(ProcessId::Camera)));
        processes[ProcessId::Camera].stop().await.unwrap();
    }

    #[tokio::test]
    async fn nobody_is_told_to_end_a_process_of_ours() {
        let dir = tempfile::tempdir().unwrap();
        let device = dir.path().join("video0");
        fs::write(&device, "").unwrap();
        let held = OwnedFd::from(fs::File::open(&device).unwrap());
        let processes = with_camera("camera that runs", Input::File(Arc::new(held)));
        let camera = &processes[ProcessId::Camera];
        camera.start().await.unwrap();
        let runs = |snapshot: &Snapshot| matches!(snapshot.state, State::Running { .. });
        camera.subscribe().wait_for(runs).await.unwrap();
        let found = in_use(&processes, &device);
        camera.stop().await.unwrap();
        let DeviceTestError::InUse(why) = found else { panic!("{found:?}") };
        assert!(
            why.contains("in use by havatard's own process camera") && !why.contains("end that"),
            "{why}"
        );
    }

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

    #[tokio::test]
    async fn who_has_a_device_is_named() {
        let dir = tempfile::tempdir().unwrap();
        let device = dir.path().join("video0");
        fs::write(&device, "").unwrap();
        let held = fs::File::open(&device).unwrap();
        let mut holder = std::process::Command::new("sleep").arg("100").stdin(held).spawn().unwrap();
        let found = in_use(&fake::processes(), &device);
        holder.kill().unwrap();
        holder.wait().unwrap();
        let DeviceTestError::InUse(why) = found else { panic!("{found:?}") };
        assert!(why.contains(&format!("in use by sleep (pid {})", holder.id())), "{why}");
    }
}
