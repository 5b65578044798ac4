//! Network sources and files: what comes from them, and what is done with it.
//!
//! A source is probed before each launch (`probe`), because everything that goes wrong with it later can be said then in
//! a sentence of ours: that it has no video, that its video cannot be passed on as it is, that it has no clock. `address` says how
//! ffmpeg and ffprobe reach it, without a secret on a command line and without a way to other addresses. `socket` opens those
//! that serve one client only, so that probe and encoder share one connection. `found` is what ffprobe reports, `plan` what
//! follows from it, both pure. `words` turns the errors of ffmpeg and ffprobe into sentences, and `probe_cache` spares a launch that follows at once its probe.

pub(crate) mod address;
pub(crate) mod found;
pub(crate) mod open;
pub(crate) mod plan;
pub(crate) mod probe;
pub(crate) mod probe_cache;
pub(crate) mod socket;
pub(crate) mod words;
