//! Audio at the robot: the loudspeaker, the microphone's hold, and the way to the sound card.

pub(super) mod backend;
pub(super) mod control;
pub(super) mod speaker;
