//! Offers and fragments of clients, good and bad.

use proptest::prelude::*;
use sdp_types::{Direction, Session};

use super::{Fragment, SdpError, Wanted, offer};

const PASSWORD: &str = "0123456789012345678901";

/// An offer of a browser that wants to receive both.
fn browser() -> String {
    let fingerprint = ["5A"; 32].join(":");
    [
        "v=0",
        "o=mozilla 4004873962 2 IN IP4 192.0.2.9",
        "s=-",
        "t=0 0",
        "a=group:BUNDLE 0 1",
        "a=msid-semantic:WMS *",
        "m=video 35226 UDP/TLS/RTP/SAVPF 97 98 99 101",
        "c=IN IP4 192.0.2.2",
        "a=recvonly",
        "a=extmap:1 urn:ietf:params:rtp-hdrext:sdes:mid",
        "a=extmap:3 http://www.webrtc.org/experiments/rtp-hdrext/abs-send-time",
        "a=mid:0",
        "a=rtcp-mux",
        "a=rtpmap:97 VP8/90000",
        "a=rtpmap:98 rtx/90000",
        "a=fmtp:98 apt=97",
        "a=rtpmap:99 H264/90000",
        "a=rtcp-fb:99 nack",
        "a=rtcp-fb:99 nack pli",
        "a=rtcp-fb:* goog-remb",
        "a=fmtp:99 level-asymmetry-allowed=1;packetization-mode=1;profile-level-id=42001f;x=\"y",
        "a=rtpmap:101 AV1/90000",
        "a=candidate:1 1 udp 2130706431 192.0.2.2 35226 typ host generation 0 ufrag ygSR",
        "a=candidate:2 1 tcp 2130706431 192.0.2.2 9 typ host tcptype passive",
        "a=candidate:3 1 udp 2130706431 127.0.0.1 22 typ host",
        "a=candidate:4 1 udp 2130706431 0d3b1b0e.local 5000 typ host",
        "a=ice-ufrag:ygSR",
        &format!("a=ice-pwd:{PASSWORD}"),
        &format!("a=fingerprint:sha-256 {fingerprint}"),
        "a=fingerprint:sha-1 00:01",
        "a=setup:actpass",
        "m=audio 38328 UDP/TLS/RTP/SAVPF 96 0",
        "c=IN IP4 192.0.2.2",
        "a=recvonly",
        "a=mid:1",
        "a=rtpmap:96 opus/48000/2",
        "a=ice-ufrag:ygSR",
        &format!("a=ice-pwd:{PASSWORD}"),
        &format!("a=fingerprint:sha-256 {fingerprint}"),
        "",
    ]
    .join("\r\n")
}

fn without(prefix: &str) -> String {
    let browser = browser();
    let kept: Vec<&str> = browser.lines().filter(|line| !line.starts_with(prefix)).chain([""]).collect();
    kept.join("\r\n")
}

#[test]
fn what_is_known_is_passed_on_and_nothing_else() {
    let rendered = offer(browser().as_bytes(), Wanted::Both).unwrap();
    insta::assert_snapshot!(rendered);
}

#[test]
fn a_media_section_without_a_direction_gets_the_one_of_the_route() {
    let rendered = offer(without("a=recvonly").as_bytes(), Wanted::Video).unwrap();
    assert_eq!(rendered.matches("a=recvonly\r\n").count(), 2);
    let both_ways = browser().replace("a=recvonly", "a=sendrecv");
    assert_eq!(offer(both_ways.as_bytes(), Wanted::Video).unwrap(), rendered);
    let of_session = without("a=recvonly").replace("t=0 0\r\n", "t=0 0\r\na=recvonly\r\n");
    assert_eq!(offer(of_session.as_bytes(), Wanted::Video).unwrap(), rendered);
}

