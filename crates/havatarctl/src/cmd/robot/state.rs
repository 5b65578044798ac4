//! Verb `robot state`: link, e-stop, driver, motion and battery.

use std::fmt::Write as _;

use havatar_api::{Estop, EstopSource, Motion, RobotLink, RobotLinkState, RobotState, StopReason, Telemetry};

use crate::client::Client;
use crate::error::Error;
use crate::exit::Exit;
use crate::format;
use crate::output::{Emphasis, Output, Style};

/// How wide the names of the lines are.
const LABEL: usize = 11;

/// How the robot is.
pub(crate) async fn run(client: &Client, output: &Output) -> Result<Exit, Error> {
    let robot: RobotState = client.get(&["robot", "state"]).await?;
    output.show(&robot, |style| text(&robot, style))?;
    Ok(Exit::Done)
}

fn text(robot: &RobotState, style: &Style) -> String {
    let mut text = String::new();
    let mut line = |name: &str, what: &str| {
        let _ = writeln!(text, "{}{what}", style.paint(Emphasis::Dim, &format!("{name:LABEL$}")));
    };
    line("Link", &link(&robot.link, style));
    for warning in &robot.link.warnings {
        line(
            "",
            &format!("{}: {}", style.paint(Emphasis::Warning, "careful"), format::clean(&warning.message)),
        );
    }
    line("E-stop", &estop(&robot.estop, style));
    let driver = robot.driver.as_ref().map_or_else(
        || {
            let nobody = style.paint(Emphasis::Dim, "nobody");
            let reserved = robot.reserved.as_ref();
            reserved.map_or(nobody.clone(), |it| format!("{nobody}, reserved for {}", format::clean(&it.who)))
        },
        |driver| {
            let asked = driver.asked_by.as_ref().map(|who| format!(", asked by {}", format::clean(who)));
            let socket = if driver.connected { "" } else { ", not connected" };
            // A name that they chose, beside the one of their account.
            let account =
                Some(&driver.account).filter(|account| !account.is_empty() && **account != driver.who);
            let account = account.map(|account| format!(" ({})", format::clean(account))).unwrap_or_default();
            format!("{}{account}{socket}{}", format::clean(&driver.who), asked.unwrap_or_default())
        },
    );
    line("Driver", &driver);
    line("Motion", &motion(&robot.motion, style));
    if let Some(telemetry) = &robot.telemetry {
        if let Some(battery) = self::battery(telemetry, style) {
            line("Battery", &battery);
        }
        if let Some(way) = &telemetry.odometry {
            let way = format!("x {:.2} m, y {:.2} m, heading {:.1} deg", way.x_m, way.y_m, way.heading_deg);
            line("Way", &way);
        }
    }
    if let Some(fault) = &robot.black_box_fault {
        line("Black box", &style.paint(Emphasis::Error, &format::clean(fault)));
    }
    text.trim_end().to_owned()
}

/// Link and e-stop in one line: for the status of everything.
pub(crate) fn sentence(robot: &RobotState, style: &Style) -> String {
    let link = link(&robot.link, style);
    if robot.link.state == RobotLinkState::Off {
        return link;
    }
    let estop =
        if robot.estop.latched { format!("; e-stop {}", estop(&robot.estop, style)) } else { String::new() };
    let battery = robot.telemetry.as_ref().and_then(|telemetry| battery(telemetry, style));
    format!("{link}{estop}{}", battery.map(|battery| format!("; battery {battery}")).unwrap_or_default())
}

fn link(link: &RobotLink, style: &Style) -> String {
    let why = link.why.as_ref().map(|why| format!(": {}", format::clean(why))).unwrap_or_default();
    match link.state {
        RobotLinkState::Off => style.paint(Emphasis::Dim, "none configured"),
        RobotLinkState::Away => format!("{}{why}", style.paint(Emphasis::Error, "away")),
        RobotLinkState::Refused => format!("{}{why}", style.paint(Emphasis::Error, "cannot be used")),
        RobotLinkState::Unknown => format!("{}{why}", style.paint(Emphasis::Warning, "not yet known")),
        RobotLinkState::Up => {
            let name = link.device.as_ref().map(|device| format::clean(&device.name)).unwrap_or_default();
            format!("{}: {name}", style.paint(Emphasis::Ok, "up"))
        }
    }
}

/// `latched by ana`, `free`
pub(super) fn estop(estop: &Estop, style: &Style) -> String {
    if !estop.latched {
        return style.paint(Emphasis::Ok, "free");
    }
    let by = match (&estop.by, estop.source) {
        (Some(by), _) => format!(" by {}", format::clean(by)),
        (None, Some(EstopSource::Button)) => " by the button on the robot".to_owned(),
        (None, Some(EstopSource::Robot)) => " by the robot".to_owned(),
        (None, _) => String::new(),
    };
    let button = if estop.button { ", the button is pressed" } else { "" };
    let confirmed = if estop.confirmed { "" } else { ", not confirmed by the controller" };
    let saved = if estop.saved { "" } else { ", not on disk" };
    format!("{}{by}{button}{confirmed}{saved}", style.paint(Emphasis::Error, "latched"))
}

