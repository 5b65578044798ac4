//! Devices that come and go: cameras, video files, sound hardware.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use tokio_util::sync::CancellationToken;

use crate::config::Config;

use super::audio::backend::AudioSetting;
use super::context::Context;
use super::process_table::{ProcessId, Processes};
use super::publish::camera::camera_file;
use super::publish::devices;

/// Events at devices come in bursts; one check after each pause is enough.
const PAUSE: Duration = Duration::from_millis(100);

/// Rechecks a process that waits for its device whenever devices come or go.
pub(crate) async fn watch_devices(ctx: Arc<Context>, processes: Arc<Processes>, stop: CancellationToken) {
    let mut config = ctx.config.subscribe();
    loop {
        let (camera, microphone, speaker) = {
            let config = config.borrow_and_update();
            (camera_file(&config), microphone_file(&config), speaker_file(&config))
        };
        tokio::select! {
            () = stop.cancelled() => return,
            Ok(()) = config.changed() => continue,
            () = change_of(camera) => processes[ProcessId::Camera].recheck(),
            () = change_of(microphone) => processes[ProcessId::Microphone].recheck(),
            () = change_of(speaker) => processes[ProcessId::Speaker].recheck(),
        }
        tokio::time::sleep(PAUSE).await;
    }
}

async fn change_of(file: Option<PathBuf>) {
    match file {
        Some(file) => devices::changed(&file, file.exists()).await,
        None => std::future::pending().await,
    }
}

fn microphone_file(config: &Config) -> Option<PathBuf> {
    alsa_file(AudioSetting::of_microphone(config.media.microphone.source))
}

fn speaker_file(config: &Config) -> Option<PathBuf> {
    alsa_file(AudioSetting::of_speaker(config.media.speaker.output))
}

/// Below the folder where ALSA's devices come and go.
fn alsa_file(setting: Option<AudioSetting>) -> Option<PathBuf> {
    setting.filter(|it| *it != AudioSetting::Pulse).map(|_| Path::new("/dev/snd/any").to_owned())
}
