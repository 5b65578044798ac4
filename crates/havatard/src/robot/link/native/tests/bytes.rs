//! Foreign, damaged and random bytes.

use super::*;

/// What something else at the end of the cable answers to what it hears.
type Babble = Box<dyn FnMut(&[u8]) -> Vec<u8>>;

#[test]
fn whatever_else_is_at_the_end_of_the_cable_is_never_driven() {
    let mut noise = StdRng::seed_from_u64(42);
    let sentence = b"$GPGGA,123519,4807.038,N,01131.000,E,1,08,0.9,545.4,M,46.9,M,,*47\r\n";
    let mut former = Device::new(9);
    let session = {
        let (_, hello) = End::open();
        let mut all = former.receive(&hello);
        (0..50).for_each(|_| all.extend(former.status(20)));
        all
    };
    let babbles: [(&str, Babble); 6] = [
        ("an echo", Box::new(<[u8]>::to_vec)),
        ("a GPS", Box::new(move |_| sentence.repeat(4))),
        ("noise", Box::new(move |_| (0..512).map(|_| noise.random()).collect())),
        ("zeros", Box::new(|_| vec![0; 512])),
        ("no zero at all", Box::new(|_| vec![0xff; 4096])),
        ("a recording of a controller", Box::new(move |_| session.clone())),
    ];
    for (what, mut babble) in babbles {
        let (mut end, mut out) = End::open();
        for _ in 0..500 {
            let received = babble(&out);
            for event in end.receive(&received) {
                assert!(!matches!(event, LinkEvent::Up(_) | LinkEvent::Reported(_)), "{what}: {event:?}");
            }
            end.now += ms(20);
            out = end.poll();
            for command in [DRIVE, STEP, DeviceCommand::Stop, DeviceCommand::Estop] {
                out.extend(end.encode(&command));
            }
            assert!(out.len() < 256, "{what}: {} bytes at once", out.len());
            let (said, damaged) = decoded(&out);
            assert_eq!(damaged, 0);
            let harmless = |m: &ToDevice| matches!(m.kind(), Type::Hello | Type::Stop | Type::Estop);
            assert!(said.iter().all(harmless), "{what}: {said:?}");
        }
        // It hears the controller at once if that comes after all. What is cut off before it may cost one frame.
        let mut device = Device::new(3);
        let mut up = false;
        for _ in 0..20 {
            end.now += HELLO_EVERY;
            let hello = end.poll();
            let welcome = device.receive(&hello);
            end.receive(&[&[0], &welcome[..]].concat());
            device.receive(&end.poll());
            up |= end.receive(&device.status(0)).iter().any(|event| matches!(event, LinkEvent::Up(_)));
            if up {
                break;
            }
        }
        assert!(up, "{what}: the controller is never found again");
    }
}

proptest! {
    /// Any bytes, in any pieces, while a session is up or not: no panic, and no session that was not greeted.
    #[test]
    fn any_bytes(pieces in prop::collection::vec(prop::collection::vec(any::<u8>(), 0..200), 1..20), up: bool) {
        let mut device = Device::new(1);
        let mut end = if up { End::with(&mut device) } else { End::open().0 };
        for piece in &pieces {
            let events = end.receive(piece);
            prop_assert!(!events.iter().any(|event| matches!(event, LinkEvent::Up(_) | LinkEvent::Reported(_))));
            end.now += ms(5);
            let (said, damaged) = decoded(&end.poll());
            prop_assert_eq!(damaged, 0);
            prop_assert!(!said.iter().any(is_motion));
        }
    }

    /// Damage anywhere in a stream of reports costs reports, and never makes one that was not sent.
    #[test]
    fn damage_makes_no_report(seed: u64) {
        let mut dice = StdRng::seed_from_u64(seed);
        let mut device = Device::new(1);
        let mut end = End::with(&mut device);
        let mut stream: Vec<u8> = (0..20).flat_map(|_| device.status(20)).collect();
        for _ in 0..dice.random_range(1..40) {
            let at = dice.random_range(0..stream.len());
            match dice.random_range(0..3) {
                0 => { stream.remove(at); }
                1 => stream.insert(at, dice.random()),
                _ => stream[at] ^= 1 << dice.random_range(0..8),
            }
        }
        let mut undamaged = 0;
        let mut decoder = Decoder::new();
        decoder.push_all(&stream, |body| undamaged += usize::from(FromDevice::decode(body).is_ok()));
        let events = end.receive(&stream);
        let received = events.iter().filter(|event| matches!(event, LinkEvent::Reported(_))).count();
        prop_assert!(received <= undamaged && undamaged <= 20);
        let honest = |event: &LinkEvent| match event {
            LinkEvent::Reported(report) => report.state == DeviceState::Held && !report.estop_latched,
            _ => false,
        };
        prop_assert!(events.iter().all(honest), "{events:?}");
    }
}
