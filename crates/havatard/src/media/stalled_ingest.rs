//! Stalled ingest: a publisher says that it produces, and MediaMTX receives nothing from it.

use super::process_table::{ProcessId, ProcessTable};
use super::stream_stats::StreamStats;

/// A publisher is restarted after so many polls in a row.
const POLLS: u32 = 2;

/// Counts, for each publisher, the polls at which it had produced something since the poll before, and nothing had arrived. A
/// slow camera produces nothing at most polls, and such a poll says neither.
#[derive(Default)]
pub(crate) struct StalledIngest {
    counts: ProcessTable<u32>,
    produced: ProcessTable<u64>,
    /// The last poll that was counted.
    polls: u64,
}

impl StalledIngest {
    /// At the last poll a publisher was without ingest that is to be restarted after more such polls.
    pub(crate) fn suspects(&self) -> bool {
        self.counts.all().iter().any(|count| *count > 0)
    }

    /// The publishers to restart.
    pub(crate) fn observe(
        &mut self,
        stats: &StreamStats,
        produced: impl Fn(ProcessId) -> Option<u64>,
    ) -> Vec<ProcessId> {
        if stats.polls == self.polls {
            return Vec::new();
        }
        self.polls = stats.polls;
        let mut stalled = Vec::new();
        for id in ProcessId::PUBLISHERS {
            let received = stats.flowing.iter().any(|path| Some(path.as_str()) == id.published_path());
            let produced = produced(id);
            let before = std::mem::replace(self.produced.entry(id), produced.unwrap_or_default());
            let count = self.counts.entry(id);
            match produced {
                Some(produced) if stats.streams.live && !received => *count += u32::from(produced != before),
                _ => *count = 0,
            }
            if *count >= POLLS {
                *count = 0;
                stalled.push(id);
            }
        }
        stalled
    }
}

#[cfg(test)]
mod tests {
    use havatar_api::Streams;

    use super::*;

    #[test]
    fn a_publisher_is_restarted_after_two_polls_without_ingest() {
        let mut stalled = StalledIngest::default();
        let stats = |polls, live, flowing: &[&str]| StreamStats {
            streams: Streams { live, ..Streams::default() },
            flowing: flowing.iter().map(|path| (*path).to_owned()).collect(),
            polls,
        };
        let camera = |frames: u64| move |id: ProcessId| (id == ProcessId::Camera).then_some(frames);
        assert!(stalled.observe(&stats(1, true, &[]), camera(1)).is_empty());
        assert!(stalled.observe(&stats(1, true, &[]), camera(2)).is_empty(), "the same poll counts once");
        assert_eq!(stalled.observe(&stats(2, true, &["havatar"]), camera(2)), [ProcessId::Camera]);
        assert!(stalled.observe(&stats(3, true, &[]), camera(3)).is_empty(), "counted anew");
        assert!(stalled.observe(&stats(4, true, &["havatar_camera"]), camera(4)).is_empty());
        assert!(stalled.observe(&stats(5, true, &[]), camera(5)).is_empty());
        assert!(stalled.observe(&stats(6, false, &[]), camera(6)).is_empty(), "old figures prove nothing");
        assert!(stalled.observe(&stats(7, true, &[]), |_| None).is_empty());
    }

    #[test]
    fn a_camera_with_a_frame_every_few_seconds_is_not_stalled_in_between() {
        let mut stalled = StalledIngest::default();
        for poll in 1..=60 {
            // A frame at every fifth poll, which is counted by MediaMTX at the one after it.
            let flowing =
                if poll % 5 == 1 && poll > 5 { vec!["havatar_camera".to_owned()] } else { Vec::new() };
            let stats =
                StreamStats { streams: Streams { live: true, ..Streams::default() }, flowing, polls: poll };
            let produced = |id: ProcessId| (id == ProcessId::Camera).then_some(poll / 5);
            assert!(stalled.observe(&stats, produced).is_empty(), "{poll}");
        }
    }
}
