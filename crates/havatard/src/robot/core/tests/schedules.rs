//! The rules against an oracle that does not share their code: seeded schedules of a hostile network, hostile
//! people and a hostile cable. `HAVATAR_ROUNDS` asks for more than the suite's share.

use rand::rngs::StdRng;
use rand::{RngExt as _, SeedableRng as _};

use super::*;

fn rounds(default: u64) -> u64 {
    std::env::var("HAVATAR_ROUNDS").ok().and_then(|text| text.parse().ok()).unwrap_or(default)
}

/// One message under way.
struct Flight {
    arrives: u64,
    made: u64,
    message: DriveMessage,
}

/// What a network and a frantic driver may do in two seconds, and what the wheels were told meanwhile: motion
/// without a command younger than 300 ms, or after a stop without a newer letting-go or press, is counted, and so is
/// every message that was accepted 300 ms after it was made, a second time, or after a later one.
#[expect(clippy::too_many_lines, reason = "one story, told from top to bottom")]
fn stale_motions(seed: u64) -> u32 {
    let mut random = StdRng::seed_from_u64(seed);
    let mut rig = Rig::new();
    rig.core.leases.seen(1, rig.start + Duration::from_hours(1));
    let (start, client_ahead) = (rig.start, random.random_range(0.0..1e6));
    let down = random.random_range(0..150_u64);
    let up = random.random_range(0..400_u64);
    let (mut flights, mut beats) = (Vec::<Flight>::new(), vec![(0_u64, rig.beat)]);
    let (mut seq, mut press) = (0, 0);
    let mut newest_good = None::<u64>;
    let mut stopped_at = None::<u64>;
    let mut let_go = None::<u64>;
    let mut newest_seq = 0;
    let mut bad = 0;
    for t in (0..2000_u64).step_by(5) {
        let now = start + ms(t);
        if t % 100 == 0 {
            beats.push((t, rig.core.beat(rig.session, now).unwrap()));
        }
        // The driver.
        let known = beats.iter().rev().find(|(sent, _)| sent + down <= t);
        if let Some((sent, beat)) = known
            && random.random_bool(0.15)
        {
            seq += 1;
            let client = |at: u64| client_ahead + f64::from(u32::try_from(at).unwrap());
            let picture_ms = Some(if random.random_bool(0.05) { 450.0 } else { 40.0 });
            let at = Stamp { seq, t: client(t), beat: *beat, beat_t: client(sent + down), picture_ms };
            let message = match random.random_range(0..20) {
                0..=9 => DriveMessage::Hold { at, linear: random.random_range(-1.0..1.0), angular: 0.3 },
                10..=13 => DriveMessage::Neutral { at },
                14 => DriveMessage::Alive { at },
                15 | 16 => {
                    press += u64::from(random.random_bool(0.5));
                    DriveMessage::Latch {
                        at,
                        press,
                        linear: 0.5,
                        angular: 0.0,
                        for_ms: 1000,
                        stop_reachable: true,
                    }
                }
                17 | 18 => {
                    press += 1;
                    DriveMessage::Step { at, press, step: StepMove::Cm(20) }
                }
                _ => DriveMessage::Stop,
            };
            // Delay, stall, loss, duplication and reordering, which no TCP does but a person in between may.
            let way = up * random.random_range(0..100) / 100;
            let stall = if random.random_bool(0.1) { random.random_range(0..1500) } else { 0 };
            for _ in 0..=u8::from(random.random_bool(0.2)) {
                let again = if random.random_bool(0.3) { random.random_range(0..1000) } else { 0 };
                if random.random_bool(0.95) {
                    flights.push(Flight {
                        arrives: t + way + stall + again,
                        made: t,
                        message: message.clone(),
                    });
                }
            }
        }
        // Arrivals.
        flights.retain(|flight| {
            if flight.arrives > t {
                return true;
            }
            let accepted = rig.core.receive(rig.session, &flight.message, now).is_ok();
            if let Some(seq) = flight.message.seq()
                && accepted
            {
                bad += u32::from(seq <= newest_seq || t - flight.made >= 300);
                newest_seq = seq;
            }
            match flight.message {
                DriveMessage::Stop => stopped_at = Some(t),
                DriveMessage::Neutral { .. } if accepted => let_go = Some(t),
                DriveMessage::Hold { .. } | DriveMessage::Alive { .. } if accepted => {
                    newest_good = newest_good.max(Some(flight.made));
                }
                DriveMessage::Latch { .. } | DriveMessage::Step { .. } if accepted => {
                    newest_good = newest_good.max(Some(flight.made));
                    // A press is a new action by itself.
                    let_go = Some(t);
                }
                _ => {}
            }
            false
        });
        // Wheels.
        if random.random_bool(0.02) {
            rig.core.on_link_event(LinkEvent::Reported(report(DeviceState::Driving)), now);
        }
        rig.commands.clear();
        rig.core.device_commands(now, &mut rig.commands);
        if rig.commands.iter().any(is_motion) {
            let old = newest_good.is_none_or(|made| t - made > 300);
            let unasked = stopped_at.is_some_and(|stop| let_go.is_none_or(|go| go < stop));
            bad += u32::from(old || unasked);
        }
        for command in &rig.commands {
            // What has been sent must end in time even if nothing is sent after it.
            if let DeviceCommand::Drive { age, left, .. } | DeviceCommand::Step { age, left, .. } = command
                && is_motion(command)
            {
                let made = newest_good.map_or(0, |made| t - made);
                bad += u32::from(*age + *left > ms(300) || u128::from(made) > age.as_millis() + 1);
            }
        }
    }
    bad
}

