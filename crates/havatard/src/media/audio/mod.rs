//! Audio at the robot: its state, the tasks that control the audio stages, the backend, and the loudspeaker.

pub(super) mod backend;
pub(super) mod control;
pub(super) mod speaker;
pub(super) mod state;
