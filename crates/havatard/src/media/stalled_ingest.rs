//! Stalled ingest: a publisher says that it produces, and MediaMTX receives nothing from it.

use super::process_table::{ProcessId, ProcessTable};
use super::stream_stats::StreamStats;

/// A publisher is restarted after so many polls in a row.
const POLLS: u32 = 2;

/// Counts, for each publisher, the polls in a row at which its ingest was stalled.
#[derive(Default)]
pub(crate) struct StalledIngest {
    counts: ProcessTable<u32>,
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
        producing: impl Fn(ProcessId) -> bool,
    ) -> Vec<ProcessId> {
        if stats.polls == self.polls {
            return Vec::new();
        }
        self.polls = stats.polls;
        let mut stalled = Vec::new();
        for id in ProcessId::PUBLISHERS {
            let received = stats.flowing.iter().any(|path| Some(path.as_str()) == id.published_path());
            let count = self.counts.entry(id);
            *count = if producing(id) && stats.streams.live && !received { *count + 1 } else { 0 };
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
        let camera = |id| id == ProcessId::Camera;
        assert!(stalled.observe(&stats(1, true, &[]), camera).is_empty());
        assert!(stalled.observe(&stats(1, true, &[]), camera).is_empty(), "the same poll counts once");
        assert_eq!(stalled.observe(&stats(2, true, &["havatar"]), camera), [ProcessId::Camera]);
        assert!(stalled.observe(&stats(3, true, &[]), camera).is_empty(), "counted anew");
        assert!(stalled.observe(&stats(4, true, &["havatar_camera"]), camera).is_empty());
        assert!(stalled.observe(&stats(5, true, &[]), camera).is_empty());
        assert!(stalled.observe(&stats(6, false, &[]), camera).is_empty(), "old figures prove nothing");
        assert!(stalled.observe(&stats(7, true, &[]), |_| false).is_empty());
    }
}