#[test]
fn a_voice_is_one_track_of_opus_that_is_sent() {
    let from = |direction: &str| {
        let head = browser();
        let (session, _) = head.split_once("m=video").unwrap();
        let (_, audio) = head.split_once("m=audio").unwrap();
        format!("{session}m=audio{audio}a=msid:- 05269754\r\na=ssrc:7 cname:ac5ccd1d\r\n")
            .replace("BUNDLE 0 1", "BUNDLE 1")
            .replace("a=recvonly\r\n", direction)
    };
    for direction in ["", "a=sendonly\r\n", "a=sendrecv\r\n"] {
        let rendered = offer(from(direction).as_bytes(), Wanted::Voice).unwrap();
        assert!(rendered.contains("a=sendonly\r\n"), "{rendered}");
        assert!(rendered.contains("a=msid:- 05269754\r\na=ssrc:7 cname:ac5ccd1d\r\n"), "{rendered}");
    }
    for direction in ["a=recvonly\r\n", "a=inactive\r\n"] {
        let refused = offer(from(direction).as_bytes(), Wanted::Voice).unwrap_err();
        assert!(matches!(refused, SdpError::Tracks(..)), "{refused}");
    }
    assert!(matches!(offer(browser().as_bytes(), Wanted::Voice), Err(SdpError::Tracks(..))));
}

#[test]
fn what_cannot_be_answered_is_refused_with_its_reason() {
    let cases = [
        (String::new(), "is no SDP"),
        ("v=0\r\nnonsense".to_owned(), "is no SDP"),
        ("v=0\r\no=- 1 1 IN IP4 0.0.0.0\r\ns=-\r\nt=0 0\r\n".to_owned(), "no media line"),
        (browser().replace("m=video", "m=text"), "\"text\""),
        (browser().replace("m=audio", "m=video"), "more than one video line"),
        (browser().replace("a=mid:1", "a=mid:0"), "mid"),
        (without("a=mid:1"), "mid"),
        (browser().replace("a=mid:1", "a=mid:1 2"), "mid"),
        (without("a=group"), "does not bundle"),
        (browser().replace("BUNDLE 0 1", "BUNDLE 1"), "does not bundle"),
        (browser().replace("BUNDLE 0 1", "LS 0 1"), "does not bundle"),
        (without("a=ice-ufrag"), "ICE credentials"),
        (browser().replace(PASSWORD, "short"), "ICE credentials"),
        (without("a=fingerprint"), "fingerprint"),
        (browser().replace(":5A:5A", ""), "fingerprint"),
        (browser().replace("actpass", "holdconn"), "holdconn"),
        (browser().replace("H264", "H265"), "no H.264"),
        (browser().replace("a=recvonly", "a=sendonly"), "no H.264"),
        (browser().replace("a=recvonly", "a=inactive"), "no H.264"),
        (browser().replace("m=video 35226", "m=video 0"), "no H.264"),
        (browser().replace("SAVPF 96 0", "SAVPF x y"), "no payload type"),
    ];
    for (offered, reason) in cases {
        let refused = offer(offered.as_bytes(), Wanted::Video).unwrap_err().to_string();
        assert!(refused.contains(reason), "{reason}: {refused}\n{offered}");
        assert!(refused.contains(": "), "the cure: {refused}");
    }
    let silent = browser().replace("opus", "G729");
    assert!(offer(silent.as_bytes(), Wanted::Video).is_ok(), "the camera needs no audio");
    let refused = offer(silent.as_bytes(), Wanted::Audio).unwrap_err().to_string();
    assert!(refused.contains("no Opus"), "{refused}");
}

#[test]
fn candidates_of_the_robot_itself_of_tcp_and_beyond_sixteen_stay_out() {
    let mut lines = vec!["m=audio 9 UDP/TLS/RTP/SAVPF 0".to_owned(), "a=mid:0".to_owned()];
    let none = [
        "1 1 tcp 1 192.0.2.1 1000 typ host tcptype passive",
        "1 1 TCP 1 192.0.2.1 1000 typ host tcptype active",
        "1 2 udp 1 192.0.2.1 1000 typ host",
        "1 1 udp 1 192.0.2.1 0 typ host",
        "1 1 udp 1 127.0.0.1 1000 typ host",
        "1 1 udp 1 127.8.0.1 1000 typ srflx raddr 0.0.0.0 rport 0",
        "1 1 udp 1 0.0.0.0 1000 typ host",
        "1 1 udp 1 169.254.1.1 1000 typ host",
        "1 1 udp 1 224.0.0.251 1000 typ host",
        "1 1 udp 1 255.255.255.255 1000 typ host",
        "1 1 udp 1 ::1 1000 typ host",
        "1 1 udp 1 :: 1000 typ host",
        "1 1 udp 1 ::ffff:127.0.0.1 1000 typ host",
        "1 1 udp 1 ::127.0.0.1 1000 typ host",
        "1 1 udp 1 64:ff9b::7f00:1 1000 typ host",
        "1 1 udp 1 fe80::1 1000 typ host",
        "1 1 udp 1 ff02::fb 1000 typ host",
        "1 1 udp 1 robot.local 1000 typ host",
        "1 1 udp 1 localhost 1000 typ host",
        "1 1 udp 1 192.0.2.1 1000 typ other",
        "nonsense",
    ];
    lines.extend(none.map(|line| format!("a=candidate:{line}")));
    let rendered = Fragment::parse(lines.join("\r\n").as_bytes()).unwrap().render();
    assert!(!rendered.contains("candidate:"), "{rendered}");
    for port in 1..=100 {
        let line = format!("a=candidate:1 1 udp 1 192.0.2.1 {port} typ host");
        lines.extend([line.clone(), line]);
    }
    lines.push("a=candidate:1 1 udp 1 2001:db8::1 9 typ host".to_owned());
    let mut fragment = Fragment::parse(lines.join("\r\n").as_bytes()).unwrap();
    assert_eq!(fragment.render().matches("a=candidate:").count(), 16);
    assert_eq!(fragment.limit(3), 3);
    assert_eq!(fragment.render().matches("a=candidate:").count(), 3);
}

