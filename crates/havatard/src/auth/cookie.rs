//! The text of the session cookie.

use std::time::Duration;

/// The most values of the cookie read from one request: a browser sends several if another program on the same host
/// name has set one of the same name.
const MOST: usize = 4;

/// The name of the session cookie. Over TLS the `__Host-` prefix makes the browser keep to HTTPS, this
/// host and the whole site; over plain loopback HTTP such a cookie would not be stored everywhere.
pub fn name(tls: bool) -> &'static str {
    if tls { "__Host-havatar" } else { "havatar" }
}

/// The `Set-Cookie` value that signs a browser in for at most `lasts`.
pub fn set(tls: bool, value: &str, lasts: Duration) -> String {
    let secure = if tls { "; Secure" } else { "" };
    format!("{}={value}; Path=/; Max-Age={}; HttpOnly; SameSite=Strict{secure}", name(tls), lasts.as_secs())
}

/// The `Set-Cookie` value that deletes the cookie.
pub fn clear(tls: bool) -> String {
    set(tls, "", Duration::ZERO)
}

/// The session cookie's values in a request's `Cookie` headers, at most four.
pub fn values<'a>(tls: bool, headers: impl IntoIterator<Item = &'a str>) -> impl Iterator<Item = &'a str> {
    headers
        .into_iter()
        .flat_map(|header| header.split(';'))
        .filter_map(move |pair| pair.trim().strip_prefix(name(tls))?.strip_prefix('='))
        .filter(|value| !value.is_empty())
        .take(MOST)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn flags_over_tls_and_over_plain_loopback() {
        assert_eq!(
            set(true, "v", Duration::from_mins(1)),
            "__Host-havatar=v; Path=/; Max-Age=60; HttpOnly; SameSite=Strict; Secure"
        );
        assert_eq!(
            set(false, "v", Duration::from_mins(1)),
            "havatar=v; Path=/; Max-Age=60; HttpOnly; SameSite=Strict"
        );
        assert_eq!(clear(false), "havatar=; Path=/; Max-Age=0; HttpOnly; SameSite=Strict");
    }

    #[test]
    fn finds_ours_among_others() {
        let found = |tls, headers: &[&'static str]| values(tls, headers.iter().copied()).collect::<Vec<_>>();
        assert_eq!(found(false, &["a=b; havatar=one;havatar=two", "havatar=three"]), ["one", "two", "three"]);
        assert_eq!(found(true, &["havatar=plain; __Host-havatar=ours"]), ["ours"]);
        assert_eq!(found(false, &["havatarx=1; xhavatar=2; __Host-havatar=3; havatar="]), [""; 0]);
        assert_eq!(found(false, &["havatar=1;havatar=2;havatar=3;havatar=4;havatar=5"]).len(), 4);
    }
}
