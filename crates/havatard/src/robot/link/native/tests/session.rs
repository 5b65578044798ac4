//! A session: how it is lost, what is sent in it, and what its reports mean.

use super::*;

#[test]
fn silence_is_a_loss_and_the_greeting_after_it_is_a_new_one() {
    let mut device = Device::new(1);
    let mut end = End::with(&mut device);
    end.now += ms(299);
    assert_eq!(end.poll(), b"");
    assert!(end.events.is_empty() && !end.encode(&DRIVE).is_empty());
    end.now += ms(1);
    assert_eq!(end.encode(&DRIVE), b"", "not even before it is polled");
    let greeted = nonces(&end.poll());
    assert_eq!(std::mem::take(&mut end.events), [LinkEvent::Lost(Lost::Silent)]);
    assert_eq!(greeted.len(), 1);
    assert_eq!(end.receive(&device.status(20)), [], "a report that comes after it undoes nothing");
    device.session += 1;
    let welcome = device.welcome(greeted[0]);
    assert_eq!(end.receive(&welcome), []);
    end.now += ms(1);
    assert!(matches!(end.agree(&mut device)[..], [LinkEvent::Up(_), LinkEvent::Reported(_)]));
}

#[test]
fn another_boot_or_session_is_a_loss_and_the_next_begins_with_its_own() {
    for (what, lost) in [("boot", Lost::Rebooted), ("session", Lost::OtherSession)] {
        let mut device = Device::new(5);
        let mut end = End::with(&mut device);
        assert!(matches!(end.receive(&device.status(20))[..], [LinkEvent::Reported(_)]));
        if what == "boot" {
            device.boot = 6;
        } else {
            device.session = 0;
        }
        device.latched = true;
        device.latch = 4;
        assert_eq!(end.receive(&device.status(20)), [LinkEvent::Lost(lost)], "{what}");
        assert_eq!(end.encode(&DRIVE), b"", "{what}");
        let greeting = end.poll();
        let welcome = device.receive(&greeting);
        assert_eq!(end.receive(&welcome), [], "{what}");
        // Told anew.
        let events = end.agree(&mut device);
        let [LinkEvent::Up(controller), LinkEvent::Reported(_)] = &events[..] else {
            panic!("{what}: {events:?}")
        };
        assert_eq!(controller.boot, Some(device.boot));
        // The latch of the new boot is known from its reports, and is the one that a release names.
        let events = end.receive(&device.status(20));
        let [LinkEvent::Reported(report)] = &events[..] else { panic!("{what}: {events:?}") };
        assert!(report.estop_latched && report.state == DeviceState::Latched);
        let (said, _) = decoded(&end.encode(&DeviceCommand::Release));
        assert!(matches!(said[..], [ToDevice::Release(release)] if release.latch == 4), "{said:?}");
    }
}

#[test]
fn repeated_and_reordered_reports_are_not_believed() {
    let mut device = Device::new(1);
    let mut end = End::with(&mut device);
    let (first, second) = (device.status(20), device.status(20));
    assert_eq!(end.receive(&second).len(), 1);
    for old in [&second, &first, &second] {
        assert_eq!(end.receive(old), []);
    }
    end.now += SILENCE;
    end.poll();
    assert_eq!(std::mem::take(&mut end.events), [LinkEvent::Lost(Lost::Silent)], "they are no sign of life");
}

#[test]
fn ages_are_rounded_up_and_what_is_left_down() {
    let mut device = Device::new(1);
    let mut end = End::with(&mut device);
    let us = Duration::from_micros;
    for (age, left, shown) in [
        (us(0), us(250_000), (0, 250)),
        (us(1), us(249_999), (1, 249)),
        (us(10_001), us(900), (11, 1)),
        (us(299_999), us(0), (300, 1)),
        (Duration::from_hours(1), Duration::from_hours(1), (u16::MAX, 8000)),
    ] {
        let (drive, _) = decoded(&end.encode(&DeviceCommand::Drive { linear: 1, angular: 2, age, left }));
        assert!(
            matches!(drive[..], [ToDevice::Drive(d)] if (d.age, d.left) == shown && (d.linear, d.angular) == (1, 2)),
            "{drive:?}"
        );
        let step = DeviceCommand::Step { id: 7, kind: StepKind::Turn, amount: -785, speed: 524, age, left };
        let (step, _) = decoded(&end.encode(&step));
        assert!(
            matches!(step[..], [ToDevice::Step(s)] if (s.age, s.left) == shown
                && (s.id, s.kind, s.amount, s.speed) == (7, Kind::Turn, -785, 524)),
            "{step:?}"
        );
    }
}

