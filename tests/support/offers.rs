//! SDP offers and ICE fragments as careless and hostile clients send them.

use std::net::{IpAddr, Ipv4Addr, UdpSocket};
use std::sync::LazyLock;

use crate::Dice;

/// The ICE password of each offer, which no log may show.
pub const ICE_PASSWORD: &str = "canaryIcePassword0123456789abcd";

/// An address of this machine that is not loopback, if it has one: what MediaMTX sends to it stays here. Asking for the way to
/// an address sends nothing.
static OWN_ADDRESS: LazyLock<IpAddr> = LazyLock::new(|| {
    let way = || {
        let socket = UdpSocket::bind("0.0.0.0:0")?;
        socket.connect("192.0.2.1:9")?;
        socket.local_addr()
    };
    way().map_or(Ipv4Addr::LOCALHOST.into(), |address| address.ip())
});

/// A whole offer of these tracks (kind and codec), with a direction or without (`""`).
pub fn offer(tracks: &[(&str, &str)], direction: &str) -> String {
    let mids: Vec<String> = (0..tracks.len()).map(|mid| mid.to_string()).collect();
    let mut parts = vec![format!(
        "v=0\r\no=- 4004873962 2 IN IP4 0.0.0.0\r\ns=-\r\nt=0 0\r\na=group:BUNDLE {}\r\na=msid-semantic:WMS *\r\n",
        mids.join(" ")
    )];
    let own = *OWN_ADDRESS;
    for (mid, (kind, codec)) in tracks.iter().enumerate() {
        let (payload_type, fingerprint) = (96 + mid, ["7B"; 32].join(":"));
        parts.push(if *kind == "application" {
            format!("m=application 9 UDP/DTLS/SCTP webrtc-datachannel\r\na=mid:{mid}\r\na=sctp-port:5000\r\n")
        } else {
            format!(
                "m={kind} 9 UDP/TLS/RTP/SAVPF {payload_type} 0\r\nc=IN IP4 192.0.2.2\r\na=mid:{mid}\r\n{direction}\
                 a=rtcp-mux\r\na=extmap:1 urn:ietf:params:rtp-hdrext:sdes:mid\r\na=msid:- story{mid}\r\n\
                 a=ssrc:{payload_type} cname:story\r\na=rtpmap:{payload_type} {codec}\r\n\
                 a=rtcp-fb:{payload_type} nack pli\r\n"
            )
        });
        parts.push(format!(
            "a=candidate:1 1 udp 2130706431 {own} 35226 typ host\r\na=ice-ufrag:story\r\na=ice-pwd:{ICE_PASSWORD}\r\n\
             a=fingerprint:sha-256 {fingerprint}\r\na=setup:actpass\r\n"
        ));
    }
    parts.concat()
}

/// A fragment of one candidate; every other one restarts ICE.
pub fn fragment(dice: &mut Dice) -> String {
    let own = *OWN_ADDRESS;
    let head = if dice.below(2) == 0 {
        format!("a=ice-ufrag:next{}\r\na=ice-pwd:{ICE_PASSWORD}\r\n", dice.below(1000))
    } else {
        String::new()
    };
    mutate(
        &format!(
            "{head}m=video 9 UDP/TLS/RTP/SAVPF 0\r\na=mid:0\r\n\
             a=candidate:1 1 udp 2130706431 {own} 35226 typ host\r\na=end-of-candidates\r\n"
        ),
        dice,
    )
}

/// An offer by chance: any tracks, any direction, then some damage.
pub fn any(dice: &mut Dice) -> String {
    let tracks = [
        ("video", "H264/90000"),
        ("video", "VP8/90000"),
        ("video", "H265/90000"),
        ("audio", "opus/48000/2"),
        ("audio", "PCMU/8000"),
        ("audio", "unknown/1"),
        ("application", ""),
        ("text", "t140/1000"),
    ];
    let directions = ["", "a=recvonly\r\n", "a=sendrecv\r\n", "a=sendonly\r\n", "a=inactive\r\n"];
    // Most of them are what a viewer or a talker would send, so that much of it gets as far as MediaMTX.
    let chosen: Vec<_> = match dice.below(8) {
        0..=2 => vec![tracks[0], tracks[3]],
        3 => vec![tracks[0]],
        4 => vec![tracks[3]],
        5 => vec![tracks[0], tracks[3], tracks[6]],
        _ => (0..dice.below(5)).map(|_| dice.one_of(&tracks)).collect(),
    };
    let text = offer(&chosen, dice.one_of(&directions));
    mutate(&text, dice)
}

/// Up to three edits: of lines, of words, of characters.
fn mutate(text: &str, dice: &mut Dice) -> String {
    let words = [
        "0",
        "1",
        "65536",
        "-1",
        "*",
        "BUNDLE",
        "video",
        "audio",
        "recvonly",
        "rid:1 send",
        "simulcast:send 1;~2",
        "rid:\u{1F600} recv",
        "mid:",
        "mid:0",
        "mid:a b",
        "inactive",
        "ssrc-group:FID 1 2",
        "extmap-allow-mixed",
        "ice-lite",
        "setup:active",
        "bundle-only",
        "fmtp:96 apt=97",
        "crypto:1 x inline:y",
        "candidate:",
        "\u{0}",
    ];
    let mut lines: Vec<String> = text.split("\r\n").map(str::to_owned).collect();
    for _ in 0..dice.below(4) {
        let (at, other) = (dice.below(lines.len()), dice.below(lines.len()));
        match dice.below(8) {
            0 if lines.len() > 1 => drop(lines.remove(at)),
            1 => lines.swap(at, other),
            2 => lines.insert(at, lines[other].clone()),
            3 => lines.insert(at, format!("a={}", dice.one_of(&words))),
            4 => {
                let mut parts: Vec<String> = lines[at].split(' ').map(str::to_owned).collect();
                let part = dice.below(parts.len());
                dice.one_of(&words).clone_into(&mut parts[part]);
                lines[at] = parts.join(" ");
            }
            5 => lines[at].push_str(dice.one_of(&words)),
            6 => {
                let half = lines[at].chars().count() / 2;
                lines[at] = lines[at].chars().take(half).collect();
            }
            _ => lines[at] = lines[at].repeat(1 + dice.below(40)),
        }
    }
    lines.join("\r\n")
}
