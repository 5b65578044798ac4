//! Any message.

use havatar_link::message::{
    Buzzer, Drive, Estop, Features, Flags, FromDevice, Head, Hello, Lights, Limits, Name, Refused, Release,
    Report, Status, Step, Stop, ToDevice, Welcome,
};
use proptest::collection::vec;
use proptest::prelude::*;

/// Any message to the device, values out of range included.
pub(crate) fn to_device() -> impl Strategy<Value = ToDevice> {
    prop_oneof![
        any::<(u8, u8, u32)>().prop_map(|(lowest, highest, nonce)| Hello { lowest, highest, nonce }.into()),
        any::<(u32, u16, u16, i16, i16)>().prop_map(|(stamp, age, left, linear, angular)| Drive {
            stamp,
            age,
            left,
            linear,
            angular
        }
        .into()),
        any::<(u32, u16, u16, u16, u8, i32, u16)>().prop_map(
            |(stamp, age, left, id, kind, amount, speed)| {
                Step { stamp, age, left, id, kind: kind.into(), amount, speed }.into()
            }
        ),
        any::<u8>().prop_map(|reason| Stop { reason }.into()),
        any::<u8>().prop_map(|reason| Estop { reason }.into()),
        any::<u16>().prop_map(|latch| Release { latch }.into()),
        any::<(i16, i16)>().prop_map(|(pan, tilt)| Head { pan, tilt }.into()),
        any::<(u8, u8)>().prop_map(|(light, presence)| Lights { light, presence: presence.into() }.into()),
        any::<(u16, u16)>().prop_map(|(hz, ms)| Buzzer { hz, ms }.into()),
        any::<[u16; 5]>().prop_map(|[linear, reverse, angular, accel, turn_accel]| {
            Limits { linear, reverse, angular, accel, turn_accel }.into()
        }),
        any::<u16>().prop_map(|period| Report { period }.into()),
    ]
}

/// Any message from the device.
pub(crate) fn from_device() -> impl Strategy<Value = FromDevice> {
    prop_oneof![
        welcome().prop_map(FromDevice::Welcome),
        status().prop_map(FromDevice::Status),
        any::<(u32, u8, u8)>().prop_map(|(refused, of, code)| Refused {
            refused,
            of: of.into(),
            code: code.into()
        }
        .into()),
    ]
}

pub(crate) fn welcome() -> impl Strategy<Value = Welcome> {
    (any::<u8>(), any::<[u32; 4]>(), any::<[u16; 5]>(), "[a-zA-Z0-9 äß€]{1,8}").prop_map(
        |(version, [echo, session, boot, clock], [features, linear, reverse, angular, watchdog], name)| {
            Welcome {
                version,
                echo,
                session,
                boot,
                clock,
                features: Features(features),
                max_linear: linear,
                max_reverse: reverse,
                max_angular: angular,
                watchdog,
                name: Name::new(&name).unwrap(),
            }
        },
    )
}

pub(crate) fn status() -> impl Strategy<Value = Status> {
    (any::<[u32; 3]>(), any::<[u16; 6]>(), any::<[u8; 6]>(), any::<[i16; 4]>(), any::<[i32; 3]>()).prop_map(
        |([clock, accepted, boot], words, bytes, [linear, angular, pan, tilt], [x, y, heading])| Status {
            clock,
            accepted,
            boot,
            state: bytes[0].into(),
            flags: Flags(words[0]),
            latch: words[1],
            step: words[2],
            step_result: bytes[1].into(),
            linear,
            angular,
            x,
            y,
            heading,
            battery_mv: words[3],
            battery_percent: bytes[2],
            pan,
            tilt,
            light: bytes[3],
            presence: bytes[4].into(),
            stop_reason: bytes[5].into(),
            trips: words[4],
            bad_frames: words[5],
        },
    )
}

/// A body of any allowed length, zeros more often than by chance.
pub(crate) fn body() -> impl Strategy<Value = Vec<u8>> {
    vec(prop_oneof![1 => Just(0), 2 => any::<u8>()], 9..=64)
}

/// What a cable may bring: noise, or noise that looks like a frame's end.
pub(crate) fn noise() -> impl Strategy<Value = Vec<u8>> {
    vec(prop_oneof![1 => Just(0), 8 => any::<u8>()], 0..400)
}
