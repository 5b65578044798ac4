//! Tests of single devices, for the person who sets the robot up: a frame of a camera, the level of a microphone, a chirp by a
//! loudspeaker.
//!
//! A device that its own process holds is not disturbed. Frames are read from the running stream, by an ffmpeg that MediaMTX's
//! access rules know as the daemon's own; samples come from the microphone's stage by its monitor, before they are held back and
//! encoded; the loudspeaker's stage takes the chirp as it takes speech. A device that nobody uses is opened by one confined
//! program, which is gone when the test is. Nothing is written to a disk.
//!
//! A device that its own process wants is given up at once (`holding`): the picture and the sound of the robot go first.
//!
//! One test runs at a time, and the log has it. While one looks at the room or hears it, that is shown at the robot (`observation`), and
//! the switch on the robot forbids it and breaks it off. `words`, `frame` and `input` are pure.

mod alsa;
mod camera;
mod capture;
mod ear;
mod error;
mod frame;
mod holding;
mod input;
mod microphone;
mod observation;
mod speaker;
mod words;

use std::sync::Arc;
use std::time::Duration;

use havatar_api as api;
use tokio::sync::{Mutex, watch};
use tokio::time::timeout;

use crate::store;

pub use error::DeviceTestError;
pub use observation::Observation;

use super::context::Context;
use super::process_table::{ProcessId, Processes};
use holding::Holding;
use observation::Observing;

/// A test that takes longer is broken off: requests have 30 s.
const LIMIT: Duration = Duration::from_secs(25);

/// The handle of the tests.
#[derive(Clone)]
pub struct DeviceTests {
    ctx: Arc<Context>,
    processes: Arc<Processes>,
    one_at_a_time: Arc<Mutex<()>>,
    observation: Arc<watch::Sender<Observation>>,
}

impl DeviceTests {
    pub(super) fn new(ctx: Arc<Context>, processes: Arc<Processes>) -> Self {
        Self { ctx, processes, one_at_a_time: Arc::default(), observation: Arc::default() }
    }

    /// Whether a test looks or listens, as it changes.
    pub fn observation(&self) -> watch::Receiver<Observation> {
        self.observation.subscribe()
    }

    /// Takes frames of the configured camera, or of the one of that path.
    ///
    /// # Errors
    /// All of them.
    pub async fn camera(&self, device: Option<String>) -> Result<api::CameraTest, DeviceTestError> {
        let (ctx, processes) = (self.ctx.clone(), self.processes.clone());
        let tested = Tested { kind: "camera", device: device.clone(), observes: true };
        self.run(tested, async move { camera::test(&ctx, &processes, device.as_deref()).await }).await
    }

    /// Listens to the configured microphone, or to the one of that name.
    ///
    /// # Errors
    /// All of them.
    pub async fn microphone(&self, device: Option<String>) -> Result<api::MicrophoneTest, DeviceTestError> {
        let (ctx, processes) = (self.ctx.clone(), self.processes.clone());
        let tested = Tested { kind: "microphone", device: device.clone(), observes: true };
        self.run(tested, async move { microphone::test(&ctx, &processes, device.as_deref()).await }).await
    }

    /// Plays a chirp by the configured loudspeaker, or by the one of that name. If the microphone runs, it is listened to.
    ///
    /// # Errors
    /// All but [`DeviceTestError::Private`], unless the switch is thrown while it listens.
    pub async fn speaker(&self, device: Option<String>) -> Result<api::SpeakerTest, DeviceTestError> {
        let (ctx, processes) = (self.ctx.clone(), self.processes.clone());
        let microphone = Holding::of(&processes[ProcessId::Microphone].snapshot().state);
        let hears = microphone == Holding::Working && !ctx.audio.is_private();
        let tested = Tested { kind: "speaker", device: device.clone(), observes: hears };
        self.run(tested, async move { speaker::test(&ctx, &processes, device.as_deref(), hears).await }).await
    }

