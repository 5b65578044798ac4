//! The test of a loudspeaker: a chirp, and whether the robot's own microphone hears it.

use std::io;
use std::sync::Arc;
use std::time::Duration;

use havatar_api as api;
use havatar_supervisor::Input;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::UnixStream;
use tokio::time::{Instant, sleep, timeout};
use tokio_util::sync::CancellationToken;

use crate::config::{Config, SoundDevice};
use crate::confinement::Needs;
use crate::media::audio::backend::{self, AudioBackend, AudioSetting};
use crate::media::audio::control::permille;
use crate::media::context::Context;
use crate::media::process_table::{ProcessId, Processes};
use crate::sound::{RATE, SPEECH_SOCKET, chirp, encode};

use super::alsa::{self, Direction};
use super::ear::Ear;
use super::error::DeviceTestError;
use super::holding::{self, Holding};
use super::microphone::device_of;
use super::words;

/// The chirp is played by then, unless a talker or speech holds the loudspeaker.
const PLAYED_WITHIN: Duration = Duration::from_secs(15);
/// How long the microphone is listened to after the last sample: sound and devices take their time.
const LISTENED_AFTER: Duration = Duration::from_millis(800);

/// Tests the configured loudspeaker, or another one. With `hears`, the microphone's publisher is listened to meanwhile.
pub(super) async fn test(
    ctx: &Context,
    processes: &Processes,
    name: Option<&str>,
    with_microphone: bool,
) -> Result<api::SpeakerTest, DeviceTestError> {
    let config = ctx.config();
    let speaker = &config.media.speaker;
    let setting = AudioSetting::of_speaker(speaker.output);
    let named = name.map(device_of).transpose()?;
    let other = named.filter(|named| setting.is_none() || !alsa::is_same(named, &speaker.device));
    let volume = ctx.audio.sound.borrow().volume;
    let ear = if with_microphone { Ear::open(&ctx.runtime_dir).await.ok() } else { None };
    let opened = Instant::now();
    let played = CancellationToken::new();
    let playing = async {
        let _played = played.clone().drop_guard();
        match &other {
            Some(other) => of_device(ctx, processes, &config, (AudioSetting::Auto, other), volume).await,
            None => of_configured(ctx, processes, &config, setting, volume).await,
        }
    };
    let (result, heard) = tokio::join!(playing, listen(ear, &played));
    let Played { source, begun, took } = result?;
    // It cannot be in what was captured before.
    let place = heard.map(|heard| chirp::find(heard.get(samples_of(begun - opened)..).unwrap_or_default()));
    let verdict = words::of_playback(took, volume, place.map(|place| place.is_some()));
    let device = match (&other, setting) {
        (Some(other), _) => AudioSetting::Auto.name(other),
        (None, Some(setting)) => setting.name(&speaker.device),
        (None, None) => "nobody's ears".to_owned(),
    };
    Ok(api::SpeakerTest {
        passed: verdict.passed(),
        device,
        source,
        volume,
        took_ms: millis(took),
        heard: place.map(|place| place.is_some()),
        delay_ms: place.flatten().map(|place| millis(time_of(place))),
        remarks: verdict.remarks,
    })
}

/// What became of the chirp.
struct Played {
    source: api::DeviceTestSource,
    /// When its first sample was taken.
    begun: Instant,
    took: Duration,
}

async fn of_configured(
    ctx: &Context,
    processes: &Processes,
    config: &Config,
    setting: Option<AudioSetting>,
    volume: u8,
) -> Result<Played, DeviceTestError> {
    if !config.media.has_speaker() {
        let why =
            "this robot has no loudspeaker: set media.speaker in its config, or name the device to test";
        return Err(DeviceTestError::NotConfigured(why.to_owned()));
    }
    match (Holding::of(&processes[ProcessId::Speaker].snapshot().state), setting) {
        (Holding::Working, _) => of_process(ctx).await,
        (Holding::Opening, _) => Err(holding::opening(ProcessId::Speaker)),
        (Holding::Free, None) => Err(DeviceTestError::NotRunning(
            "the loudspeaker's process does not run: start it (POST /api/v1/processes/speaker/start)"
                .to_owned(),
        )),
        (Holding::Free, Some(setting)) => {
            let opened = of_device(ctx, processes, config, (setting, &config.media.speaker.device), volume);
            holding::while_free(processes, ProcessId::Speaker, opened).await
        }
    }
}

