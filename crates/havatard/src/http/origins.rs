//! Where browsers reach the panel, as far as this machine can tell.

use std::net::{IpAddr, Ipv4Addr};

use nix::ifaddrs::getifaddrs;

use super::server::Listening;

/// More are of no help to a person who looks for the right one.
const MOST: usize = 8;

/// Origins, the likeliest first: the configured names, then the address that is listened at, or those of the machine.
pub(super) fn of(listening: Listening, names: &[&str], interfaces: &[IpAddr]) -> Vec<String> {
    let (scheme, port) = (listening.scheme(), listening.address.port());
    let usual = if listening.tls { 443 } else { 80 };
    let origin = |host: &str| {
        let port = if port == usual { String::new() } else { format!(":{port}") };
        format!("{scheme}://{host}{port}")
    };
    let literal = |ip: IpAddr| match ip {
        IpAddr::V4(ip) => ip.to_string(),
        IpAddr::V6(ip) => format!("[{ip}]"),
    };
    let bound = listening.address.ip();
    let mut reached = vec![bound];
    if bound.is_unspecified() {
        reached = interfaces.iter().copied().filter(|ip| bound.is_ipv6() || ip.is_ipv4()).collect();
        if reached.is_empty() {
            reached.push(IpAddr::V4(Ipv4Addr::LOCALHOST));
        }
    }
    let addresses = reached.into_iter().map(|ip| origin(&literal(ip)));
    let configured =
        names.iter().map(|name| origin(&name.parse().map_or_else(|_| (*name).to_owned(), literal)));
    // Behind a proxy its names are not at this port and scheme: what is certain goes first.
    let mut origins: Vec<String> = if bound.is_loopback() {
        addresses.chain(configured).collect()
    } else {
        configured.chain(addresses).collect()
    };
    origins.truncate(MOST);
    origins
}

/// The addresses by which other machines may reach this one, IPv4 first.
pub(super) fn interfaces() -> Vec<IpAddr> {
    let mut found: Vec<IpAddr> = getifaddrs()
        .into_iter()
        .flatten()
        .filter_map(|interface| {
            let address = interface.address?;
            let v4 = address.as_sockaddr_in().map(|v4| IpAddr::V4(v4.ip()));
            v4.or_else(|| address.as_sockaddr_in6().map(|v6| IpAddr::V6(v6.ip())))
        })
        .filter(|ip| match ip {
            IpAddr::V4(v4) => !v4.is_loopback() && !v4.is_link_local(),
            IpAddr::V6(v6) => !v6.is_loopback() && !v6.is_unicast_link_local(),
        })
        .collect();
    found.sort_by_key(IpAddr::is_ipv6);
    found.dedup();
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(address: &str, tls: bool) -> Listening {
        Listening { address: address.parse().unwrap(), tls }
    }

    #[test]
    fn a_machine_without_an_address_is_reached_by_itself() {
        let only_v6 = ["2001:db8::7".parse().unwrap()];
        for interfaces in [&[][..], &only_v6] {
            assert_eq!(of(at("0.0.0.0:8443", true), &[], interfaces), ["https://127.0.0.1:8443"]);
        }
    }

    #[test]
    fn names_come_first_and_a_wildcard_is_every_address_of_the_machine() {
        let interfaces: [IpAddr; 2] = ["192.0.2.7".parse().unwrap(), "2001:db8::7".parse().unwrap()];
        let cases = [
            (at("127.0.0.1:8080", false), vec![], vec!["http://127.0.0.1:8080"]),
            (
                at("192.0.2.7:443", true),
                vec!["robot.example"],
                vec!["https://robot.example", "https://192.0.2.7"],
            ),
            (
                at("0.0.0.0:8443", true),
                vec!["robot.local"],
                vec!["https://robot.local:8443", "https://192.0.2.7:8443"],
            ),
            (
                at("127.0.0.1:8080", false),
                vec!["robot.example"],
                vec!["http://127.0.0.1:8080", "http://robot.example:8080"],
            ),
            (
                at("192.0.2.7:443", true),
                vec!["2001:db8::9"],
                vec!["https://[2001:db8::9]", "https://192.0.2.7"],
            ),
            (at("[::]:80", false), vec![], vec!["http://192.0.2.7", "http://[2001:db8::7]"]),
        ];
        for (listening, names, expected) in cases {
            assert_eq!(of(listening, &names, &interfaces), expected);
        }
    }
}
