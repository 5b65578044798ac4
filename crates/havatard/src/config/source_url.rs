//! The URL of a network source, and the one place that knows which parts of it are secret.

use std::borrow::Cow;
use std::fmt;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};

use super::scalar::{Scalar, ValueError, scalar, shown};

/// A stream that FFmpeg can read over the network: `rtsp://192.168.1.30/stream`.
///
/// Scheme, host and port may be shown. Everything else can be a secret: a login, a query with a token, a path that
/// nobody is to guess. It is shown nowhere, and FFmpeg gets it on its standard input instead of its command line, which
/// every user of the machine can read. In the config itself a login is refused: it belongs into a file of its own.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct SourceUrl {
    text: String,
    /// Its path may be shown on a command line: it was written into the config, not into a secret's file.
    public_path: bool,
}

const FORM: &str = "write a URL that begins with rtsp, rtsps, http, https, srt, udp or tcp, \
                    like rtsp://192.168.1.30/stream";
const TO_FILE: &str = "write the whole URL into a file that only havatard's user may read (chmod 600), and name \
                       that file as media.camera.url_file";
/// Values shorter than this are left in a line: hiding each "1" would hide the line.
const SHORTEST: usize = 4;

impl SourceUrl {
    /// The schemes that are accepted, all of them networks: no file, no device, no filter graph.
    pub const SCHEMES: [&'static str; 7] = ["rtsp", "rtsps", "http", "https", "srt", "udp", "tcp"];

    /// The URL, as written. Not for logs, messages or arguments.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// The scheme, one of [`Self::SCHEMES`].
    pub fn scheme(&self) -> &str {
        self.parts().scheme
    }

    /// Host and port, as written.
    pub fn host(&self) -> &str {
        self.parts().host
    }

    /// `user:password`, as written, where there is one.
    pub fn login(&self) -> Option<&str> {
        self.parts().login
    }

    /// Path, query and fragment, as written.
    pub fn path(&self) -> &str {
        self.parts().path
    }

    /// It must not stand in an argument.
    pub fn is_secret(&self) -> bool {
        let parts = self.parts();
        !self.public_path || parts.login.is_some() || parts.path.contains(['?', '#'])
    }

    /// The URL in a file of its own, on the first line that is not empty.
    ///
    /// # Errors
    /// What is wrong with it, and what to write, without quoting it.
    pub fn from_file(content: &str) -> Result<Self, (String, String)> {
        let mut lines = content.lines().map(str::trim).filter(|line| !line.is_empty());
        let parsed = match (lines.next(), lines.next()) {
            (Some(line), None) => Self::parse(line.to_owned(), false),
            (None, _) => Err(ValueError::new("the file is empty", FORM)),
            (Some(_), Some(_)) => Err(ValueError::new("the file holds more than one line", FORM)),
        };
        parsed.map_err(ValueError::into_parts)
    }

    /// The line without this URL and without any secret part of it.
    pub fn hide<'a>(&self, line: &'a str) -> Cow<'a, str> {
        let mut line = Cow::Borrowed(line);
        let mut replace = |secret: &str, by: &str| {
            if !secret.is_empty() && line.contains(secret) {
                line = line.replace(secret, by).into();
            }
        };
        replace(&self.text, &self.to_string());
        for secret in self.secrets() {
            replace(&secret, "***");
        }
        line
    }

    /// Host and port of a URL of any kind, where it has one.
    pub fn host_of(url: &str) -> Option<&str> {
        parts(url).map(|parts| parts.host)
    }

    /// The secret parts in the forms in which a program may repeat them, the longest first.
    fn secrets(&self) -> Vec<String> {
        let parts = self.parts();
        let mut secrets: Vec<&str> = Vec::new();
        if let Some(login) = parts.login {
            secrets.push(login);
            secrets.extend(login.split_once(':').map(|(_, password)| password));
        }
        let (path, query) = parts.path.split_once('?').unwrap_or((parts.path, ""));
        if !self.public_path {
            secrets.push(path.trim_start_matches('/'));
        }
        secrets.push(query);
        secrets.extend(query.split(['&', ';', '#']).filter_map(|pair| Some(pair.split_once('=')?.1)));
        let both = secrets.iter().flat_map(|text| [(*text).to_owned(), decoded(text)]);
        let mut all: Vec<String> = both.filter(|text| text.chars().count() >= SHORTEST).collect();
        // A password is hidden however short it is, where it stands as one.
        all.extend(parts.login.map(|login| format!("{login}@")));
        all.sort_by_key(|text| std::cmp::Reverse(text.len()));
        all.dedup();
        all
    }

    fn parts(&self) -> Parts<'_> {
        parts(&self.text).unwrap_or(Parts { scheme: "", login: None, host: "", path: "" })
    }

    fn from_scalar(scalar: Scalar) -> Result<Self, ValueError> {
        let Scalar::Text(text) = scalar else {
            return Err(ValueError::new("this is not a URL", FORM));
        };
        Self::parse(text, true)
    }

    /// The value is never quoted in a message: it may hold a password.
    fn parse(text: String, from_config: bool) -> Result<Self, ValueError> {
        let Some(parts) = parts(&text) else {
            return Err(ValueError::new("this is not a URL", FORM));
        };
        if !Self::SCHEMES.contains(&parts.scheme) {
            return Err(ValueError::new(format!("the scheme {} is not accepted", shown(parts.scheme)), FORM));
        }
        if text.chars().any(|c| c.is_control() || c.is_whitespace()) {
            return Err(ValueError::new(
                "the URL holds a space or a control character",
                "write a space in a URL as %20",
            ));
        }
        // A password with a slash would be taken for a host and a path.
        if parts.path.contains('@') || parts.login.is_some_and(|login| login.contains('@')) {
            return Err(ValueError::new(
                "the URL has an @ behind the login or behind the host, so its login has no clear end",
                "write / as %2F, @ as %40, ? as %3F and # as %23 in a user name, a password or a path",
            ));
        }
        let passphrase = parts.path.to_ascii_lowercase().contains("passphrase=");
        if from_config && (parts.login.is_some() || passphrase) {
            return Err(ValueError::new(
                "the URL holds a login, which does not belong into the config",
                TO_FILE,
            ));
        }
        if parts.host.is_empty()
            || parts.host.starts_with(':') && parts.scheme != "srt" && parts.scheme != "udp"
        {
            return Err(ValueError::new("the URL names no host", FORM));
        }
        Ok(Self { text, public_path: from_config })
    }
}

