//! Random secrets, and the fingerprints by which they are stored and compared.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use sha2::{Digest as _, Sha256};
use subtle::ConstantTimeEq as _;

use crate::random;

/// 256 random bits from the operating system, as 43 characters of base64url.
///
/// It has no `Debug` and no `Display`: the only way to its text is [`Secret::expose`].
#[derive(Clone)]
pub struct Secret(String);

impl Secret {
    /// A fresh one.
    pub fn random() -> Self {
        Self(random::text::<32>())
    }

    /// One that was read from its file.
    pub(crate) fn from_text(text: String) -> Self {
        Self(text)
    }

    /// Its text, for the one place that hands it out.
    pub fn expose(&self) -> &str {
        &self.0
    }

    /// What may be kept and compared.
    pub fn digest(&self) -> Fingerprint {
        Fingerprint::of(&self.0)
    }
}

/// The SHA-256 of a secret of at least 128 random bits: safe to keep, and compared in constant time.
/// (A password that a person thinks up would need a slow hash instead.)
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Fingerprint([u8; 32]);

impl std::fmt::Debug for Fingerprint {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Fingerprint")
    }
}

impl Fingerprint {
    /// The fingerprint of what a person presented.
    pub fn of(presented: &str) -> Self {
        Self(Sha256::digest(presented.as_bytes()).into())
    }

    /// Whether both are of the same secret, in a time that does not depend on where they differ.
    pub fn matches(&self, other: &Self) -> bool {
        self.0.ct_eq(&other.0).into()
    }

    pub(crate) fn to_text(self) -> String {
        URL_SAFE_NO_PAD.encode(self.0)
    }

    pub(crate) fn from_text(text: &str) -> Option<Self> {
        URL_SAFE_NO_PAD.decode(text).ok()?.try_into().ok().map(Self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secrets_are_long_and_differ() {
        let (one, other) = (Secret::random(), Secret::random());
        assert_eq!(one.expose().len(), 43);
        assert_ne!(one.expose(), other.expose());
        assert!(!one.digest().matches(&other.digest()));
        assert!(one.digest().matches(&Fingerprint::of(one.expose())));
    }

    #[test]
    fn fingerprints_survive_their_text() {
        let fingerprint = Fingerprint::of("x");
        assert!(Fingerprint::from_text(&fingerprint.to_text()) == Some(fingerprint));
        assert!(Fingerprint::from_text("short").is_none());
    }
}
