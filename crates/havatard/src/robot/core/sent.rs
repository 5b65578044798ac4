//! What was last sent to the controller and noted in the black box.

use havatar_api::DriveMode;
use tokio::time::Instant;

use crate::robot::arbiter::SetPoint;

/// The last values sent.
#[derive(Debug)]
#[expect(clippy::struct_excessive_bools, reason = "each is a fact of its own")]
pub(super) struct Sent {
    /// A command has not been sent yet.
    pub(super) dirty: bool,
    /// The mode last published.
    pub(super) mode: Option<DriveMode>,
    /// The set-point last noted.
    pub(super) noted: Option<SetPoint>,
    pub(super) wheels: Instant,
    /// The controller may be moving, as far as the sent commands tell.
    pub(super) rolling: bool,
    /// A stop has not been sent yet; it goes before any newer set-point.
    pub(super) stop_pending: bool,
    pub(super) estop: Instant,
    /// The last command to the e-stop latch was to release it.
    pub(super) release: bool,
    pub(super) parts: Instant,
    pub(super) head: Option<(i16, i16)>,
    pub(super) lamp: Option<(u8, u8)>,
}

impl Sent {
    pub(super) fn new(now: Instant) -> Self {
        Self {
            dirty: true,
            mode: None,
            noted: None,
            wheels: now,
            rolling: true,
            stop_pending: false,
            estop: now,
            release: false,
            parts: now,
            head: None,
            lamp: None,
        }
    }

    /// Head and lamp had no room: sends them as soon as there is some.
    pub(super) fn forget_parts(&mut self) {
        (self.head, self.lamp) = (None, None);
    }

    /// A new session with a controller that knows no earlier command.
    pub(super) fn forget(&mut self) {
        (self.dirty, self.rolling, self.release) = (true, true, false);
        self.forget_parts();
    }
}