#[test]
fn a_fragment_brings_candidates_credentials_or_the_end() {
    let restart = format!("a=ice-ufrag:next\r\na=ice-pwd:{PASSWORD}\r\nm=video 9 x 0\r\na=mid:video0\r\n");
    let fragment = Fragment::parse(restart.as_bytes()).unwrap();
    assert_eq!(fragment.ufrag(), Some("next"));
    assert!(fragment.render().starts_with(&format!("a=ice-ufrag:next\r\na=ice-pwd:{PASSWORD}\r\nm=")));
    let of_media = format!("m=video 9 x 0\r\na=mid:0\r\na=ice-ufrag:next\r\na=ice-pwd:{PASSWORD}\r\n");
    assert_eq!(Fragment::parse(of_media.as_bytes()).unwrap().ufrag(), Some("next"));
    assert!(Fragment::parse(b"a=end-of-candidates").unwrap().render().ends_with("a=end-of-candidates\r\n"));
    for empty in ["", "a=mid:0\r\n", "a=ice-ufrag:next\r\n", "m=audio 9 x 0\r\na=mid:0\r\n"] {
        assert_eq!(Fragment::parse(empty.as_bytes()), Err(SdpError::EmptyFragment), "{empty}");
    }
    assert!(matches!(Fragment::parse(b"v=1\r\n\r\nx"), Err(SdpError::NotSdp(_))));
}

proptest! {
    /// Whatever is offered: what is passed on has media, each with a direction, and one of them is used.
    #[test]
    fn what_is_passed_on_can_be_answered(
        edits in prop::collection::vec((0..60usize, 0..60usize, 0..6u8, ".{0,12}"), 0..12),
        wanted in prop::sample::select(vec![Wanted::Video, Wanted::Audio, Wanted::Both, Wanted::Voice]),
    ) {
        let mut lines: Vec<String> = browser().lines().map(str::to_owned).collect();
        for (at, other, what, text) in edits {
            if lines.is_empty() { break }
            let (at, other) = (at % lines.len(), other % lines.len());
            match what {
                0 => { lines.remove(at); }
                1 => lines.swap(at, other),
                2 => lines.insert(at, lines[other].clone()),
                3 => lines[at].push_str(&text),
                4 => lines[at] = text,
                _ => { let half = lines[at].len() / 2; if lines[at].is_char_boundary(half) { lines[at].truncate(half); } }
            }
        }
        if let Ok(rendered) = offer(lines.join("\n").as_bytes(), wanted) {
            let again = Session::parse(rendered.as_bytes()).unwrap();
            prop_assert!(!again.medias.is_empty());
            for media in &again.medias {
                let directions = media.attributes.iter().filter(|it| it.attribute.parse::<Direction>().is_ok());
                prop_assert_eq!(directions.count(), usize::from(media.media != "application"));
            }
            let used = if wanted == Wanted::Voice { "a=sendonly" } else { "a=recvonly" };
            prop_assert!(rendered.contains(used));
            // What was rendered is rendered the same: it holds nothing that is not known.
            prop_assert_eq!(offer(rendered.as_bytes(), wanted), Ok(rendered));
        }
    }
}
