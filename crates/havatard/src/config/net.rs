//! Addresses, host names and URLs.

use std::borrow::Cow;
use std::fmt;
use std::net::{IpAddr, Ipv6Addr, SocketAddr};

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};

use super::scalar::{Scalar, ValueError, scalar, shown, text};

/// An address and port to listen on: `127.0.0.1:8080`, `[::1]:8080`, `0.0.0.0:8189`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct ListenAddr(pub SocketAddr);

impl ListenAddr {
    /// `127.0.0.1` with this port.
    pub const fn loopback(port: u16) -> Self {
        Self(SocketAddr::new(IpAddr::V4(std::net::Ipv4Addr::LOCALHOST), port))
    }

    /// Reached from this machine only.
    pub fn is_loopback(self) -> bool {
        self.0.ip().to_canonical().is_loopback()
    }

    /// The two cannot both be listened on: one port, and addresses that overlap. Port 0, which asks the
    /// kernel for a free one, overlaps nothing.
    pub fn overlaps(self, other: Self) -> bool {
        let (a, b) = (self.0.ip().to_canonical(), other.0.ip().to_canonical());
        // [::] takes the port for IPv4 as well, 0.0.0.0 for IPv4 alone.
        let covers = |wide: IpAddr, narrow: IpAddr| {
            wide == IpAddr::V6(Ipv6Addr::UNSPECIFIED)
                || (wide.is_unspecified() && wide.is_ipv4() && narrow.is_ipv4())
        };
        self.0.port() == other.0.port() && self.0.port() != 0 && (a == b || covers(a, b) || covers(b, a))
    }

    fn from_scalar(scalar: Scalar) -> Result<Self, ValueError> {
        const FORM: &str = "write an IP address and a port, like 127.0.0.1:8080 or [::1]:8080";
        let text = match scalar {
            Scalar::Text(text) => text,
            Scalar::Whole(port @ 0..=65535) => {
                return Err(ValueError::new(
                    format!("{port} is a port without an address"),
                    format!("write 127.0.0.1:{port}"),
                ));
            }
            other => return Err(ValueError::new(format!("{other} is not a listen address"), FORM)),
        };
        if let Ok(address) = text.parse() {
            return Ok(Self(address));
        }
        let port = text.rsplit_once(':').and_then(|(host, port)| Some((host, port.parse::<u16>().ok()?)));
        Err(match port {
            Some(("localhost", port)) => ValueError::new(
                format!("{} has a name where an IP address is needed", shown(&text)),
                format!("write 127.0.0.1:{port}"),
            ),
            Some(("", port)) => ValueError::new(
                format!("{} is a port without an address", shown(&text)),
                format!("write 127.0.0.1:{port} for this machine only, 0.0.0.0:{port} for the network"),
            ),
            _ => ValueError::new(format!("{} is not a listen address", shown(&text)), FORM),
        })
    }
}

impl fmt::Display for ListenAddr {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl JsonSchema for ListenAddr {
    fn schema_name() -> Cow<'static, str> {
        "ListenAddr".into()
    }
    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "type": "string",
            "description": "An IP address and a port: 127.0.0.1:8080, [::1]:8080.",
            "pattern": "^([0-9.]+|\\[[0-9A-Fa-f:.%]+\\]):[0-9]{1,5}$",
        })
    }
}

scalar!(ListenAddr);

/// A host name or IP address without scheme or port, in lower case: `robot.local`, `192.168.1.20`.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct HostName(String);

impl HostName {
    /// In lower case; an IPv6 address without brackets.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    fn from_scalar(scalar: Scalar) -> Result<Self, ValueError> {
        const FORM: &str = "write a name or an IP address alone, like robot.local or 192.168.1.20";
        let text = scalar.text(FORM)?;
        if let Some(name) = host(&text) {
            return Ok(Self(name));
        }
        let wrong = |what: &str| Err(ValueError::new(format!("{} {what}", shown(&text)), FORM));
        if text.contains("://") {
            wrong("is a URL, not a host name")
        } else if text.rsplit_once(':').is_some_and(|(name, _)| host(name).is_some()) {
            wrong("has a port, which does not belong here")
        } else if text.contains('*') {
            wrong("has a wildcard, which is not supported")
        } else {
            wrong("is not a host name")
        }
    }
}