    /// Runs a test to its end, whether or not the client waits for it.
    async fn run<T: Send + 'static>(
        &self,
        Tested { kind, device, observes }: Tested,
        test: impl Future<Output = Result<T, DeviceTestError>> + Send + 'static,
    ) -> Result<T, DeviceTestError> {
        if observes && self.ctx.audio.is_private() {
            return Err(DeviceTestError::Private);
        }
        let turn = self.one_at_a_time.clone().try_lock_owned().map_err(|_| DeviceTestError::Busy)?;
        let device = device.as_deref().unwrap_or("the configured one");
        // What a client has written is quoted.
        tracing::info!(device.kind = kind, device.name = ?device, observes, "a device is tested");
        let observing = observes.then(|| Observing::begin(&self.observation));
        let private = self.ctx.audio.private();
        let bounded = async move {
            tokio::select! {
                biased;
                () = thrown(private), if observes => Err(DeviceTestError::Private),
                result = timeout(LIMIT, test) => result.unwrap_or_else(|_| {
                    Err(DeviceTestError::Failed(format!("the test was not done within {LIMIT:?}, and was broken off")))
                }),
            }
        };
        // It looks at files and devices between its waits.
        let running = tokio::spawn(async move {
            let result = store::on_own_thread(bounded).await;
            drop((turn, observing));
            result
        });
        let broken =
            |error: &dyn std::fmt::Display| DeviceTestError::Failed(format!("the test broke off: {error}"));
        match running.await {
            Ok(Ok(result)) => result,
            Ok(Err(error)) => Err(broken(&error)),
            Err(error) => Err(broken(&error)),
        }
    }
}

/// What is tested.
struct Tested {
    kind: &'static str,
    /// Another device than the configured one.
    device: Option<String>,
    /// It looks or listens.
    observes: bool,
}

/// Waits until the switch on the robot is thrown.
async fn thrown(mut private: watch::Receiver<bool>) {
    let closed = private.wait_for(|on| *on).await.is_err();
    if closed {
        // Nobody can throw it any more.
        std::future::pending::<()>().await;
    }
}

#[cfg(test)]
mod tests {
    use super::super::fake;
    use super::*;

    const LOOKING: Tested = Tested { kind: "camera", device: None, observes: true };
    const PLAYING: Tested = Tested { kind: "speaker", device: None, observes: false };

    #[tokio::test]
    async fn one_test_runs_at_a_time_and_is_shown_for_as_long_as_it_observes() {
        let dir = tempfile::tempdir().unwrap();
        let tests = fake::away(dir.path()).tests;
        let (end, ended) = tokio::sync::oneshot::channel::<()>();
        let running = tokio::spawn({
            let tests = tests.clone();
            async move {
                let test = async move {
                    let _ = ended.await;
                    Ok(7)
                };
                tests.run(LOOKING, test).await
            }
        });
        let mut observation = tests.observation();
        observation.wait_for(|observation| observation.now).await.unwrap();
        let refused = tests.run(LOOKING, async { Ok(8) }).await;
        assert_eq!(refused, Err(DeviceTestError::Busy));
        assert_eq!(observation.borrow().ever, 1, "what is refused observes nothing");
        end.send(()).unwrap();
        assert_eq!(running.await.unwrap(), Ok(7));
        assert!(!observation.borrow().now);
        assert_eq!(tests.run(PLAYING, async { Ok(9) }).await, Ok(9));
        assert_eq!(observation.borrow().ever, 1, "a chirp alone observes nothing");
    }

    #[tokio::test]
    async fn the_switch_on_the_robot_forbids_a_test_and_breaks_it_off() {
        let dir = tempfile::tempdir().unwrap();
        let media = fake::away(dir.path());
        let tests = media.tests.clone();
        let running = tokio::spawn({
            let tests = tests.clone();
            async move { tests.run(LOOKING, std::future::pending::<Result<(), _>>()).await }
        });
        tests.observation().wait_for(|observation| observation.now).await.unwrap();
        media.audio.set_private(true);
        assert_eq!(running.await.unwrap(), Err(DeviceTestError::Private));
        assert_eq!(tests.camera(None).await, Err(DeviceTestError::Private));
        assert_eq!(tests.microphone(None).await, Err(DeviceTestError::Private));
        assert_eq!(
            tests.run(PLAYING, async { Ok(1) }).await,
            Ok(1),
            "what is only heard in the room is not forbidden"
        );
    }
}