/// Plays as the attention sound is played: at the set volume, and after a talker.
async fn of_process(ctx: &Context) -> Result<Played, DeviceTestError> {
    let samples = bytes(&chirp::samples());
    let begun = Instant::now();
    let playing = async {
        let mut speaker = UnixStream::connect(ctx.runtime_dir.join(SPEECH_SOCKET)).await?;
        speaker.write_all(&samples).await?;
        speaker.shutdown().await?;
        // The stage closes its end after the last sample.
        speaker.read(&mut [0; 1]).await.map(drop)
    };
    let result: Result<io::Result<()>, _> = timeout(PLAYED_WITHIN, playing).await;
    match result {
        Ok(Ok(())) => {
            let took = begun.elapsed();
            let begun = begun + waited(took);
            Ok(Played { source: api::DeviceTestSource::Process, begun, took })
        }
        Ok(Err(error)) => Err(DeviceTestError::Failed(format!("the loudspeaker was lost: {error}"))),
        Err(_) => Err(DeviceTestError::InUse(format!(
            "the loudspeaker did not take the tone within {PLAYED_WITHIN:?}: a talker or speech has it, or its device hangs; \
             test again when it is silent"
        ))),
    }
}

/// Opens a loudspeaker that nobody uses.
async fn of_device(
    ctx: &Context,
    processes: &Processes,
    config: &Config,
    (setting, device): (AudioSetting, &SoundDevice),
    volume: u8,
) -> Result<Played, DeviceTestError> {
    let used = backend::select(&ctx.spawner, setting, device).await.map_err(DeviceTestError::Absent)?;
    if used == AudioBackend::Alsa {
        alsa::permitted(device, Direction::Playback)?;
    }
    let samples = bytes(&softened(chirp::samples(), permille(volume, &config.media.speaker)));
    let player = backend::player(used, device)?.input(Input::Bytes(Arc::from(samples)));
    let begun = Instant::now();
    let ran = ctx.run_confined(config, Needs::sound(), player, PLAYED_WITHIN).await;
    let output = ran.map_err(|error| DeviceTestError::Failed(error.to_string()))?;
    if !output.success {
        return Err(alsa::explain(processes, device, Direction::Playback, &output.stderr));
    }
    Ok(Played { source: api::DeviceTestSource::Device, begun, took: begun.elapsed() })
}

/// What the microphone hears until a moment after the chirp was played; `None` if it does not run to that end.
async fn listen(ear: Option<Ear>, played: &CancellationToken) -> Option<Vec<i16>> {
    let mut ear = ear?;
    let end = async {
        played.cancelled().await;
        sleep(LISTENED_AFTER).await;
    };
    tokio::pin!(end);
    loop {
        tokio::select! {
            () = &mut end => return Some(ear.heard),
            heard = ear.listen() => heard.ok()?,
        }
    }
}

/// At the volume that the loudspeaker's stage would give it.
fn softened(mut samples: Vec<i16>, permille: u16) -> Vec<i16> {
    for sample in &mut samples {
        let softer = i32::from(*sample) * i32::from(permille) / 1000;
        *sample = i16::try_from(softer).unwrap_or_default();
    }
    samples
}

fn bytes(samples: &[i16]) -> Vec<u8> {
    let mut bytes = Vec::new();
    encode(samples, &mut bytes);
    bytes
}

/// How long a chirp waited for a talker or for speech that took so long in all: by itself it takes no longer than it is.
fn waited(took: Duration) -> Duration {
    took.saturating_sub(chirp::DURATION)
}

/// How many samples are captured in this time.
fn samples_of(time: Duration) -> usize {
    usize::try_from(time.as_micros()).unwrap_or(usize::MAX).saturating_mul(RATE) / 1_000_000
}

/// When a sample was captured, from the first one on.
fn time_of(sample: usize) -> Duration {
    let micros = sample.saturating_mul(1_000_000) / RATE;
    Duration::from_micros(u64::try_from(micros).unwrap_or(u64::MAX))
}

fn millis(time: Duration) -> u32 {
    u32::try_from(time.as_millis()).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests {
    use crate::sound::peak;

    use super::*;

    #[test]
    fn another_device_is_played_to_at_the_set_volume() {
        let loudest = peak(&chirp::samples());
        assert_eq!(peak(&softened(chirp::samples(), 1000)), loudest);
        assert!(peak(&softened(chirp::samples(), 250)).abs_diff(loudest / 4) <= 1);
        assert_eq!(peak(&softened(chirp::samples(), 0)), 0);
        assert_eq!(bytes(&[1, -2]), [1, 0, 254, 255]);
        assert_eq!(time_of(4_800), Duration::from_millis(100));
        assert_eq!(samples_of(Duration::from_millis(100)), 4_800);
    }

    #[test]
    fn the_time_that_a_chirp_waits_for_a_talker_is_no_delay_of_the_loudspeaker() {
        assert_eq!(waited(Duration::from_millis(5_300)), Duration::from_secs(5));
        assert_eq!(waited(Duration::from_millis(240)), Duration::ZERO, "the device held some of it");
    }
}
