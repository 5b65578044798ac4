//! Persists the number of the daemon's runs, so that lease numbers only rise, over restarts too.

use std::path::Path;

use crate::disk::{self, Existing};

/// Counts the runs of the daemon.
const RUNS: &str = "lease-runs";
/// Lease numbers for each run.
const PER_RUN: u64 = 1_000_000;

/// The number above which this run's leases begin. Blocks on the disk. If it cannot be written, the next run may use the
/// same numbers, which is harmless: tokens of an earlier run are void in any case.
pub(super) fn first_lease(state_dir: &Path) -> u64 {
    let path = state_dir.join(RUNS);
    let former = disk::read(&path).ok().and_then(|text| text.trim().parse::<u64>().ok()).unwrap_or(0);
    // A larger number is damage; lease numbers must stay exact in every client's arithmetic.
    let run = if former < 1_000_000_000 { former } else { 0 };
    let next = format!("{}\n", run + 1);
    if let Err(error) = disk::write(&path, next.as_bytes(), Existing::Replace) {
        tracing::warn!(file = %path.display(), %error, "the next run may use this run's lease numbers again");
    }
    run * PER_RUN
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lease_numbers_only_go_up() {
        let dir = tempfile::tempdir().unwrap();
        let firsts: Vec<u64> = (0..3).map(|_| first_lease(dir.path())).collect();
        assert_eq!(firsts, [0, PER_RUN, 2 * PER_RUN]);
        std::fs::write(dir.path().join(RUNS), "99999999999999999999").unwrap();
        assert_eq!(first_lease(dir.path()), 0, "damage is not believed");
        assert_eq!(first_lease(dir.path()), PER_RUN);
    }
}
