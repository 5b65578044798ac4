//! The applied config: what was written for the running MediaMTX, and whether that has been verified.

use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use crate::media::context::unpoisoned;

use super::render::Rendered;

/// Shared by launch, probe and reload.
#[derive(Default)]
pub(crate) struct AppliedConfig {
    /// Counts launches, so that one can be told from the one before.
    launches: AtomicU64,
    verified: AtomicBool,
    wanted: Mutex<Option<Rendered>>,
    /// Held while the settings file is written and checked: a launch and a reload may do so at the same moment.
    pub(crate) writing: tokio::sync::Mutex<()>,
}

impl AppliedConfig {
    /// A launch begins, and `wanted` is to come into force by it.
    pub(crate) fn launch(&self, wanted: Rendered) {
        self.now_runs(wanted);
        self.verified.store(false, Ordering::Release);
        self.launches.fetch_add(1, Ordering::AcqRel);
    }

    /// `wanted` has been read back from the MediaMTX that runs, or is about to be.
    pub(crate) fn now_runs(&self, wanted: Rendered) {
        *unpoisoned(&self.wanted) = Some(wanted);
    }

    pub(crate) fn launches(&self) -> u64 {
        self.launches.load(Ordering::Acquire)
    }

    /// What was written has been read back.
    pub(crate) fn set_verified(&self) {
        self.verified.store(true, Ordering::Release);
    }

    pub(crate) fn verified(&self) -> bool {
        self.verified.load(Ordering::Acquire)
    }

    /// The settings that were written last.
    pub(crate) fn wanted(&self) -> Option<Rendered> {
        unpoisoned(&self.wanted).clone()
    }
}
