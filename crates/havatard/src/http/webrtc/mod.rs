//! WebRTC signalling on our own origin: WHEP, to watch and listen, and WHIP, to talk.
//!
//! MediaMTX names a session by a secret in its `Location`, and that secret alone permits to change or end the session. So
//! the secret stays in the daemon: the client gets an opaque id, which is valid only together with the credentials that
//! began the session. SDP, secrets and `Location`s are never logged.
//!
//! `signalling.rs` serves both protocols, which differ by a row in `protocol.rs`; `whep.rs` and `whip.rs` are their
//! routes. `sdp/` reads what clients send and renders what of it is passed on. `sessions.rs` knows the sessions, `upstream.rs` is the client to MediaMTX. A WHIP session also owns the talk
//! channel (`talk_channel.rs`); `talk.rs` opens and closes its microphone.

mod errors;
mod protocol;
mod sdp;
mod sessions;
mod signalling;
pub(super) mod talk;
mod talk_channel;
mod upstream;
pub(super) mod whep;
pub(super) mod whip;

pub(super) use protocol::LARGEST_SDP;
pub(super) use sessions::Sessions;
#[cfg(test)]
pub(super) use sessions::{WATCHING, WATCHING_OF_PERSON};
pub(super) use talk_channel::TalkChannel;
