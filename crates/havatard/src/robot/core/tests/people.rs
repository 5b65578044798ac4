//! Drivers who come, ask, take and leave.

use havatar_api::LeaseReservation;

use crate::robot::lease::{RETURN, STALE};

use super::*;

#[test]
fn a_new_socket_begins_with_nothing_known_of_the_picture() {
    let mut rig = Rig::ready();
    let at = rig.stamp(Some(390.0));
    rig.wait(150);
    assert_eq!(rig.say(&DriveMessage::Hold { at, linear: 1.0, angular: 0.0 }), Err(Refusal::LagTooLong));
    assert!(rig.core.state(rig.now).motion.limit.steps_only);
    let token = rig.token;
    rig.open_session(&token);
    assert!(!rig.core.state(rig.now).motion.limit.steps_only, "the lag was the former socket's");
    rig.hold(1.0).expect("a good picture, from the first");
}

#[test]
fn presses_are_counted_anew_for_a_new_driver_and_not_for_a_new_socket() {
    let mut rig = Rig::ready();
    rig.step(5, StepMove::Cm(5)).unwrap();
    let token = rig.token;
    rig.open_session(&token);
    assert_eq!(rig.step(5, StepMove::Cm(5)), Err(Refusal::PressAgain), "the same driver in another tab");
    let bob = rig.grant("admin", IfHeld::Take).unwrap();
    rig.open_session(&bob);
    rig.step(1, StepMove::Cm(5)).unwrap();
}

#[test]
fn who_takes_the_robot_may_open_a_session_and_the_former_one_has_none() {
    let mut rig = Rig::ready();
    rig.hold(1.0).unwrap();
    rig.device_commands();
    let former = rig.session;
    rig.grant("admin", IfHeld::Take).unwrap();
    assert!(!rig.core.is_session_open(former));
    assert_eq!(rig.core.beat(former, rig.now), None);
    assert!(!rig.core.state(rig.now).driver.unwrap().connected);
    assert_eq!(rig.device_commands(), [DeviceCommand::Stop]);
    assert_eq!(rig.neutral(), Err(Refusal::LeaseLost));
    assert_eq!(rig.hold(1.0), Err(Refusal::LeaseLost));
}

#[test]
fn a_former_sockets_faults_and_leaving_do_not_touch_who_drives_now() {
    let mut rig = Rig::ready();
    let (former, token) = (rig.session, rig.token);
    rig.open_session(&token);
    rig.hold(1.0).unwrap();
    rig.core.fault(former);
    rig.core.close_session(former);
    assert!(rig.device_commands().iter().any(is_motion));
    rig.core.fault(rig.session);
    assert_eq!(rig.device_commands(), [DeviceCommand::Stop]);
}

#[test]
fn a_hand_over_waits_five_seconds_and_an_ask_that_is_not_repeated_too() {
    let mut rig = Rig::ready();
    rig.grant("bob", IfHeld::Ask).unwrap();
    rig.core.answer(&rig.token, true, rig.now).unwrap();
    rig.now += ms(4999);
    assert_eq!(rig.grant("eva", IfHeld::Refuse), Err(Refusal::LeaseHeld), "kept for bob");
    rig.now += ms(1);
    let eva = rig.grant("eva", IfHeld::Refuse).expect("bob has not come");
    rig.grant("bob", IfHeld::Ask).unwrap();
    for _ in 0..4 {
        rig.now += ms(1250);
        let _ = rig.core.keep_alive(&eva, rig.now);
        rig.device_commands();
    }
    assert_eq!(rig.core.asking(), None);
    assert_eq!(rig.core.answer(&eva, true, rig.now), Err(Refusal::NoLease), "nobody asks any more");
}

#[test]
fn a_no_is_an_answer_for_ten_seconds_to_the_one_who_asked() {
    let mut rig = Rig::ready();
    rig.grant("bob", IfHeld::Ask).unwrap();
    rig.core.answer(&rig.token, false, rig.now).unwrap();
    assert_eq!(rig.core.asking(), None);
    for _ in 0..9 {
        rig.now += ms(1000);
        rig.core.keep_alive(&rig.token, rig.now).unwrap();
        assert_eq!(rig.grant("bob", IfHeld::Ask), Err(Refusal::LeaseHeld), "his page asks every second");
    }
    rig.grant("eva", IfHeld::Ask).unwrap();
    assert_eq!(rig.core.asking(), Some("eva"), "others may ask");
    rig.core.answer(&rig.token, false, rig.now).unwrap();
    rig.now += ms(1000);
    rig.core.keep_alive(&rig.token, rig.now).unwrap();
    rig.grant("bob", IfHeld::Ask).unwrap();
    assert_eq!(rig.core.asking(), Some("bob"));
}

