//! Greeting, limits and reports: what must be agreed before anything is driven.

use super::*;

/// Welcomed by the device, which has heard nothing else yet.
fn welcomed(device: &mut Device) -> End {
    let (mut end, hello) = End::open();
    let welcome = device.receive(&hello);
    assert_eq!(end.receive(&welcome), []);
    device.accepted = 0;
    end
}

#[test]
fn before_anybody_answers_only_greetings_and_stops_are_said() {
    let (mut end, hello) = End::open();
    let first = nonces(&hello);
    assert_eq!(first.len(), 1);
    let others = [
        DRIVE,
        STEP,
        DeviceCommand::Release,
        DeviceCommand::Head { pan: 1, tilt: 1 },
        DeviceCommand::Lights { light: 1, presence: 2 },
        DeviceCommand::Buzzer { hz: 440, ms: 10 },
        DeviceCommand::Drive { linear: 0, angular: 0, age: Duration::ZERO, left: ms(250) },
    ];
    for command in &others {
        assert_eq!(end.encode(command), b"", "{command:?}");
    }
    for (command, kind) in [(DeviceCommand::Stop, Type::Stop), (DeviceCommand::Estop, Type::Estop)] {
        let (said, damaged) = decoded(&end.encode(&command));
        assert_eq!((said.len(), damaged), (1, 0));
        assert_eq!(said[0].kind(), kind);
    }
    for _ in 0..20 {
        end.now += HELLO_EVERY;
        assert_eq!(nonces(&end.poll()), first, "the same greeting until it is answered");
        assert_eq!(end.poll(), b"", "once");
    }
    assert!(end.events.is_empty());
    assert_ne!(nonces(&End::open().1), first, "drawn anew");
}

#[test]
fn an_answer_that_is_not_ours_begins_nothing() {
    type Spoil = fn(&mut havatar_link::message::Welcome, &mut u32);
    let spoils: [(&str, Spoil); 4] = [
        ("another nonce", |welcome, _| welcome.echo ^= 1),
        ("no session", |welcome, header| (welcome.session, *header) = (0, 0)),
        ("two sessions", |_, header| *header += 1),
        ("a former greeting", |welcome, _| welcome.echo = 0),
    ];
    for (what, spoil) in spoils {
        let (mut end, hello) = End::open();
        let mut device = Device::new(1);
        device.receive(&hello);
        let mut welcome = device.welcome_message(nonces(&hello)[0]);
        let mut header = device.session;
        spoil(&mut welcome, &mut header);
        let events = end.receive(FromDevice::from(welcome).frame(header, 1).as_bytes());
        assert_eq!(events, [], "{what}");
        assert_eq!(end.encode(&DRIVE), b"", "{what}");
        assert_eq!(end.receive(&device.status(20)), [], "{what}: nor is it listened to");
    }
}

#[test]
fn a_firmware_of_another_version_is_named_and_never_driven() {
    for version in [0, 2, 255] {
        let (mut end, hello) = End::open();
        let mut device = Device::new(1);
        device.receive(&hello);
        let mut welcome = device.welcome_message(nonces(&hello)[0]);
        welcome.version = version;
        let (header, greeted) = (welcome.session, nonces(&hello));
        let events = end.receive(FromDevice::from(welcome).frame(header, 1).as_bytes());
        let [LinkEvent::Unknown(why)] = &events[..] else { panic!("{events:?}") };
        assert!(why.contains("bench") && why.contains("update its firmware"), "{why}");
        assert_eq!(end.encode(&DRIVE), b"");
        assert_eq!(end.receive(&device.status(20)), []);
        assert_ne!(nonces(&end.poll()), greeted, "it may be another one next time: greeted anew");
        assert_eq!(end.encode(&DRIVE), b"");
    }
}