struct Parts<'a> {
    scheme: &'a str,
    login: Option<&'a str>,
    host: &'a str,
    /// With its slash, and with query and fragment.
    path: &'a str,
}

fn parts(text: &str) -> Option<Parts<'_>> {
    let (scheme, rest) = text.split_once("://")?;
    let (authority, path) = rest.split_at(rest.find(['/', '?', '#']).unwrap_or(rest.len()));
    let (login, host) = match authority.rsplit_once('@') {
        // A multicast address is written behind an @, without a login.
        Some(("", host)) => (None, host),
        Some((login, host)) => (Some(login), host),
        None => (None, authority),
    };
    Some(Parts { scheme, login, host, path })
}

fn decoded(text: &str) -> String {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((&first, tail)) = rest.split_first() {
        let code = match (first, tail) {
            (b'%', [high, low, ..]) => std::str::from_utf8(&[*high, *low])
                .ok()
                .and_then(|digits| u8::from_str_radix(digits, 16).ok()),
            _ => None,
        };
        bytes.push(code.unwrap_or(first));
        rest = if code.is_some() { &tail[2..] } else { tail };
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

/// Scheme and host only.
impl fmt::Display for SourceUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let parts = self.parts();
        let more = if parts.path.is_empty() { "" } else { "/..." };
        write!(f, "{}://{}{more}", parts.scheme, parts.host)
    }
}

impl fmt::Debug for SourceUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SourceUrl({self})")
    }
}

impl JsonSchema for SourceUrl {
    fn schema_name() -> Cow<'static, str> {
        "SourceUrl".into()
    }
    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "type": "string",
            "description": "A stream's URL, without a login: rtsp://192.168.1.30/stream.",
            "pattern": "^(rtsps?|https?|srt|udp|tcp)://[^\\s]+$",
        })
    }
}

scalar!(SourceUrl);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_secret_of_a_url_is_left_in_a_line() {
        for (url, lines) in [
            (
                "rtsp://admin:pa%2Fss%40word@cam:554/live?key=s3cr3t&x=1",
                [
                    "Impossible to open 'rtsp://admin:pa%2Fss%40word@cam:554/live?key=s3cr3t&x=1'",
                    "401 for admin:pa/ss@word",
                    "GET /live?key=s3cr3t&x=1 refused, key s3cr3t",
                ],
            ),
            (
                "http://cam/stream-aaaa-bbbb",
                [
                    "http://cam/stream-aaaa-bbbb: 404",
                    "GET /stream-aaaa-bbbb",
                    "[tcp] tcp://cam:80 stream-aaaa-bbbb",
                ],
            ),
            ("http://u:p@cam/", ["http://u:p@cam/: 401", "u:p@cam", "x"]),
        ] {
            let url = SourceUrl::from_file(&format!("\n {url} \n")).unwrap();
            assert!(url.is_secret());
            for line in lines {
                let shown = url.hide(line);
                for secret in ["pa%2Fss", "pa/ss", "s3cr3t", "aaaa", "u:p"] {
                    assert!(!shown.contains(secret), "{line}: {shown}");
                }
            }
            assert!(!format!("{url} {url:?}").contains("live"), "{url:?}");
        }
    }

    #[test]
    fn a_login_without_a_clear_end_is_refused_and_not_repeated() {
        for url in [
            "rtsp://a:hunter/2@cam/1",
            "rtsp://a:hunter@2@cam/1",
            "http://a:1?hunter@cam",
            "http://cam/hunter@x",
        ] {
            let (message, fix) = SourceUrl::from_file(url).unwrap_err();
            assert!(message.contains('@') && fix.contains("%2F") && !message.contains("hunter"), "{message}");
        }
        assert!(SourceUrl::from_file("\n").is_err());
        assert!(SourceUrl::from_file("rtsp://cam/1\nrtsp://cam/2").is_err());
        assert_eq!(SourceUrl::from_file("udp://@239.0.0.1:1234").unwrap().host(), "239.0.0.1:1234");
        assert_eq!(decoded("a%2Fb%zz%4"), "a/b%zz%4");
    }
}
