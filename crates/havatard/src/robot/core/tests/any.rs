//! Any JSON at all as a driver's message.

use proptest::prelude::*;
use serde_json::{Value, json};

use super::*;

/// Any JSON, a few levels deep.
fn anything() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<u64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        ".{0,8}".prop_map(Value::from),
    ];
    leaf.prop_recursive(4, 32, 6, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..6).prop_map(Value::from),
            prop::collection::hash_map("type|at|[a-z]{1,6}", inner, 0..6)
                .prop_map(|fields| Value::Object(fields.into_iter().collect())),
        ]
    })
}

/// A number that a person may send, the likely and the unlikely.
fn number() -> impl Strategy<Value = f64> {
    prop_oneof![-1.0..=1.0_f64, Just(0.0), Just(1.0), Just(-1.0), any::<f64>()]
}

/// A message of the right form and any content. The stamps are mostly such as the robot believes.
fn message() -> impl Strategy<Value = Value> {
    let stamp = (
        prop_oneof![4 => 1..1000_u64, 1 => any::<u64>()],
        prop_oneof![6 => Just(7_000.0), 1 => number()],
        prop_oneof![8 => Just(1_u64), 1 => any::<u64>()],
        prop_oneof![6 => Just(7_000.0), 1 => number()],
        prop_oneof![4 => Just(json!(20)), 1 => Just(Value::Null), 1 => number().prop_map(Value::from)],
    )
        .prop_map(|(seq, t, beat, beat_t, picture)| {
            json!({ "seq": seq, "t": t, "beat": beat, "beat_t": beat_t, "picture_ms": picture })
        });
    let step = prop_oneof![Just(json!({ "cm": 20 })), any::<i32>().prop_map(|deg| json!({ "deg": deg }))];
    (0..9_u8, stamp, number(), number(), any::<u64>(), 0..9000_u32, any::<bool>(), step, anything()).prop_map(
        |(kind, at, linear, angular, press, for_ms, reachable, step, other)| match kind {
            0 | 1 => json!({ "type": "hold", "at": at, "linear": linear, "angular": angular }),
            2 => json!({ "type": "latch", "at": at, "press": press, "linear": linear, "angular": angular,
                "for_ms": for_ms, "stop_reachable": reachable }),
            3 => json!({ "type": "step", "at": at, "press": press, "move": step }),
            4 => json!({ "type": "alive", "at": at }),
            5 => json!({ "type": "neutral", "at": at }),
            6 => json!({ "type": "hello", "token": "guess" }),
            7 => json!({ "type": "hold", "at": other, "linear": linear, "angular": angular }),
            _ => other,
        },
    )
}

proptest! {
    /// Anyone who has lost the robot, or never had it, moves nothing, whatever they say.
    #[test]
    fn without_a_lease_it_moves_nothing(messages in prop::collection::vec(message(), 1..30), had: bool) {
        let mut rig = Rig::ready();
        rig.core.release(&rig.token, rig.now).unwrap();
        rig.device_commands();
        if !had {
            rig.session = 77;
        }
        for message in &messages {
            rig.wait(5);
            let Ok(message) = serde_json::from_str::<DriveMessage>(&message.to_string()) else { continue };
            prop_assert_eq!(rig.say(&message).is_ok(), message == DriveMessage::Stop);
            let commands = rig.device_commands();
            prop_assert!(!commands.iter().any(is_motion), "{:?}", commands);
        }
    }

    /// Anyone who has the robot moves it within its limits, and never for longer than the newest message lives.
    #[test]
    fn with_a_lease_it_moves_within_limits(messages in prop::collection::vec(message(), 1..30)) {
        let mut rig = Rig::new();
        let mut seq = 0;
        for message in &messages {
            rig.wait(5);
            let mut message = message.clone();
            if let Some(counted) = message.pointer_mut("/at/seq") {
                seq += 1;
                *counted = json!(seq);
            }
            let Ok(message) = serde_json::from_str::<DriveMessage>(&message.to_string()) else { continue };
            let refused = rig.say(&message);
            prop_assert!(refused.is_ok() || refused != Err(Refusal::NoLease));
            for command in rig.device_commands() {
                match command {
                    DeviceCommand::Drive { linear, angular, age, left } => {
                        prop_assert!((-125..=250).contains(&linear) && angular.abs() <= 785, "{command:?}");
                        prop_assert!(!is_motion(&command) || age + left <= ms(300), "{command:?}");
                    }
                    DeviceCommand::Step { amount, speed, age, left, .. } => {
                        prop_assert!(amount.abs() <= 3142 && speed <= 524 && age + left <= ms(300), "{command:?}");
                    }
                    _ => {}
                }
            }
        }
        rig.wait(300);
        prop_assert!(!rig.device_commands().iter().any(is_motion), "all of it is over");
    }
}

#[test]
fn what_the_black_box_is_not_told_is_counted() {
    let mut rig = Rig::ready();
    rig.core.take_notes();
    for _ in 0..100 {
        rig.core.late(ms(60), rig.now);
    }
    let notes = rig.core.take_notes();
    let lost = notes.last().unwrap();
    assert_eq!((lost.kind, &lost.fields["count"]), ("lost", &serde_json::json!(100 - (notes.len() - 1))));
    assert!(rig.core.take_notes().is_empty());
}