impl JsonSchema for HostName {
    fn schema_name() -> Cow<'static, str> {
        "HostName".into()
    }
    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "type": "string",
            "description": "A host name or IP address, without scheme or port: robot.local, 192.168.1.20.",
            "pattern": "^[0-9A-Za-z_.:\\[\\]-]+$",
        })
    }
}

text!(HostName);

/// A STUN or TURN server: `stun:host[:port]`, `turn:host[:port][?transport=udp|tcp]`, `turns:` alike.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct IceUrl(String);

impl IceUrl {
    /// The URL, as written.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// A relay, which wants a user name and a password.
    pub fn is_turn(&self) -> bool {
        !self.0.starts_with("stun:")
    }

    fn from_scalar(scalar: Scalar) -> Result<Self, ValueError> {
        const FORM: &str = "write stun:host:port, turn:host:port or turns:host:port";
        let text = scalar.text(FORM)?;
        let (scheme, rest) = text.split_once(':').unwrap_or((text.as_str(), ""));
        if !matches!(scheme, "stun" | "turn" | "turns") {
            return Err(ValueError::new(format!("{} is not a STUN or TURN server", shown(&text)), FORM));
        }
        if rest.starts_with("//") {
            let fix = format!("write {scheme}:{}", rest.trim_start_matches('/').escape_debug());
            return Err(ValueError::new(
                format!("{} has slashes, which this kind of URL has not", shown(&text)),
                fix,
            ));
        }
        if rest.contains('@') {
            return Err(ValueError::new(
                "has a login in the URL",
                "write the user name as username and the password into a file named by password_file",
            ));
        }
        let (address, query) = rest.split_once('?').map_or((rest, None), |(a, q)| (a, Some(q)));
        let query_ok =
            query.is_none_or(|query| scheme != "stun" && matches!(query, "transport=udp" | "transport=tcp"));
        let address_ok = host(address).is_some()
            || address.rsplit_once(':').is_some_and(|(name, port)| {
                host(name).is_some() && port.parse::<u16>().is_ok_and(|port| port != 0)
            });
        if address_ok && query_ok {
            Ok(Self(text))
        } else {
            Err(ValueError::new(format!("{} is not a STUN or TURN server", shown(&text)), FORM))
        }
    }
}

impl JsonSchema for IceUrl {
    fn schema_name() -> Cow<'static, str> {
        "IceUrl".into()
    }
    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "type": "string",
            "description": "A STUN or TURN server: stun:host:port, turn:host:port, turns:host:port.",
            "pattern": "^(stun:[^/@?]+|turns?:[^/@?]+(\\?transport=(udp|tcp))?)$",
        })
    }
}

text!(IceUrl);

/// A bare host name or IP address (IPv6 with or without brackets), in lower case.
fn host(text: &str) -> Option<String> {
    let bare = text.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')).unwrap_or(text);
    if let Ok(address) = bare.parse::<IpAddr>() {
        return (bare == text || address.is_ipv6()).then(|| address.to_string());
    }
    let label = |label: &str| {
        (1..=63).contains(&label.len())
            && label.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_')
            && !label.starts_with('-')
            && !label.ends_with('-')
    };
    // A last label of digits alone would be read as a (broken) IPv4 address.
    let numeric = text.rsplit('.').next().is_some_and(|last| last.bytes().all(|b| b.is_ascii_digit()));
    (text.len() <= 253 && !numeric && text.split('.').all(label)).then(|| text.to_ascii_lowercase())
}
