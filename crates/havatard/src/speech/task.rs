//! The task that plays one utterance after the other.

use std::sync::Arc;
use std::time::Duration;

use havatar_supervisor::{Spawner, StreamedOutput};
use nix::sys::socket::{setsockopt, sockopt};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::UnixStream;
use tokio::time::{Instant, sleep};
use tokio_util::sync::CancellationToken;

use crate::priority::{Share, prioritized};

use super::queue::Item;
use super::shared::Shared;
use super::{engine, tone};

/// How often the clock is checked for the start and end of quiet hours.
const CHECK_EVERY: Duration = Duration::from_secs(5);
/// The same during an utterance, also while a live talker pauses it.
const CHECK_SPEAKING_EVERY: Duration = Duration::from_millis(250);
/// An engine without output for this time hangs.
const ENGINE_TIMEOUT: Duration = Duration::from_secs(20);
/// The time to connect to a loudspeaker stage that is being started.
const CONNECT_WITHIN: Duration = Duration::from_secs(3);
/// The time for the engine to exit after its last sample.
const ENGINE_EXIT_WITHIN: Duration = Duration::from_secs(2);
/// The longest output of an engine for one text, in bytes: three minutes.
const MAX_OUTPUT: usize = 180 * 2 * tone::RATE;
/// Up to here a sample is no sound: an engine that says nothing still writes the noise of its rounding.
const SILENCE: u16 = 64;
/// The socket's send buffer, in bytes: small, so that a cancel takes effect at once.
const SEND_BUFFER: usize = 8 * 1024;

/// Plays utterances until `shutdown`.
pub(super) async fn run(shared: Arc<Shared>, spawner: Spawner, shutdown: CancellationToken) {
    loop {
        let next = {
            let mut inner = shared.lock();
            let next = inner.queue.begin().map(|item| {
                inner.stop = CancellationToken::new();
                (item, inner.stop.clone())
            });
            shared.publish(&inner);
            next
        };
        let Some((item, stop)) = next else {
            tokio::select! {
                () = shutdown.cancelled() => return,
                () = shared.wake.notified() => {}
                () = sleep(CHECK_EVERY) => {}
            }
            continue;
        };
        let result = tokio::select! {
            // Dropping the future kills the engine and closes the connection to the loudspeaker.
            biased;
            () = shutdown.cancelled() => return,
            () = stop.cancelled() => Ok(()),
            // A talker may pause an utterance until quiet hours have begun.
            until = quiet(&shared) => Err(format!("quiet hours began; they end at {until}")),
            result = play(&shared, &spawner, &item) => result,
        };
        if let Err(why) = &result {
            tracing::warn!(speech.id = item.utterance.id, why, "the robot could not say something");
        }
        let mut inner = shared.lock();
        inner.queue.end(result.err());
        shared.publish(&inner);
    }
}

/// Waits for quiet hours to begin; returns their end.
async fn quiet(shared: &Shared) -> String {
    let mut config = shared.config.clone();
    loop {
        config.mark_unchanged();
        if let Some(until) = shared.quiet_until() {
            return until;
        }
        // The clock is checked also after the config's sender is dropped.
        tokio::select! {
            Ok(()) = config.changed() => {}
            () = sleep(CHECK_SPEAKING_EVERY) => {}
        }
    }
}

/// Plays an utterance to its end, or returns why it failed.
async fn play(shared: &Shared, spawner: &Spawner, item: &Item) -> Result<(), String> {
    // The engine works while the attention sound is played.
    let mut engine = match &item.utterance.text {
        Some(text) => {
            let config = shared.config.borrow().clone();
            let engine = engine::engine(&config, item.language).map_err(|error| error.to_string())?;
            let (name, input) = (engine.name.clone(), engine.input(text));
            let confiner = shared.media.confiner().clone();
            let pipeline = tokio::task::spawn_blocking(move || engine.confined(&confiner, &config)).await;
            let pipeline = prioritized(pipeline.map_err(|error| error.to_string())?, Share::Picture);
            let output =
                spawner.stream_output(pipeline, input.as_bytes()).await.map_err(|error| chain(&error))?;
            shared.note_confinement(&output);
            Some((name, output))
        }
        None => None,
    };
    let mut speaker = connect(shared).await?;
    if item.attention {
        speaker.write_all(&tone::attention()).await.map_err(|error| cut_off(&error))?;
    }
    if let Some((name, mut output)) = engine.take() {
        let audible = forward(&name, &mut output, &mut speaker).await?;
        let ended = output.finish(ENGINE_EXIT_WITHIN).await;
        if let Some(how) = ended.failed {
            let last = ended.stderr.lines().rev().find(|line| !line.trim().is_empty()).unwrap_or_default();
            let last: String = last.trim().chars().filter(|c| !c.is_control()).take(200).collect();
            return Err(format!("{how}: {last}").trim_end_matches([':', ' ']).to_owned());
        }
        if !audible {
            return Err(format!("{name} made no sound of this text: write it in letters, digits or words"));
        }
    }
    speaker.shutdown().await.map_err(|error| cut_off(&error))?;
    // The stage closes its end after the last sample, which a live talker may delay.
    speaker.read(&mut [0; 1]).await.map(drop).map_err(|error| cut_off(&error))
}

/// Forwards the engine's output to the loudspeaker, at the loudspeaker's pace. Returns whether there was a sound in it.
async fn forward(name: &str, output: &mut StreamedOutput, speaker: &mut UnixStream) -> Result<bool, String> {
    let mut buffer = [0; 4096];
    let mut forwarded = 0;
    let mut ear = Ear::default();
    loop {
        let read = output.read_within(&mut buffer, ENGINE_TIMEOUT).await;
        let read = read.ok_or_else(|| format!("{name} gave no sound for {ENGINE_TIMEOUT:?}, killed"))?;
        let count = read.map_err(|error| format!("{name} broke off: {error}"))?;
        if count == 0 {
            return Ok(ear.audible);
        }
        ear.listen(&buffer[..count]);
        forwarded += count;
        if forwarded > MAX_OUTPUT {
            return Err(format!("{name} went on for more than three minutes, killed"));
        }
        speaker.write_all(&buffer[..count]).await.map_err(|error| cut_off(&error))?;
    }
}

/// Listens to samples of 16 bits, in whatever pieces they come.
#[derive(Debug, Default)]
struct Ear {
    odd: Option<u8>,
    audible: bool,
}

impl Ear {
    fn listen(&mut self, bytes: &[u8]) {
        for byte in bytes {
            match self.odd.take() {
                None => self.odd = Some(*byte),
                Some(low) => {
                    self.audible |= i16::from_le_bytes([low, *byte]).unsigned_abs() > SILENCE;
                }
            }
        }
    }
}

async fn connect(shared: &Shared) -> Result<UnixStream, String> {
    let until = Instant::now() + CONNECT_WITHIN;
    loop {
        match UnixStream::connect(shared.media.audio.speech_socket()).await {
            Ok(speaker) => {
                // Without a small buffer, a cancel only takes effect later.
                let _ = setsockopt(&speaker, sockopt::SndBuf, &SEND_BUFFER);
                return Ok(speaker);
            }
            Err(_) if Instant::now() < until => sleep(Duration::from_millis(50)).await,
            Err(error) => return Err(format!("the loudspeaker takes no speech now: {error}")),
        }
    }
}

fn cut_off(error: &std::io::Error) -> String {
    format!("the loudspeaker was lost: {error}")
}

/// An error with its source in one line.
fn chain(error: &dyn std::error::Error) -> String {
    error.source().map_or_else(|| error.to_string(), |source| format!("{error}: {source}"))
}
