//! SDP offers and ICE fragments, read and written anew.
//!
//! Nothing that a client sends reaches MediaMTX as it is. An offer is parsed, checked against what MediaMTX can answer, and
//! rendered again from the parts that are known here; the rest is left out. MediaMTX ends, for everybody, on an offer to
//! which its answer has no media, and this is the only thing that stands before it.
//!
//! `offer.rs` reads an offer, `media.rs` its media lines, `transport.rs` its ICE credentials and certificate fingerprint,
//! `candidate.rs` its candidates; `fragment.rs` reads what comes after the offer (RFC 8840).

mod candidate;
mod error;
mod fragment;
mod media;
mod offer;
#[cfg(test)]
mod tests;
mod transport;

pub(super) use candidate::CANDIDATES;
pub(super) use error::SdpError;
pub(super) use fragment::Fragment;
pub(super) use offer::{Wanted, offer};

/// Whether a text is a token (RFC 8866) of at most `longest` characters.
fn is_token(text: &str, longest: usize) -> bool {
    let plain = |b: u8| b.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`{|}~".contains(&b);
    (1..=longest).contains(&text.len()) && text.bytes().all(plain)
}