#[test]
fn a_set_point_is_stamped_with_the_devices_own_time() {
    let mut device = Device::new(1);
    let mut end = End::with(&mut device);
    end.now += ms(20);
    end.receive(&device.status(20));
    let clock = device.status_message().clock;
    for waited in [0, 30, 100] {
        end.now += ms(waited);
        let (said, _) = decoded(&end.encode(&DRIVE));
        let [ToDevice::Drive(drive)] = said[..] else { panic!("{said:?}") };
        let truth = clock + u32::try_from(if waited == 100 { 130 } else { waited }).unwrap();
        assert!(drive.stamp <= truth && drive.stamp + 5 >= truth, "{} for {truth}", drive.stamp);
    }
}

#[test]
fn what_the_device_declines_and_what_is_unknown_is_told_as_such() {
    let mut device = Device::new(1);
    let mut end = End::with(&mut device);
    let refused = Refused { refused: 3, of: Type::Drive, code: Code::EstopLatched };
    let frame = FromDevice::from(refused).frame(device.session, 50);
    assert_eq!(end.receive(frame.as_bytes()), [LinkEvent::Declined("DRIVE: e-stop latched".to_owned())]);
    let mut status = device.status_message();
    status.state = State::Unknown(77);
    status.stop_reason = StopReason::Unknown(78);
    status.step_result = StepResult::Unknown(79);
    status.flags = Flags(0b11_1111);
    let events = end.receive(FromDevice::from(status).frame(device.session, 51).as_bytes());
    let [LinkEvent::Reported(report)] = &events[..] else { panic!("{events:?}") };
    assert_eq!(
        (report.state, report.stopped, report.step_end),
        (DeviceState::Unknown, DeviceStop::Unknown, StepEnd::Stopped)
    );
    assert!(report.estop_latched && report.button && report.motor_fault);
    assert_eq!((report.battery_mv, report.battery_percent), (None, None), "0 and 255 are no battery");
}

#[test]
fn a_foreign_device_that_sends_all_the_time_is_told_as_one() {
    let mut device = Device::new(7);
    let (mut end, hello) = End::open();
    let welcome = device.receive(&hello);
    // A GPS receiver; and what an ESP32 prints when it boots, which is no reason yet.
    let line = b"$GPGGA,123519,4807.038,N,01131.000,E,1,08,0.9,545.4,M,46.9,M,,*47\r\n";
    for _ in 0..12 {
        assert_eq!(end.receive(line), []);
    }
    for _ in 0..40 {
        end.native.received(line, end.now, &mut end.events);
    }
    let told = std::mem::take(&mut end.events);
    assert!(
        told.iter().all(|event| matches!(event, LinkEvent::Unknown(why) if why.contains("robot.port")))
            && !told.is_empty(),
        "{told:?}"
    );
    // The controller itself, once it is there.
    end.receive(&[0]);
    assert_eq!(end.receive(&welcome), []);
    assert!(end.agree(&mut device).iter().any(|event| matches!(event, LinkEvent::Up(_))));
}

#[test]
fn a_line_that_sends_back_what_it_is_sent_is_told_as_one() {
    let mut device = Device::new(7);
    let (mut end, hello) = End::open();
    let welcome = device.receive(&hello);
    assert_eq!(end.receive(&hello), [], "once may be the rest of another's");
    assert_eq!(end.receive(&hello), []);
    let told = end.receive(&hello);
    assert!(
        matches!(&told[..], [LinkEvent::Unknown(why)] if why.contains("sends back what it is sent")),
        "{told:?}"
    );
    assert_eq!(end.receive(&welcome), [], "the controller itself, once it is there");
    assert!(end.agree(&mut device).iter().any(|event| matches!(event, LinkEvent::Up(_))));
}