#[test]
fn a_lease_is_kept_by_when_a_message_was_made_and_ends_after_two_seconds() {
    let mut rig = Rig::ready();
    rig.beat();
    let at = rig.stamp(Some(50.0));
    rig.wait(200);
    rig.say(&DriveMessage::Alive { at }).unwrap();
    rig.now += STALE.checked_sub(ms(201)).unwrap();
    rig.core.check(&rig.token, rig.now).expect("a moment is left");
    rig.wait(1);
    assert_eq!(
        rig.core.check(&rig.token, rig.now),
        Err(Refusal::LeaseLost),
        "200 ms of it had passed under way"
    );
    assert!(rig.core.state(rig.now).driver.is_none());
}

#[test]
fn an_ask_is_answered_and_the_one_who_asked_gets_it() {
    let mut rig = Rig::ready();
    let (bob, eva) = (who("bob"), who("eva"));
    let acquire = |rig: &mut Rig, who: &Who, how| {
        let token = Secret::random().digest();
        rig.core.acquire(who, how, token, Timestamp::now(), rig.now).map(|outcome| (outcome, token))
    };
    assert_eq!(acquire(&mut rig, &bob, IfHeld::Refuse).unwrap_err(), Refusal::LeaseHeld);
    assert_eq!(acquire(&mut rig, &bob, IfHeld::Take).unwrap_err(), Refusal::LeaseHeld, "bob is no admin");
    assert_eq!(acquire(&mut rig, &bob, IfHeld::Ask).unwrap().0, Outcome::Asked);
    assert_eq!(rig.core.asking(), Some("bob"));
    rig.hold(1.0).unwrap();
    rig.device_commands();
    rig.core.answer(&rig.token, true, rig.now).unwrap();
    assert_eq!(rig.device_commands(), [DeviceCommand::Stop]);
    assert_eq!(
        acquire(&mut rig, &eva, IfHeld::Refuse).unwrap_err(),
        Refusal::LeaseHeld,
        "it is kept for bob"
    );
    assert_eq!(acquire(&mut rig, &bob, IfHeld::Ask).unwrap().0, Outcome::Granted(2));
    assert_eq!(rig.core.check(&rig.token, rig.now), Err(Refusal::LeaseLost));
    assert_eq!(acquire(&mut rig, &who("admin"), IfHeld::Take).unwrap().0, Outcome::Granted(3));
    rig.now += STALE + RETURN;
    assert_eq!(acquire(&mut rig, &eva, IfHeld::Refuse).unwrap().0, Outcome::Granted(4), "stale");
}

#[test]
fn an_expired_lease_is_reserved_for_its_sign_in_and_for_twenty_seconds() {
    let mut rig = Rig::ready();
    let old = rig.grant("admin", IfHeld::Take).unwrap();
    let lease = rig.core.state(rig.now).driver.unwrap().lease;
    rig.now += STALE;
    rig.core.expire(rig.now);
    let state = rig.core.state(rig.now);
    assert!(state.driver.is_none(), "the lease itself is over");
    assert_eq!(state.reserved, Some(LeaseReservation { lease, who: "admin".to_owned() }));
    assert_eq!(rig.core.check(&old, rig.now), Err(Refusal::LeaseLost), "its token moves nothing");
    assert_eq!(rig.grant("eva", IfHeld::Refuse), Err(Refusal::LeaseHeld));
    assert_eq!(rig.core.refused_for(&who("eva"), rig.now), Some(RETURN));
    let token = rig.grant("admin", IfHeld::Refuse).expect("it came back");
    assert_eq!(rig.core.state(rig.now).reserved, None);

    rig.core.release(&token, rig.now).unwrap();
    assert_eq!(rig.core.state(rig.now).reserved, None, "given back, it is free at once");
    rig.grant("eva", IfHeld::Refuse).unwrap();
    rig.now += STALE + RETURN.checked_sub(ms(1)).unwrap();
    assert_eq!(rig.grant("bob", IfHeld::Refuse), Err(Refusal::LeaseHeld));
    rig.core.take_changed();
    rig.now += ms(1);
    rig.core.expire(rig.now);
    assert!(rig.core.take_changed(), "that it is free is published");
    rig.grant("bob", IfHeld::Refuse).expect("free again");
}

#[test]
fn signing_out_ends_a_reservation_and_an_admin_may_take_what_is_reserved() {
    let mut rig = Rig::ready();
    let expire = |rig: &mut Rig| {
        rig.now += STALE;
        rig.core.expire(rig.now);
        assert!(rig.core.state(rig.now).reserved.is_some());
    };
    rig.grant("admin", IfHeld::Take).unwrap();
    expire(&mut rig);
    rig.core.sign_out("admin", rig.now);
    rig.grant("eva", IfHeld::Refuse).expect("nobody is waited for");
    expire(&mut rig);
    rig.grant("bob", IfHeld::Ask).expect("one may ask");
    rig.grant("admin", IfHeld::Take).unwrap();
    assert_eq!(rig.core.state(rig.now).reserved, None);
}