#[test]
fn limits_that_are_lost_are_told_again_and_nobody_drives_before_they_are_accepted() {
    let mut device = Device::new(1);
    let mut end = welcomed(&mut device);
    for lost in 0..5 {
        let (said, _) = decoded(&end.poll());
        let events = std::mem::take(&mut end.events);
        assert!(
            matches!((lost, &events[..]), (0, []) | (1.., [LinkEvent::Unknown(_)])),
            "{lost}: {events:?}"
        );
        assert!(
            matches!(said[..], [ToDevice::Limits(limits)]
                if (limits.linear, limits.reverse, limits.angular) == (250, 125, 785)),
            "{lost}: {said:?}"
        );
        for _ in 0..2 {
            assert_eq!(end.receive(&device.status(40)), [], "{lost}: it has not accepted them");
            for command in [DRIVE, STEP, DeviceCommand::Release, DeviceCommand::Head { pan: 1, tilt: 1 }] {
                assert_eq!(end.encode(&command), b"", "{lost}: {command:?}");
            }
            end.now += ms(40);
            assert_eq!(end.poll(), b"", "{lost}: one at a time");
        }
        // A stop waits for nothing, and what the controller makes of it says nothing about the limits.
        for command in [DeviceCommand::Stop, DeviceCommand::Estop] {
            device.receive(&end.encode(&command));
        }
        assert!(device.latched);
        assert_eq!(end.receive(&device.status(10)), [], "{lost}");
        end.now += ms(20);
    }
    device.receive(&end.poll());
    assert!(matches!(std::mem::take(&mut end.events)[..], [LinkEvent::Unknown(_)]));
    assert!(matches!(end.receive(&device.status(0))[..], [LinkEvent::Up(_), LinkEvent::Reported(_)]));
    assert_ne!(end.encode(&DRIVE), b"");
    let limits = |m: &&ToDevice| m.kind() == Type::Limits;
    assert_eq!(device.told.iter().filter(limits).count(), 1);
}

#[test]
fn the_period_of_reports_is_told_again_until_just_that_is_accepted() {
    let mut device = Device::new(1);
    let mut end = welcomed(&mut device);
    device.receive(&end.poll());
    end.receive(&device.status(0));
    for _ in 0..3 {
        let (said, _) = decoded(&end.poll());
        assert!(matches!(said[..], [ToDevice::Report(report)] if report.period == REPORT_MS), "{said:?}");
        // What is said after it arrives.
        device.receive(&end.encode(&DRIVE));
        assert!(matches!(end.receive(&device.status(50))[..], [LinkEvent::Reported(_)]));
        end.now += ms(99);
        assert_eq!(end.poll(), b"");
        end.now += ms(1);
    }
    device.receive(&end.poll());
    end.receive(&device.status(50));
    end.now += ms(250);
    assert_eq!(end.poll(), b"");
}

#[test]
fn a_controller_that_refuses_its_limits_is_not_driven_and_one_that_reports_as_it_likes_is() {
    let mut device = Device::new(1);
    let mut end = welcomed(&mut device);
    let refused = |of| {
        let refused = Refused { refused: 1, of, code: Code::UnknownType };
        FromDevice::from(refused)
    };
    end.poll();
    let events = end.receive(refused(Type::Limits).frame(device.session, 50).as_bytes());
    assert!(matches!(&events[..], [LinkEvent::Unknown(why)] if why.contains("limits")), "{events:?}");
    assert_eq!(end.encode(&DRIVE), b"");

    let mut device = Device::new(1);
    let mut end = welcomed(&mut device);
    device.receive(&end.poll());
    end.receive(&device.status(0));
    end.poll();
    let events = end.receive(refused(Type::Report).frame(device.session, 50).as_bytes());
    assert!(matches!(events[..], [LinkEvent::Declined(_)]), "{events:?}");
    end.now += ms(250);
    assert_eq!(end.poll(), b"");
    assert_ne!(end.encode(&DRIVE), b"");
}

#[test]
fn a_second_answer_to_a_greeting_is_a_session_that_knows_no_limits() {
    let mut device = Device::new(1);
    let (mut end, hello) = End::open();
    end.receive(&device.receive(&hello));
    end.agree(&mut device);
    let again = device.receive(&hello);
    assert_eq!(end.receive(&again), [LinkEvent::Lost(Lost::OtherSession)]);
    assert_eq!(end.encode(&DRIVE), b"");
    assert!(matches!(end.agree(&mut device)[..], [LinkEvent::Up(_), LinkEvent::Reported(_)]));
}
