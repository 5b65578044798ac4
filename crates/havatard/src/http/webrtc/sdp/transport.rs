//! ICE credentials and DTLS certificate of an offer: one for all its media, which are bundled.

use std::fmt::Write as _;

use sdp_types::{Attribute, Fingerprint, HashFunc, IcePwd, IceUfrag, Setup};

use super::error::SdpError;

/// ICE credentials that may be passed on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Credentials {
    pub(super) ufrag: String,
    pub(super) password: String,
}

impl Credentials {
    /// The credentials of a list of attributes; none if they are absent or unusable.
    pub(super) fn of(attributes: &[Attribute]) -> Option<Self> {
        let ufrag: IceUfrag = first(attributes)?;
        let password: IcePwd = first(attributes)?;
        (is_ice(&ufrag.0, 4) && is_ice(&password.0, 22))
            .then_some(Self { ufrag: ufrag.0, password: password.0 })
    }

    pub(super) fn write(&self, out: &mut String) {
        let _ = write!(out, "a=ice-ufrag:{}\r\na=ice-pwd:{}\r\n", self.ufrag, self.password);
    }
}

/// What the media of an offer share.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Transport {
    credentials: Credentials,
    hash: &'static str,
    fingerprint: Vec<u8>,
    setup: &'static str,
}

impl Transport {
    /// Reads the transport of a media line; what it does not say, the session does.
    pub(super) fn of(media: &[Attribute], session: &[Attribute]) -> Result<Self, SdpError> {
        let credentials = Credentials::of(media).or_else(|| Credentials::of(session)).ok_or(SdpError::Ice)?;
        let (hash, fingerprint) =
            fingerprint(media).or_else(|| fingerprint(session)).ok_or(SdpError::Fingerprint)?;
        let setup = match first(media).or_else(|| first(session)) {
            None | Some(Setup::ActPass) => "actpass",
            Some(Setup::Active) => "active",
            Some(Setup::Passive) => "passive",
            Some(setup @ Setup::HoldConn) => return Err(SdpError::Setup(setup.to_string())),
        };
        Ok(Self { credentials, hash, fingerprint, setup })
    }

    pub(super) fn write(&self, out: &mut String) {
        self.credentials.write(out);
        let bytes: Vec<String> = self.fingerprint.iter().map(|byte| format!("{byte:02X}")).collect();
        let _ = write!(out, "a=fingerprint:{} {}\r\na=setup:{}\r\n", self.hash, bytes.join(":"), self.setup);
    }
}

/// The first attribute of a type, if it can be read.
fn first<T: sdp_types::TypedAttribute>(attributes: &[Attribute]) -> Option<T> {
    let found = attributes.iter().find(|it| it.attribute.eq_ignore_ascii_case(T::NAME))?;
    found.value.as_deref().unwrap_or_default().parse().ok()
}

/// The first fingerprint by a hash that MediaMTX computes; the shortest of them serves as well as the others.
fn fingerprint(attributes: &[Attribute]) -> Option<(&'static str, Vec<u8>)> {
    let all = attributes.iter().filter(|it| it.attribute.eq_ignore_ascii_case("fingerprint"));
    all.filter_map(|it| it.value.as_deref()?.parse::<Fingerprint>().ok())
        .filter_map(|it| {
            let (name, length) = match it.hash_func {
                HashFunc::Sha256 => ("sha-256", 32),
                HashFunc::Sha384 => ("sha-384", 48),
                HashFunc::Sha512 => ("sha-512", 64),
                _ => return None,
            };
            (it.fingerprint.len() == length).then_some((name, it.fingerprint))
        })
        .min_by_key(|(_, bytes)| bytes.len())
}

/// Whether a text has only characters of ICE (RFC 8839), and a length that ICE allows.
fn is_ice(text: &str, shortest: usize) -> bool {
    let plain = |b: u8| b.is_ascii_alphanumeric() || b == b'+' || b == b'/';
    (shortest..=256).contains(&text.len()) && text.bytes().all(plain)
}
