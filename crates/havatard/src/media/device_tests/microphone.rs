//! The test of a microphone: the levels of about two seconds of its samples.

use std::time::Duration;

use havatar_api as api;
use tokio::time::timeout;

use crate::config::{Config, SoundDevice};
use crate::confinement::Needs;
use crate::media::audio::backend::{self, AudioBackend, AudioSetting};
use crate::media::context::Context;
use crate::media::process_table::{ProcessId, Processes};
use crate::priority::{Share, prioritized};
use crate::sound::{RATE, Samples, measure};

use super::alsa::{self, Direction};
use super::ear::Ear;
use super::error::DeviceTestError;
use super::holding::{self, Holding};
use super::words;

/// Samples that are measured: two seconds.
const MEASURED: usize = 2 * RATE;
/// Samples before them that are left out: many devices click when they are opened.
const SETTLING: usize = RATE / 5;
/// A device that gives nothing for this long gives nothing.
const SILENT_AFTER: Duration = Duration::from_secs(5);
/// How long a recorder has to say why it ended.
const END_WITHIN: Duration = Duration::from_millis(200);

/// Tests the configured microphone, or another one.
pub(super) async fn test(
    ctx: &Context,
    processes: &Processes,
    name: Option<&str>,
) -> Result<api::MicrophoneTest, DeviceTestError> {
    let config = ctx.config();
    let microphone = &config.media.microphone;
    let setting = AudioSetting::of_microphone(microphone.source);
    let named = name.map(device_of).transpose()?;
    let other = named.filter(|named| setting.is_none() || !alsa::is_same(named, &microphone.device));
    let (source, device, samples) = if let Some(other) = &other {
        let samples = of_device(ctx, processes, &config, (AudioSetting::Auto, other)).await?;
        (api::DeviceTestSource::Device, AudioSetting::Auto.name(other), samples)
    } else {
        of_configured(ctx, processes, &config, setting).await?
    };
    let loudness = measure(samples.get(SETTLING..).unwrap_or_default());
    let verdict = words::of_recording(&loudness);
    Ok(api::MicrophoneTest {
        passed: verdict.passed(),
        device,
        source,
        peak_db: loudness.peak_db,
        rms_db: loudness.rms_db,
        clipped_percent: loudness.clipped_percent,
        remarks: verdict.remarks,
    })
}

/// A name that a request gives.
pub(super) fn device_of(name: &str) -> Result<SoundDevice, DeviceTestError> {
    serde_json::from_value(name.into()).map_err(|_| {
        DeviceTestError::BadName(
            "this is not a sound device: write default, or a name that GET /api/v1/devices lists".to_owned(),
        )
    })
}

async fn of_configured(
    ctx: &Context,
    processes: &Processes,
    config: &Config,
    setting: Option<AudioSetting>,
) -> Result<(api::DeviceTestSource, String, Vec<i16>), DeviceTestError> {
    if !config.media.has_microphone() {
        let why =
            "this robot has no microphone: set media.microphone in its config, or name the device to test";
        return Err(DeviceTestError::NotConfigured(why.to_owned()));
    }
    let device = &config.media.microphone.device;
    let name = setting.map_or_else(|| "test sound".to_owned(), |setting| setting.name(device));
    match (Holding::of(&processes[ProcessId::Microphone].snapshot().state), setting) {
        (Holding::Working, _) => Ok((api::DeviceTestSource::Process, name, of_process(ctx).await?)),
        (Holding::Opening, _) => Err(holding::opening(ProcessId::Microphone)),
        (Holding::Free, Some(setting)) => {
            let opened = of_device(ctx, processes, config, (setting, device));
            let samples = holding::while_free(processes, ProcessId::Microphone, opened).await?;
            Ok((api::DeviceTestSource::Device, name, samples))
        }
        (Holding::Free, None) => Err(DeviceTestError::NotRunning(
            "the test sound is made only while it streams: start it (POST /api/v1/stream/start)".to_owned(),
        )),
    }
}

/// Listens beside the publisher that holds the microphone.
async fn of_process(ctx: &Context) -> Result<Vec<i16>, DeviceTestError> {
    let ended = |error: std::io::Error| {
        DeviceTestError::Failed(format!(
            "the microphone's process ended during the test: test again once it runs ({error})"
        ))
    };
    let mut ear = Ear::open(&ctx.runtime_dir).await.map_err(ended)?;
    while ear.heard.len() < SETTLING + MEASURED {
        // A busy machine gives its samples late, and is no broken microphone: only silence of the process is.
        timeout(SILENT_AFTER, ear.listen())
            .await
            .map_err(|_| {
                DeviceTestError::Failed(format!(
                    "the microphone gave no sample for {SILENT_AFTER:?}: havatarctl logs microphone"
                ))
            })?
            .map_err(ended)?;
    }
    Ok(ear.heard)
}

/// Opens a microphone that nobody uses.
async fn of_device(
    ctx: &Context,
    processes: &Processes,
    config: &Config,
    (setting, device): (AudioSetting, &SoundDevice),
) -> Result<Vec<i16>, DeviceTestError> {
    let used = backend::select(&ctx.spawner, setting, device).await.map_err(DeviceTestError::Absent)?;
    if used == AudioBackend::Alsa {
        alsa::permitted(device, Direction::Capture)?;
    }
    let recorder = ctx.confiner.confine(config, Needs::sound(), backend::recorder(used, device)?);
    let started = ctx.spawner.stream_output(prioritized(recorder, Share::Rest), &[]).await;
    let mut output = started.map_err(|error| DeviceTestError::Failed(error.to_string()))?;
    let (mut samples, mut decoder, mut bytes) = (Vec::new(), Samples::default(), [0; 4096]);
    while samples.len() < SETTLING + MEASURED {
        match output.read_within(&mut bytes, SILENT_AFTER).await {
            Some(Ok(count)) if count > 0 => decoder.decode(&bytes[..count], &mut samples),
            _ => {
                let errors = output.finish(END_WITHIN).await.stderr;
                return Err(alsa::explain(processes, device, Direction::Capture, &errors));
            }
        }
    }
    // The next one that opens it must not find it in use.
    output.finish(Duration::ZERO).await;
    Ok(samples)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_that_is_no_sound_device_is_refused() {
        for name in ["", "-D", "a\nb"] {
            assert!(matches!(device_of(name), Err(DeviceTestError::BadName(_))), "{name:?}");
        }
        assert_eq!(device_of("plughw:CARD=Device").unwrap().as_str(), "plughw:CARD=Device");
    }
}
