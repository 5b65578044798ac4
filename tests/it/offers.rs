//! Offers that clients should not send: none of them ends what the others see.

use std::collections::BTreeMap;
use std::time::{Duration, SystemTime};

use havatar_tests::sound::SoundCard;
use havatar_tests::{BOTH, Dice, Person, Plan, figure, offers, pause};
use reqwest::Method;

const WHEP: &str = "/api/mediamtx/webrtc/whep";
const WHIP: &str = "/api/mediamtx/webrtc/whip";
const TO: [&str; 4] =
    [WHEP, "/api/mediamtx/webrtc/whep?path=havatar_audio", "/api/mediamtx/webrtc/whep?path=havatar", WHIP];

/// Sign-ins that offer in turn.
const PEOPLE: usize = 16;

/// `HAVATAR_TEST_OFFERS` is their number: 100000 take some minutes.
#[tokio::test]
async fn no_offer_and_no_fragment_ends_mediamtx_and_a_viewer_beside_keeps_its_picture() {
    let count = std::env::var("HAVATAR_TEST_OFFERS").map_or(400, |text| text.parse().expect("a number"));
    let card = SoundCard::new().await;
    let daemon = card.as_loudspeaker(Plan::new()).launch().await;
    daemon.ready().await;
    let viewer = daemon.viewer(BOTH);
    let before = viewer.painted_after(SystemTime::UNIX_EPOCH, Duration::from_secs(20)).await;
    let (mediamtx, restarts) = (daemon.pid_of("mediamtx").await, daemon.process("mediamtx").await.restarts);

    let admin = daemon.admin();
    // The ones that were seen to end it: media lines without a direction, and no media at all.
    let both = [("video", "H264/90000"), ("audio", "opus/48000/2")];
    assert_eq!(post(&admin, TO[2], offers::offer(&both, "")).await.0, 201, "absent means both ways");
    assert_eq!(post(&admin, WHIP, offers::offer(&both[1..], "")).await.0, 201);
    assert_eq!(post(&admin, TO[2], offers::offer(&[], "")).await.0, 400);
    assert_eq!(post(&admin, TO[2], offers::offer(&[("text", "t140/1000")], "")).await.0, 400);

    // One sign-in may claim the talk channel only every two seconds.
    let mut people = Vec::new();
    for _ in 0..PEOPLE {
        people.push(daemon.person().await);
    }
    let mut dice = Dice::new("offers");
    let mut answers: BTreeMap<u16, usize> = BTreeMap::new();
    for turn in 0..count {
        let (to, person) = (dice.one_of(&TO), &people[turn % PEOPLE]);
        let (status, session) = post(person, to, offers::any(&mut dice)).await;
        *answers.entry(status).or_default() += 1;
        let Some(session) = session else { continue };
        if dice.below(4) == 0 {
            let fragment = offers::fragment(&mut dice);
            let patched = person.send(Method::PATCH, &session, |it| {
                it.header("content-type", "application/trickle-ice-sdpfrag").body(fragment)
            });
            let status = patched.await.expect("an answer").status;
            assert!([200, 204, 400, 404].contains(&status), "{status} to a fragment");
        }
        assert_eq!(person.ask(Method::DELETE, &session, None).await.status, 200);
    }
    figure("offers_by_answer", format!("{answers:?}"));
    assert_eq!(daemon.pid_of("mediamtx").await, mediamtx, "MediaMTX is the one from before");
    assert_eq!(daemon.process("mediamtx").await.restarts, restarts);
    let after = viewer.painted_after(SystemTime::now(), Duration::from_secs(20)).await;
    assert_eq!(after.session, before.session, "the viewer was never thrown out");
    assert!(answers.keys().all(|status| [201, 400, 406, 413].contains(status)), "{answers:?}");
    assert!(answers[&201] * 8 > count, "enough of them come as far as MediaMTX: {answers:?}");
}

/// Status and, when it began, the session of an offer.
async fn post(person: &Person, to: &str, body: String) -> (u16, Option<String>) {
    let ask = async || {
        let offered = body.clone();
        let asked =
            person.send(Method::POST, to, |it| it.header("content-type", "application/sdp").body(offered));
        asked.await.expect("an answer")
    };
    let mut answer = ask().await;
    // All of them together claim the talk channel too often.
    while answer.status == 503 && answer.code() == "busy" {
        pause(Duration::from_millis(50)).await;
        answer = ask().await;
    }
    assert!(answer.status < 500, "{} to {to}: {}\n{body}", answer.status, answer.text());
    (answer.status, (answer.status == 201).then(|| answer.header("location").to_owned()))
}
