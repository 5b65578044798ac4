//! Who gets the processor and memory first when there is too little: control, then talk, picture, recording, everything else.
//!
//! Niceness orders the daemon and its children among themselves. The unit file grants values down to -10 (`LimitNICE`); where
//! nothing is granted, the order is kept by making way alone, so that picture and talk lose nothing to other programs.
//! Where systemd delegates control groups, they share the processor by weight beside (`cgroups.rs`). When memory runs out, the kernel
//! ends the last in this order first, and the daemon after all of them.

use havatar_supervisor::{Launch, LaunchError, Niceness, Pipeline, Resources};

/// The motion loop's, ahead of everything.
const MOTION: i32 = -10;
/// The daemon's other threads: requests, stops, MediaMTX's auth hook.
const CONTROL: i32 = -9;

/// What a child process is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Share {
    /// Sound between people, both ways.
    Talk,
    /// The server that carries both to viewers and listeners.
    MediaServer,
    /// What the driver sees, what its launch waits for (test encodes, listings, checks), and the voice that reads typed text.
    Picture,
    /// What is kept and what players see.
    Recording,
    /// What nobody waits for from one moment to the next: tests of devices.
    Rest,
}

impl Share {
    pub(crate) const ALL: [Self; 5] =
        [Self::Talk, Self::MediaServer, Self::Picture, Self::Recording, Self::Rest];

    pub(crate) const fn resources(self) -> Resources {
        let (wanted, otherwise, oom_score_adj) = match self {
            Self::Talk => (-7, 0, 0),
            Self::MediaServer => (-5, 0, 100),
            Self::Picture => (-4, 0, 200),
            Self::Recording => (-1, 2, 300),
            Self::Rest => (5, 8, 500),
        };
        Resources { niceness: Niceness { wanted, otherwise }, oom_score_adj, cgroup: self.cgroup() }
    }

    /// The name of its control group.
    pub(crate) const fn cgroup(self) -> &'static str {
        match self {
            Self::Talk => "talk",
            Self::MediaServer => "media-server",
            Self::Picture => "picture",
            Self::Recording => "recording",
            Self::Rest => "rest",
        }
    }
}

/// Puts the calling thread, and those that it starts, ahead of the children, if that is permitted. For the daemon's `main`.
pub fn prefer_control() {
    prefer(CONTROL);
}

/// Puts the calling thread ahead of the rest of the daemon, if that is permitted.
pub(crate) fn prefer_motion() {
    prefer(MOTION);
}

/// Niceness belongs to a thread, and no process id means the calling one.
fn prefer(niceness: i32) {
    if let Err(error) = rustix::process::setpriority_process(None, niceness) {
        tracing::debug!(%error, niceness, "no priority over other programs: ordinary priority is used");
    }
}

/// A launch whose programs all have this share.
pub(crate) struct Prioritized<L>(pub(crate) L, pub(crate) Share);

impl<L: Launch> Launch for Prioritized<L> {
    async fn prepare(&mut self) -> Result<Pipeline, LaunchError> {
        Ok(prioritized(self.0.prepare().await?, self.1))
    }
}

/// The pipeline with this share for all its programs.
pub(crate) fn prioritized(pipeline: impl Into<Pipeline>, share: Share) -> Pipeline {
    let mut pipeline = pipeline.into();
    for stage in &mut pipeline.stages {
        stage.resources = Some(share.resources());
    }
    pipeline
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_order_holds_with_and_without_permission() {
        let resources = Share::ALL.map(Share::resources);
        let granted = resources.map(|it| it.niceness.wanted);
        assert!(
            granted.is_sorted_by(|a, b| a < b) && MOTION < CONTROL && CONTROL < granted[0],
            "{granted:?}"
        );
        let plain = resources.map(|it| it.niceness.otherwise);
        assert!(plain.is_sorted() && plain.iter().all(|niceness| *niceness >= 0), "{plain:?}");
        let ended = resources.map(|it| it.oom_score_adj);
        assert!(ended.is_sorted_by(|a, b| a < b) && ended[0] >= 0, "the last is ended first: {ended:?}");
    }
}
