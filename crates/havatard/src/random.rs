//! The one way to draw secrets and names that nobody can guess.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use rand::TryRng as _;
use rand::rngs::SysRng;

/// `N` random bytes from the operating system, as base64url without padding: the alphabet needs no quoting in a URL,
/// in YAML, in an HTTP header or in a file name.
///
/// # Panics
/// If the operating system gives none, which Linux does not do once it is up.
pub fn text<const N: usize>() -> String {
    let mut bytes = [0_u8; N];
    SysRng.try_fill_bytes(&mut bytes).expect("the operating system gives random bytes");
    URL_SAFE_NO_PAD.encode(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_are_as_long_as_asked_for_and_differ() {
        assert_eq!(text::<32>().len(), 43);
        assert_eq!(text::<9>().len(), 12);
        assert_ne!(text::<16>(), text::<16>());
    }
}
