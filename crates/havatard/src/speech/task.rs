//! Says one thing after the other.

use std::sync::Arc;
use std::time::Duration;

use havatar_supervisor::{Spawner, StreamedOutput};
use nix::sys::socket::{setsockopt, sockopt};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::UnixStream;
use tokio::time::{Instant, sleep, timeout};
use tokio_util::sync::CancellationToken;

use super::queue::Item;
use super::{Shared, engine, tone};

/// Quiet hours begin and end unasked: how often the clock is looked at.
const LOOK: Duration = Duration::from_secs(5);
/// The same while something is said, or waits at the loudspeaker for a live talker to end.
const LOOK_SPEAKING: Duration = Duration::from_millis(250);
/// An engine from which nothing comes for this long hangs.
const ENGINE_HANGS: Duration = Duration::from_secs(20);
/// How long a loudspeaker that is just being started is waited for.
const SPEAKER_COMES: Duration = Duration::from_secs(3);
/// How long the engine may take to end after its last sample.
const ENGINE_ENDS: Duration = Duration::from_secs(2);
/// The longest sound that an engine may make of a text, in bytes: three minutes.
const LONGEST_SOUND: usize = 180 * 2 * tone::RATE;
/// What the socket holds, in bytes: little, so that a cancelling is heard at once.
const IN_FLIGHT: usize = 8 * 1024;

/// Until `shutdown`.
pub(super) async fn run(shared: Arc<Shared>, spawner: Spawner, shutdown: CancellationToken) {
    loop {
        let next = {
            let mut inner = shared.lock();
            let next = inner.queue.begin().map(|item| {
                inner.stop = CancellationToken::new();
                (item, inner.stop.clone())
            });
            shared.tell(&inner);
            next
        };
        let Some((item, stop)) = next else {
            tokio::select! {
                () = shutdown.cancelled() => return,
                () = shared.wake.notified() => {}
                () = sleep(LOOK) => {}
            }
            continue;
        };
        let said = tokio::select! {
            // Dropping what speaks ends the engine, and cuts the loudspeaker off.
            biased;
            () = shutdown.cancelled() => return,
            () = stop.cancelled() => Ok(()),
            // Its first sample may be heard long after its turn came.
            until = quiet(&shared) => Err(format!("quiet hours began; they end at {until}")),
            said = say(&shared, &spawner, &item) => said,
        };
        if let Err(why) = &said {
            tracing::warn!(speech.id = item.utterance.id, why, "the robot could not say something");
        }
        let mut inner = shared.lock();
        inner.queue.end(said.err());
        shared.tell(&inner);
    }
}

/// Returns when quiet hours begin, at once if these are: until when.
async fn quiet(shared: &Shared) -> String {
    let mut config = shared.config.clone();
    loop {
        config.mark_unchanged();
        if let Some(until) = shared.quiet_until() {
            return until;
        }
        // A config that nobody changes any more is no reason to stop looking at the clock.
        tokio::select! {
            Ok(()) = config.changed() => {}
            () = sleep(LOOK_SPEAKING) => {}
        }
    }
}

/// Says it to its end, or tells why not.
async fn say(shared: &Shared, spawner: &Spawner, item: &Item) -> Result<(), String> {
    // The engine works while the attention sound is heard.
    let mut engine = match &item.utterance.text {
        Some(text) => {
            let config = shared.config.borrow().clone();
            let engine = engine::engine(&config, item.language).map_err(|error| error.to_string())?;
            let input = format!("{text}\n");
            let output = spawner.stream_output(engine.pipeline, input.as_bytes()).await;
            Some((engine.name, output.map_err(|error| chain(&error))?))
        }
        None => None,
    };
    let mut speaker = connect(shared).await?;
    if item.attention {
        speaker.write_all(&tone::attention()).await.map_err(|error| cut_off(&error))?;
    }
    if let Some((name, mut output)) = engine.take() {
        pass_on(&name, &mut output, &mut speaker).await?;
        let ended = output.finish(ENGINE_ENDS).await;
        if let Some(how) = ended.failed {
            let last = ended.stderr.lines().rev().find(|line| !line.trim().is_empty()).unwrap_or_default();
            let last: String = last.trim().chars().filter(|c| !c.is_control()).take(200).collect();
            return Err(format!("{how}: {last}").trim_end_matches([':', ' ']).to_owned());
        }
    }
    speaker.shutdown().await.map_err(|error| cut_off(&error))?;
    // It closes its end when it has played the rest, which a live talker may hold up.
    speaker.read(&mut [0; 1]).await.map(drop).map_err(|error| cut_off(&error))
}

/// From the engine to the loudspeaker, at the pace of the latter.
async fn pass_on(name: &str, output: &mut StreamedOutput, speaker: &mut UnixStream) -> Result<(), String> {
    let mut buffer = [0; 4096];
    let mut passed = 0;
    loop {
        let read = timeout(ENGINE_HANGS, output.read(&mut buffer));
        let read = read.await.map_err(|_| format!("{name} gave no sound for {ENGINE_HANGS:?}, killed"))?;
        let count = read.map_err(|error| format!("{name} broke off: {error}"))?;
        if count == 0 {
            return Ok(());
        }
        passed += count;
        if passed > LONGEST_SOUND {
            return Err(format!("{name} went on for more than three minutes, killed"));
        }
        speaker.write_all(&buffer[..count]).await.map_err(|error| cut_off(&error))?;
    }
}

async fn connect(shared: &Shared) -> Result<UnixStream, String> {
    let until = Instant::now() + SPEAKER_COMES;
    loop {
        match UnixStream::connect(shared.media.speech_socket()).await {
            Ok(speaker) => {
                // A larger one costs only that a cancelling is heard later.
                let _ = setsockopt(&speaker, sockopt::SndBuf, &IN_FLIGHT);
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

/// An error with its source, for a person.
fn chain(error: &dyn std::error::Error) -> String {
    error.source().map_or_else(|| error.to_string(), |source| format!("{error}: {source}"))
}
