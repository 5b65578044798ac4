//! Steps by request.

use super::*;

#[test]
fn a_step_by_request_needs_a_live_socket() {
    let request = |press, token: &str| havatar_api::StepRequest {
        token: token.to_owned(),
        press,
        t: 5.0,
        beat: 1,
        beat_t: 5.0,
        step: StepMove::Cm(5),
    };
    let start = Instant::now();
    let mut core = Core::new("port", SPEED_LIMITS, 0, (None, true), start);
    core.on_link_event(LinkEvent::Up(controller()), start);
    core.on_link_event(LinkEvent::Reported(report(DeviceState::Held)), start);
    let secret = Secret::random();
    core.acquire(&who("ana"), IfHeld::Refuse, secret.digest(), Timestamp::now(), start).unwrap();
    assert_eq!(core.step(&request(1, secret.expose()), start), Err(Refusal::NoSocket));
    assert_eq!(core.step(&request(1, "other"), start), Err(Refusal::NoLease));
    let (session, _) = core.open_session(&secret.digest(), start).unwrap();
    let beat = core.beat(session, start).unwrap();
    let silent = havatar_api::StepRequest { beat, ..request(1, secret.expose()) };
    assert_eq!(core.step(&silent, start), Err(Refusal::NoSocket), "it has said nothing yet");
    let at = Stamp { seq: 1, t: 5.0, beat, beat_t: 5.0, picture_ms: None };
    core.receive(session, &DriveMessage::Alive { at }, start).unwrap();
    core.step(&request(2, secret.expose()), start + ms(100)).unwrap();
    core.stop("ana");
    assert_eq!(
        core.step(&request(3, secret.expose()), start + ms(250)),
        Err(Refusal::NoSocket),
        "silent by now"
    );
}

#[test]
fn a_presence_light_that_shows_something_else_is_told_again() {
    let mut rig = Rig::new();
    let plain = controller();
    rig.core.on_link_event(
        LinkEvent::Up(Controller { features: Features { presence: true, ..plain.features }, ..plain }),
        rig.now,
    );
    let shows = |presence| Report { presence: Some(presence), ..report(DeviceState::Held) };
    let told = |rig: &mut Rig| {
        let mut commands = Vec::new();
        rig.core.device_commands(rig.now, &mut commands);
        commands.iter().any(|command| matches!(command, DeviceCommand::Lights { .. }))
    };
    rig.hears(shows(0));
    assert!(told(&mut rig), "at first");
    assert!(!told(&mut rig), "once");
    for _ in 0..3 {
        rig.wait(250);
        rig.hears(shows(0));
        assert!(told(&mut rig), "what it was told is lost");
        assert!(!told(&mut rig), "it has a moment to follow");
    }
    rig.wait(250);
    rig.hears(shows(2));
    assert!(!told(&mut rig), "it shows that somebody drives");
}

#[test]
fn a_step_by_request_lives_on_what_the_socket_said_before_it() {
    let mut rig = Rig::ready();
    let secret = Secret::random();
    rig.core.acquire(&who("ana"), IfHeld::Refuse, secret.digest(), Timestamp::now(), rig.now).unwrap();
    rig.open_session(&secret.digest());
    rig.alive().unwrap();
    rig.wait(200);
    let first = rig.request(&secret, 1);
    rig.core.step(&first, rig.now).unwrap();
    rig.wait(49);
    assert!(rig.device_commands().iter().any(is_motion));
    rig.wait(1);
    assert_eq!(rig.device_commands(), [DeviceCommand::Stop]);
    // What the socket said is gone with it.
    rig.alive().unwrap();
    (rig.session, _) = rig.core.open_session(&secret.digest(), rig.now).unwrap();
    rig.beat();
    let next = rig.request(&secret, 2);
    assert_eq!(rig.core.step(&next, rig.now), Err(Refusal::NoSocket));
}

impl Rig {
    /// A press made now, for the other way than the socket.
    fn request(&self, secret: &Secret, press: u64) -> havatar_api::StepRequest {
        havatar_api::StepRequest {
            token: secret.expose().to_owned(),
            press,
            t: self.client_ms(self.now),
            beat: self.beat,
            beat_t: self.client_ms(self.beat_at),
            step: StepMove::Cm(50),
        }
    }

    fn with_secret() -> (Self, Secret) {
        let (mut rig, secret) = (Self::ready(), Secret::random());
        rig.core.acquire(&who("ana"), IfHeld::Refuse, secret.digest(), Timestamp::now(), rig.now).unwrap();
        rig.open_session(&secret.digest());
        rig.alive().unwrap();
        (rig, secret)
    }
}

#[test]
fn a_step_by_request_is_too_old_like_any_other_and_does_not_outlive_a_stop() {
    let (mut rig, secret) = Rig::with_secret();
    let late = rig.request(&secret, 1);
    rig.wait(300);
    rig.alive().unwrap();
    assert_eq!(rig.core.step(&late, rig.now), Err(Refusal::CommandLate));
    let again = rig.request(&secret, 1);
    assert_eq!(rig.core.step(&again, rig.now), Err(Refusal::PressAgain), "it is spent");
    // Pressed, overtaken by a stop, and here.
    let before = rig.request(&secret, 2);
    rig.wait(10);
    rig.core.stop("bob");
    rig.device_commands();
    rig.wait(10);
    rig.alive().unwrap();
    assert_eq!(rig.core.step(&before, rig.now), Err(Refusal::PressAgain));
    assert!(!rig.device_commands().iter().any(is_motion));
    let after = rig.request(&secret, 3);
    rig.core.step(&after, rig.now).unwrap();
}

#[test]
fn the_picture_ages_between_the_sockets_message_and_a_step_by_request() {
    let (mut rig, secret) = Rig::with_secret();
    let at = rig.stamp(Some(300.0));
    rig.say(&DriveMessage::Alive { at }).unwrap();
    rig.wait(101);
    let request = rig.request(&secret, 1);
    assert_eq!(rig.core.step(&request, rig.now), Err(Refusal::PictureStale));
}
