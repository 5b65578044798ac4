//! ICE candidates of a client (RFC 8839).
//!
//! MediaMTX sends packets to every candidate that it is given, and connects to those of TCP. So only what a viewer needs is
//! passed on: UDP to the address of a machine, a few of them, and none that names the robot's own loopback or link.

use std::collections::HashSet;
use std::fmt::Write as _;
use std::net::IpAddr;

use sdp_types::{Candidate, CandidateAddress, CandidateType};

use super::is_token;

/// The largest number of candidates of one session, until its ICE is restarted.
pub(in crate::http::webrtc) const CANDIDATES: usize = 16;

/// Candidates that may be passed on, without repetition.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Candidates {
    taken: Vec<(String, IpAddr, u16, u32, &'static str)>,
    known: HashSet<(IpAddr, u16)>,
}

impl Candidates {
    /// Takes a candidate if it may be passed on and there is room for it.
    pub(super) fn take(&mut self, candidate: &Candidate) {
        if self.taken.len() >= CANDIDATES {
            return;
        }
        let Some(kept) = passable(candidate) else { return };
        if self.known.insert((kept.1, kept.2)) {
            self.taken.push(kept);
        }
    }

    pub(super) fn truncate(&mut self, most: usize) {
        self.taken.truncate(most);
    }

    pub(super) fn len(&self) -> usize {
        self.taken.len()
    }

    pub(super) fn write(&self, out: &mut String) {
        for (foundation, ip, port, priority, kind) in &self.taken {
            // Writing to a String cannot fail.
            let _ = write!(out, "a=candidate:{foundation} 1 udp {priority} {ip} {port} typ {kind}\r\n");
        }
    }
}

fn passable(candidate: &Candidate) -> Option<(String, IpAddr, u16, u32, &'static str)> {
    let CandidateAddress::IpAddr(ip) = candidate.address else {
        // A name of mDNS: MediaMTX does not look it up.
        return None;
    };
    let ip = ip.to_canonical();
    let kind = match candidate.typ {
        CandidateType::Host => "host",
        CandidateType::Srflx => "srflx",
        CandidateType::Prflx => "prflx",
        CandidateType::Relay => "relay",
        CandidateType::Other(_) => return None,
    };
    let fits = candidate.transport.eq_ignore_ascii_case("udp")
        && candidate.component_id == 1
        && candidate.port != 0
        && is_token(&candidate.foundation, 32)
        && is_of_a_machine(ip);
    let priority = u32::try_from(candidate.priority).ok()?;
    fits.then(|| (candidate.foundation.clone(), ip, candidate.port, priority, kind))
}

/// Whether an address names one machine of a network, seen from the robot.
fn is_of_a_machine(ip: IpAddr) -> bool {
    match ip {
        IpAddr::V4(ip) => {
            // 0.0.0.0/8 is "this host"; 240.0.0.0/4 is reserved, and holds the broadcast address.
            let [first, ..] = ip.octets();
            !(first == 0 || first >= 240 || ip.is_loopback() || ip.is_link_local() || ip.is_multicast())
        }
        IpAddr::V6(ip) => {
            // The form ::a.b.c.d is obsolete; what is mapped or translated names an IPv4 address by another way.
            let [first, second, ..] = ip.segments();
            let embeds = ip.to_ipv4().is_some() || (first, second) == (0x64, 0xff9b) || first == 0x2002;
            !(ip.is_unspecified()
                || ip.is_loopback()
                || ip.is_unicast_link_local()
                || ip.is_multicast()
                || embeds)
        }
    }
}