#[test]
fn no_motion_from_an_old_replayed_or_reordered_command() {
    let count = rounds(1500);
    let bad: u32 = (0..count).map(stale_motions).sum();
    assert_eq!(bad, 0, "in {count} schedules");
}

/// A drive session, and the beat drawn for it.
type Seated = (u64, u64);

/// Four people and ten seconds of grabbing: commands accepted with a token that is not the newest one granted are
/// counted, and so is every change of drivers that did not pass through a stop.
fn wrong_drivers(seed: u64) -> u32 {
    let mut random = StdRng::seed_from_u64(seed);
    let start = Instant::now();
    let mut core = Core::new("port", SPEED_LIMITS, 0, (None, true), start);
    core.on_link_event(LinkEvent::Up(controller()), start);
    core.on_link_event(LinkEvent::Reported(report(DeviceState::Held)), start);
    let people = ["ana", "bob", "eva", "admin"].map(who);
    // Every token ever granted, with its number, whether it was given up, and the session last opened with it.
    let mut grants: Vec<(Fingerprint, u64, Option<Seated>)> = Vec::new();
    let mut newest = 0;
    let mut moved_by = 0;
    let mut bad = 0;
    let mut seq = 0;
    let mut commands = Vec::new();
    for t in (0..10_000_u64).step_by(40) {
        let now = start + ms(t);
        let person = &people[random.random_range(0..people.len())];
        let any = (!grants.is_empty()).then(|| random.random_range(0..grants.len()));
        match random.random_range(0..10) {
            0 | 1 => {
                let token = Secret::random().digest();
                let how = [IfHeld::Refuse, IfHeld::Ask, IfHeld::Take][random.random_range(0..3)];
                if let Ok(Outcome::Granted(number)) = core.acquire(person, how, token, Timestamp::now(), now)
                {
                    bad += u32::from(number <= newest);
                    newest = number;
                    grants.push((token, number, None));
                }
            }
            2 => {
                if let Some(i) = any {
                    let hand_over = random.random_bool(0.5);
                    let _ = core.answer(&grants[i].0, hand_over, now);
                }
            }
            3 => {
                if let Some(i) = any
                    && random.random_bool(0.3)
                {
                    let _ = core.release(&grants[i].0, now);
                }
            }
            4 | 5 => {
                // The newest is likelier, so that a person gets to drive.
                let i = if random.random_bool(0.7) { grants.len().checked_sub(1) } else { any };
                if let Some(i) = i
                    && let Ok((session, lease)) = core.open_session(&grants[i].0, now)
                {
                    bad += u32::from(lease != grants[i].1 || lease != newest);
                    let beat = core.beat(session, now).unwrap();
                    grants[i].2 = Some((session, beat));
                }
            }
            _ => {
                for (_, number, session) in &grants {
                    let Some((session, beat)) = session else { continue };
                    seq += 1;
                    let client = f64::from(u32::try_from(t).unwrap());
                    let at = Stamp { seq, t: client, beat: *beat, beat_t: client, picture_ms: Some(20.0) };
                    let message = if random.random_bool(0.4) {
                        DriveMessage::Neutral { at }
                    } else {
                        DriveMessage::Hold { at, linear: 0.5, angular: 0.0 }
                    };
                    if core.receive(*session, &message, now).is_ok() {
                        bad += u32::from(*number != newest);
                    }
                    commands.clear();
                    core.device_commands(now, &mut commands);
                    if commands.iter().any(is_motion) {
                        bad += u32::from(moved_by != 0 && moved_by != newest);
                        moved_by = newest;
                    }
                    moved_by *= u64::from(!comes_to_rest(&commands));
                }
            }
        }
        commands.clear();
        core.device_commands(now, &mut commands);
        moved_by *= u64::from(!comes_to_rest(&commands));
    }
    bad
}

#[test]
fn exactly_one_drives_and_an_old_token_moves_nothing() {
    let count = rounds(300);
    let bad: u32 = (0..count).map(wrong_drivers).sum();
    assert_eq!(bad, 0, "in {count} interleavings");
}