fn motion(motion: &Motion, style: &Style) -> String {
    match (motion.mode, motion.stopped) {
        (Some(_), _) => {
            let speed = format!("{:.2} m/s, {:.0} deg/s", motion.linear, motion.angular);
            format!("{}, {speed}, limit {} %", style.paint(Emphasis::Ok, "moving"), motion.limit.percent)
        }
        (None, Some(reason)) => format!("stopped: {}", reason_words(reason)),
        (None, None) => "at rest".to_owned(),
    }
}

fn reason_words(reason: StopReason) -> &'static str {
    match reason {
        StopReason::Neutral => "the driver let go",
        StopReason::Stop => "stop was pressed",
        StopReason::Estop => "the e-stop was pressed",
        StopReason::Ended => "the move came to its end",
        StopReason::Silent => "the driver's device fell silent",
        StopReason::Disconnected => "the driver's connection was closed",
        StopReason::LeaseEnded => "the robot changed hands",
        StopReason::PictureStale => "the driver's picture was too old",
        StopReason::LagTooLong => "picture and command were too late",
        StopReason::LinkLost => "the controller was unplugged or fell silent",
        StopReason::DeviceReset => "the controller restarted",
        StopReason::DeviceWatchdog => "the controller stopped by itself",
        StopReason::Blocked => "the wheels are blocked",
        StopReason::MotorFault => "the controller reports a fault of its motors",
        StopReason::Shutdown => "havatard is going down",
    }
}

fn battery(telemetry: &Telemetry, style: &Style) -> Option<String> {
    let battery = telemetry.battery.as_ref()?;
    let emphasis = if battery.critical {
        Emphasis::Error
    } else if battery.low {
        Emphasis::Warning
    } else {
        Emphasis::Ok
    };
    let volts = battery.volts.map(|volts| format!("{volts:.1} V"));
    let percent = battery.percent.map(|percent| style.paint(emphasis, &format!("{percent} %")));
    Some(percent.into_iter().chain(volts).collect::<Vec<_>>().join(", "))
}

#[cfg(test)]
pub(crate) mod tests {
    use havatar_api::{Battery, Driver, Odometry, Refusal, RobotDevice, RobotWarning, SpeedLimit};

    use crate::output::tests::style;

    use super::*;

    pub(crate) fn robot() -> RobotState {
        RobotState {
            link: RobotLink {
                state: RobotLinkState::Up,
                port: "/dev/serial/by-id/usb-x".to_owned(),
                why: None,
                device: Some(RobotDevice {
                    name: "esp32".to_owned(),
                    protocol: "havatar".to_owned(),
                    features: vec!["odometry".to_owned()],
                    boot: Some(3),
                }),
                warnings: Vec::new(),
            },
            motion: Motion {
                mode: None,
                left_ms: None,
                linear: 0.0,
                angular: 0.0,
                neutral_first: true,
                stopped: Some(StopReason::Silent),
                refusal: Some(Refusal::NoLease),
                limit: SpeedLimit {
                    percent: 0,
                    steps_only: false,
                    lag_ms: None,
                    picture_ms: None,
                    command_ms: None,
                },
            },
            estop: Estop {
                latched: false,
                button: false,
                confirmed: true,
                source: None,
                by: None,
                at: None,
                saved: true,
            },
            driver: None,
            reserved: None,
            telemetry: Some(Telemetry {
                age_ms: 12,
                linear: Some(0.0),
                angular: Some(0.0),
                odometry: Some(Odometry { x_m: 1.25, y_m: -0.5, heading_deg: 90.0 }),
                battery: Some(Battery { percent: Some(80), volts: Some(12.1), low: false, critical: false }),
                head: None,
                light: None,
                muted: None,
                watchdog_trips: 0,
                bad_frames: 0,
            }),
            black_box_fault: None,
        }
    }

    #[test]
    fn a_robot_at_rest() {
        insta::assert_snapshot!(text(&robot(), &style()));
    }

    #[test]
    fn a_robot_with_much_to_tell() {
        let mut robot = robot();
        robot.link.warnings = vec![RobotWarning {
            code: "no_watchdog".to_owned(),
            message: "this firmware does not stop by itself".to_owned(),
        }];
        robot.estop = Estop {
            latched: true,
            confirmed: false,
            saved: false,
            source: Some(EstopSource::Person),
            by: Some("ana".to_owned()),
            ..robot.estop
        };
        robot.driver = Some(Driver {
            lease: 7,
            who: "bob".to_owned(),
            account: "admin".to_owned(),
            since: "2026-11-23T05:48:00Z".parse().unwrap(),
            connected: false,
            asked_by: Some("eva".to_owned()),
        });
        robot.black_box_fault = Some("the disk is full".to_owned());
        insta::assert_snapshot!(text(&robot, &style()));
        assert!(sentence(&robot, &style()).contains("latched by ana"));
    }
}
