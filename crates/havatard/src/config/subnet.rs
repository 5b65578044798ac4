//! Addresses of reverse proxies.

use std::borrow::Cow;
use std::fmt;
use std::net::IpAddr;

use ipnet::IpNet;
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};

use super::scalar::{Scalar, ValueError, scalar, shown};

/// An IP address, or a network of them: `127.0.0.1`, `10.0.0.0/8`, `fd00::/8`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Subnet(IpNet);

impl Subnet {
    /// Whether the address is in it. An IPv4 address that is mapped into IPv6 counts as itself.
    pub fn contains(&self, address: IpAddr) -> bool {
        self.0.contains(&address.to_canonical())
    }

    fn from_scalar(scalar: Scalar) -> Result<Self, ValueError> {
        const FORM: &str = "write an IP address or a network, like 127.0.0.1 or 10.0.0.0/8";
        let text = scalar.text(FORM)?;
        if let Ok(address) = text.parse::<IpAddr>() {
            return Ok(Self(address.to_canonical().into()));
        }
        let Ok(net) = text.parse::<IpNet>() else {
            return Err(ValueError::new(format!("{} is not an address or a network", shown(&text)), FORM));
        };
        if net.prefix_len() == 0 {
            return Err(ValueError::new(
                format!("{} is every address, so any client could say who it is", shown(&text)),
                "name the proxy's own address",
            ));
        }
        if net.addr() != net.network() {
            let fix = format!("write {} for the network, or {} for the one address", net.trunc(), net.addr());
            return Err(ValueError::new(format!("{} has bits after its prefix", shown(&text)), fix));
        }
        Ok(Self(net))
    }
}

impl fmt::Display for Subnet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.0.prefix_len() == self.0.max_prefix_len() { self.0.addr().fmt(f) } else { self.0.fmt(f) }
    }
}

impl JsonSchema for Subnet {
    fn schema_name() -> Cow<'static, str> {
        "Subnet".into()
    }
    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "type": "string",
            "description": "An IP address, or a network of them: 127.0.0.1, 10.0.0.0/8, fd00::/8.",
            "pattern": "^[0-9A-Fa-f.:]+(/[0-9]{1,3})?$",
        })
    }
}

scalar!(Subnet);

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<Subnet, serde_json::Error> {
        serde_json::from_value(text.into())
    }

    #[test]
    fn addresses_and_networks() {
        let has = |subnet: &str, address: &str| read(subnet).unwrap().contains(address.parse().unwrap());
        assert!(has("127.0.0.1", "127.0.0.1") && has("127.0.0.1", "::ffff:127.0.0.1"));
        assert!(!has("127.0.0.1", "127.0.0.2") && !has("127.0.0.1", "::1"));
        assert!(has("10.0.0.0/8", "10.255.0.1") && !has("10.0.0.0/8", "11.0.0.1"));
        assert!(has("fd00::/8", "fd12::1") && !has("fd00::/8", "2001:db8::1"));
        for (text, shown) in [("127.0.0.1/32", "127.0.0.1"), ("10.0.0.0/8", "10.0.0.0/8"), ("::1", "::1")] {
            assert_eq!(read(text).unwrap().to_string(), shown);
        }
    }

    #[test]
    fn what_is_none_is_refused_with_what_to_write() {
        let cases = [
            ("proxy.local", "is not an address"),
            ("10.0.0.0/33", "is not an address"),
            ("127.0.0.1:80", "is not an address"),
            ("", "is not an address"),
            ("0.0.0.0/0", "every address"),
            ("::/0", "every address"),
            ("10.0.0.1/8", "10.0.0.0/8"),
        ];
        for (text, expected) in cases {
            let error = read(text).unwrap_err().to_string();
            assert!(error.contains(expected), "{text}: {error}");
        }
    }
}
