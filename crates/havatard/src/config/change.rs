//! What a reload must restart.

use super::Config;

/// What differs between two configs, by what has to be done again. A reload touches nothing else.
#[expect(clippy::struct_excessive_bools, reason = "independent facts, each read by a different part")]
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Change {
    /// `server.listen` or `server.tls`: the listener is opened anew.
    pub listener: bool,
    /// `server.hosts`: the `Host` check takes the new list.
    pub hosts: bool,
    /// `auth`: sessions take the new limits.
    pub auth: bool,
    /// `media.mediamtx`: mediamtx.yml is rendered anew; the media server restarts.
    pub mediamtx: bool,
    /// `media.camera`, or `media.ffmpeg`: the camera's publisher restarts.
    pub camera: bool,
    /// `media.microphone`, or `media.ffmpeg`: the microphone's publisher restarts.
    pub microphone: bool,
    /// `media.speaker`, or `media.ffmpeg`: what plays at the robot restarts.
    pub speaker: bool,
    /// `recording`: MediaMTX takes it live, nobody is dropped.
    pub recording: bool,
    /// `speech`: the next utterance is said by it, nothing restarts.
    pub speech: bool,
    /// `robot`: the wheels are stopped, and the port is opened anew.
    pub robot: bool,
}

impl Change {
    /// Something differs.
    pub fn any(self) -> bool {
        self != Self::default()
    }
}

/// What has to be done again to get from `old` to `new`.
pub fn diff(old: &Config, new: &Config) -> Change {
    let ffmpeg = old.media.ffmpeg != new.media.ffmpeg;
    Change {
        listener: old.server.listen != new.server.listen || old.server.tls != new.server.tls,
        hosts: old.server.hosts != new.server.hosts,
        auth: old.auth != new.auth,
        mediamtx: old.media.mediamtx != new.media.mediamtx,
        camera: ffmpeg || old.media.camera != new.media.camera,
        microphone: ffmpeg || old.media.microphone != new.media.microphone,
        speaker: ffmpeg || old.media.speaker != new.media.speaker,
        recording: old.recording != new.recording,
        speech: old.speech != new.speech,
        robot: old.robot != new.robot,
    }
}
