//! The supervised processes by name, and a table with one entry for each.

use std::fmt;
use std::ops::Index;

use havatar_supervisor::Supervised;

use crate::config::Config;
use crate::priority::Share;

use super::paths::{AUDIO, BOTH, CAMERA};

/// A supervised process.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum ProcessId {
    /// The media server.
    Mediamtx,
    /// Publishes the camera's video.
    Camera,
    /// Publishes the microphone's audio.
    Microphone,
    /// Joins video and audio by copy.
    Muxer,
    /// Plays at the robot.
    Speaker,
    /// Takes the talk line to the loudspeaker.
    Talk,
}

impl ProcessId {
    /// All, MediaMTX first.
    pub(crate) const ALL: [Self; 6] =
        [Self::Mediamtx, Self::Camera, Self::Microphone, Self::Muxer, Self::Speaker, Self::Talk];
    /// Those that publish to MediaMTX and run only while streaming is wanted.
    pub(crate) const PUBLISHERS: [Self; 3] = [Self::Camera, Self::Microphone, Self::Muxer];
    /// Those that depend on MediaMTX or run beside it, and stop before it.
    pub(crate) const DEPENDENTS: [Self; 5] =
        [Self::Camera, Self::Microphone, Self::Muxer, Self::Speaker, Self::Talk];

    /// The name on the wire and in logs.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Mediamtx => "mediamtx",
            Self::Camera => "camera",
            Self::Microphone => "microphone",
            Self::Muxer => "muxer",
            Self::Speaker => "speaker",
            Self::Talk => "talk",
        }
    }

    /// The process of this name.
    pub(crate) fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|id| id.name() == name)
    }

    /// The path that it publishes.
    pub(crate) fn published_path(self) -> Option<&'static str> {
        match self {
            Self::Camera => Some(CAMERA),
            Self::Microphone => Some(AUDIO),
            Self::Muxer => Some(BOTH),
            Self::Mediamtx | Self::Speaker | Self::Talk => None,
        }
    }

    /// What it is for, when there is too little processor time for all.
    pub(crate) const fn share(self) -> Share {
        match self {
            Self::Microphone | Self::Speaker | Self::Talk => Share::Talk,
            Self::Mediamtx => Share::MediaServer,
            Self::Camera => Share::Picture,
            Self::Muxer => Share::Recording,
        }
    }

    /// It connects to MediaMTX over RTSP.
    pub(crate) fn uses_rtsp(self) -> bool {
        match self {
            Self::Camera | Self::Microphone | Self::Muxer | Self::Talk => true,
            Self::Mediamtx | Self::Speaker => false,
        }
    }

    /// It runs only while streaming is wanted.
    pub(crate) fn is_publisher(self) -> bool {
        Self::PUBLISHERS.contains(&self)
    }

    /// The config asks for it.
    pub(crate) fn is_configured(self, config: &Config) -> bool {
        let media = &config.media;
        match self {
            Self::Mediamtx => true,
            Self::Camera => media.has_camera(),
            Self::Microphone => media.has_microphone(),
            Self::Muxer => media.has_camera() || media.has_microphone(),
            Self::Speaker | Self::Talk => media.has_speaker(),
        }
    }
}

impl fmt::Display for ProcessId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// One entry for each process.
#[derive(Debug, Clone, Default)]
pub(crate) struct ProcessTable<T>([T; ProcessId::ALL.len()]);

/// The supervisor's handles.
pub(crate) type Processes = ProcessTable<Supervised>;

impl<T> ProcessTable<T> {
    pub(crate) fn new(entry: impl FnMut(ProcessId) -> T) -> Self {
        Self(ProcessId::ALL.map(entry))
    }

    /// All entries, MediaMTX's first.
    pub(crate) fn all(&self) -> &[T; ProcessId::ALL.len()] {
        &self.0
    }

    pub(crate) fn entry(&mut self, id: ProcessId) -> &mut T {
        &mut self.0[id as usize]
    }
}

impl<T> Index<ProcessId> for ProcessTable<T> {
    type Output = T;

    fn index(&self, id: ProcessId) -> &T {
        // ALL lists the ids in the order of their declaration; a test holds both to it.
        &self.0[id as usize]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_process_has_its_own_name_and_entry() {
        let table = ProcessTable::new(ProcessId::name);
        for id in ProcessId::ALL {
            assert_eq!((table[id], ProcessId::named(id.name())), (id.name(), Some(id)));
        }
        assert_eq!(ProcessId::named("nobody"), None);
        assert_eq!(table.all(), &ProcessId::ALL.map(ProcessId::name));
    }
}
