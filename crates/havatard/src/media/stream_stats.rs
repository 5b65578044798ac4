//! Stream statistics, polled from MediaMTX once a second while it is up.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use havatar_api::{Stream, Streams};
use tokio::sync::watch;
use tokio::time::{Instant, MissedTickBehavior};
use tokio_util::sync::CancellationToken;

use super::context::Context;
use super::paths::{BOTH, CAMERA};
use super::process_table::ProcessId;
use super::server::client::PathItem;

const EVERY: Duration = Duration::from_secs(1);
/// Weight of the newest second in the shown bit rate: calm enough to read, fresh enough to trust.
const NEWEST: f64 = 0.4;

/// The statistics of one poll.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct StreamStats {
    pub(super) streams: Streams,
    /// Paths that receive bytes from a publisher, as of the last poll.
    pub(super) flowing: Vec<String>,
    /// Counts polls, so that a reader can tell a new one from an old one.
    pub(super) polls: u64,
}

pub(super) async fn run(ctx: Arc<Context>, stats: watch::Sender<StreamStats>, stop: CancellationToken) {
    let mut before: HashMap<String, Before> = HashMap::new();
    let mut up = ctx.mediamtx_up.subscribe();
    let mut tick = tokio::time::interval(EVERY);
    tick.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        tokio::select! {
            () = stop.cancelled() => return,
            Ok(()) = up.changed() => {
                // Counters start from zero with a new MediaMTX.
                before.clear();
                if up.borrow_and_update().is_none() {
                    stats.send_modify(|stats| {
                        stats.streams.live = false;
                        for stream in &mut stats.streams.streams {
                            stream.active = false;
                            stream.bitrate_kbps = 0.0;
                        }
                        stats.flowing.clear();
                    });
                }
            }
            _ = tick.tick(), if ctx.up() => {
                match ctx.client().paths().await {
                    Ok(items) => {
                        let now = Instant::now();
                        let streams: Vec<Stream> =
                            items.iter().map(|item| figures(&ctx, item, &mut before, now)).collect();
                        let flowing = streams.iter().filter(|it| it.active).map(|it| it.name.clone()).collect();
                        stats.send_modify(|stats| {
                            stats.streams = Streams { live: true, streams, viewers: Vec::new() };
                            stats.flowing = flowing;
                            stats.polls += 1;
                        });
                    }
                    // The health probe is the judge of MediaMTX; here it only means that the figures are old.
                    Err(error) => {
                        tracing::debug!(%error, "no stream figures");
                        stats.send_if_modified(|stats| std::mem::replace(&mut stats.streams.live, false));
                    }
                }
            }
        }
    }
}

struct Before {
    inbound: u64,
    at: Instant,
    kbps: f64,
}

fn figures(ctx: &Context, item: &PathItem, before: &mut HashMap<String, Before>, now: Instant) -> Stream {
    let last = before.get(&item.name);
    let grown = last.map_or(item.inbound_bytes, |last| item.inbound_bytes.saturating_sub(last.inbound));
    // The slate of an always-available path counts as inbound too, so bytes alone do not make it active.
    let active = item.online && grown > 0;
    let kbps = match last {
        Some(last) if active => {
            let seconds = now.duration_since(last.at).as_secs_f64().max(0.001);
            #[expect(clippy::cast_precision_loss, reason = "bytes in a second")]
            let newest = grown as f64 * 8.0 / 1000.0 / seconds;
            if last.kbps == 0.0 { newest } else { last.kbps + NEWEST * (newest - last.kbps) }
        }
        _ => 0.0,
    };
    before.insert(item.name.clone(), Before { inbound: item.inbound_bytes, at: now, kbps });
    let readers = item.readers.iter().filter(|reader| !ctx.access.is_own_reader(&reader.id)).count();
    let dimension = |name: &str| {
        item.tracks2
            .iter()
            .filter_map(|track| track.codec_props.as_ref()?.get(name)?.as_u64())
            .find_map(|value| u32::try_from(value).ok())
    };
    Stream {
        name: item.name.clone(),
        active,
        readers: readers as u64,
        bytes_received: item.inbound_bytes,
        bytes_sent: item.outbound_bytes,
        bitrate_kbps: kbps.round(),
        fps: match item.name.as_str() {
            CAMERA if active => ctx.health[ProcessId::Camera].progress.fps(),
            BOTH if active => ctx.health[ProcessId::Muxer].progress.fps(),
            _ => None,
        },
        codecs: item.tracks2.iter().map(|track| track.codec.clone()).collect(),
        width: dimension("width"),
        height: dimension("height"),
    }
}
