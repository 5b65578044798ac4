//! The simulated robot: `havatar-sim` plays the controller at the end of a pseudo-terminal.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::{fs, io};

use havatar_supervisor::{
    BoxFuture, Command, Launch, LaunchError, Options, Pipeline, Probe, Spawner, Supervised,
};
use tokio_util::sync::CancellationToken;

use crate::program;

/// The process's name in lists and logs.
const NAME: &str = "robot";
/// The simulator.
const PROGRAM: &str = "havatar-sim";
/// In the runtime directory: a link to the pseudo-terminal while the simulator runs.
const LINK: &str = "esp32";

/// The simulated robot. Its process ends with the token that it was started with, or with the last handle to it.
#[derive(Clone)]
pub(super) struct Simulated {
    /// Its port, once it has one: opened like a serial port.
    pub(super) port: PathBuf,
    /// The process, for lists, logs and commands.
    pub(super) process: Supervised,
}

impl Simulated {
    /// Starts to keep the process running. Must be called within a Tokio runtime with time and I/O.
    pub(super) fn start(runtime_dir: &Path, spawner: &Spawner, stop: CancellationToken) -> Self {
        Self::start_with(|| program::find_beside(PROGRAM), runtime_dir, spawner, stop)
    }

    fn start_with(
        find: impl Fn() -> Option<PathBuf> + Send + 'static,
        runtime_dir: &Path,
        spawner: &Spawner,
        stop: CancellationToken,
    ) -> Self {
        let port = runtime_dir.join(LINK);
        let options = Options { probe: Some(Arc::new(PortProbe(port.clone()))), ..Options::default() };
        let launch = SimLaunch { port: port.clone(), find };
        Self { port, process: Supervised::spawn(NAME, options, launch, spawner, stop) }
    }
}

struct SimLaunch<F> {
    port: PathBuf,
    find: F,
}

impl<F: Fn() -> Option<PathBuf> + Send + 'static> Launch for SimLaunch<F> {
    async fn prepare(&mut self) -> Result<Pipeline, LaunchError> {
        // The number of a closed terminal is reused: the link may lead to another program's terminal.
        clear(&self.port).map_err(|error| {
            LaunchError::Failed(format!(
                "{}, which an earlier run left, cannot be removed: {error}",
                self.port.display()
            ))
        })?;
        let program = (self.find)().ok_or_else(|| {
            LaunchError::Failed(format!(
                "{PROGRAM}, which plays the robot, is not found beside havatard or on PATH"
            ))
        })?;
        Ok(Command::new(program).args(["esp32", "--link"]).arg(&self.port).into())
    }
}

/// Healthy means that the port exists. Whether a controller answers there is the link's concern.
struct PortProbe(PathBuf);

impl Probe for PortProbe {
    fn check(&self) -> BoxFuture<'_, Result<(), String>> {
        let there = self.0.exists();
        let result = if there { Ok(()) } else { Err(format!("{} is not there", self.0.display())) };
        Box::pin(std::future::ready(result))
    }
}

fn clear(link: &Path) -> io::Result<()> {
    match fs::remove_file(link) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::{PermissionsExt as _, symlink};

    use havatar_supervisor::{Snapshot, State};
    use nix::sys::signal::{Signal, kill};
    use nix::unistd::Pid;

    use super::*;

    fn spawner() -> Spawner {
        let guard = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/guard.sh");
        Spawner::new("simulated", guard).unwrap()
    }

    /// A program that does what the robot's does with its arguments: its port is a device that is always there.
    fn stand_in(dir: &Path) -> PathBuf {
        let path = dir.join("stand-in");
        fs::write(
            &path,
            "#!/bin/sh\n[ \"$1 $2\" = 'esp32 --link' ] || exit 2\nln -s /dev/null \"$3\" || exit 3\nexec sleep 1000\n",
        )
        .unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o700)).unwrap();
        path
    }

    async fn until(robot: &Simulated, what: impl Fn(&Snapshot) -> bool) -> Snapshot {
        robot.process.subscribe().wait_for(|snapshot| what(snapshot)).await.unwrap().clone()
    }

    fn running(snapshot: &Snapshot) -> Option<u32> {
        match snapshot.state {
            State::Running { pid, .. } => Some(pid),
            _ => None,
        }
    }

    #[tokio::test]
    async fn is_kept_running_behind_a_port_of_its_own_until_the_end() {
        let dir = tempfile::tempdir().unwrap();
        let (spawner, program) = (spawner(), stand_in(dir.path()));
        // What a killed one left leads to a terminal that is another person's by now.
        symlink("/dev/zero", dir.path().join(LINK)).unwrap();
        let stop = CancellationToken::new();
        let robot = Simulated::start_with(move || Some(program.clone()), dir.path(), &spawner, stop.clone());
        let first = running(&until(&robot, |s| running(s).is_some()).await).unwrap();
        assert_eq!(fs::read_link(&robot.port).unwrap(), Path::new("/dev/null"));
        assert_eq!(&*robot.process.snapshot().name, "robot");

        kill(Pid::from_raw(first.try_into().unwrap()), Signal::SIGKILL).unwrap();
        let second = until(&robot, |s| running(s).is_some_and(|pid| pid != first)).await;
        assert_eq!(second.restarts, 1, "{second:?}");

        stop.cancel();
        robot.process.closed().await;
        assert_eq!(robot.process.snapshot().state, State::Stopped);
    }

    #[tokio::test]
    async fn a_missing_program_is_said_and_looked_for_again() {
        let dir = tempfile::tempdir().unwrap();
        let spawner = spawner();
        let robot = Simulated::start_with(|| None, dir.path(), &spawner, CancellationToken::new());
        let tried = until(&robot, |s| matches!(s.state, State::Backoff { .. })).await;
        assert!(format!("{tried:?}").contains("havatar-sim"), "{tried:?}");
    }
}
