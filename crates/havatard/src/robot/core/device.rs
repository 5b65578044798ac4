//! What is known of the controller.

use havatar_api::{self as api, Refusal, StopReason};
use serde_json::json;
use tokio::time::Instant;

use super::super::arbiter::Caps;
use super::super::wire::{
    Controller, DeviceStop, Features, LinkNews, Lost, Protocol, Report, Stand, StepEnd,
};
use super::Core;
use crate::config::RobotPort;

/// A controller that still says "held" so long after it was told to move has stopped by itself, or never began.
const FOLLOWS_WITHIN: std::time::Duration = std::time::Duration::from_millis(150);

/// A step that the controller has not begun so long after it was told, because it waits for rest or refuses, is given up:
/// one that begins seconds after the press moves nobody who expects it.
const BEGINS_WITHIN: std::time::Duration = std::time::Duration::from_millis(700);

/// The cable and what is at its end.
#[derive(Debug)]
pub(super) struct Device {
    pub(super) port: String,
    phase: Phase,
    pub(super) report: Option<(Report, Instant)>,
}

#[derive(Debug, Clone, PartialEq)]
enum Phase {
    Off,
    Away(String),
    Refused(String),
    Unknown(String),
    Up(Controller),
}

impl Device {
    /// `port` as the config has it. What nobody has looked at yet is unknown, and not missing: the switch on a robot that has
    /// not answered yet stays as it was.
    pub(super) fn new(port: &str) -> Self {
        let phase = if port == RobotPort::None.to_string() {
            Phase::Off
        } else {
            Phase::Unknown("its port has not been opened yet".to_owned())
        };
        Self { port: port.to_owned(), phase, report: None }
    }

    /// It answers, and has reported: only then may anything be driven.
    pub(super) fn gate(&self) -> Result<(), Refusal> {
        self.controller()?;
        match &self.report {
            None => Err(Refusal::RobotUnknown),
            Some((report, _)) if report.motor_fault => Err(Refusal::RobotFault),
            Some(_) => Ok(()),
        }
    }

    pub(super) fn controller(&self) -> Result<&Controller, Refusal> {
        match &self.phase {
            Phase::Off => Err(Refusal::RobotOff),
            Phase::Away(_) | Phase::Refused(_) => Err(Refusal::RobotAway),
            Phase::Unknown(_) => Err(Refusal::RobotUnknown),
            Phase::Up(controller) => Ok(controller),
        }
    }

    pub(super) fn can_latch_estop(&self) -> bool {
        self.controller().is_ok_and(|controller| controller.features.estop)
    }

    /// The newest report, while the controller answers.
    pub(super) fn heard(&self) -> Option<&Report> {
        self.controller().ok()?;
        self.report.as_ref().map(|(report, _)| report)
    }

    pub(super) fn link(&self) -> api::RobotLink {
        let (state, why) = match &self.phase {
            Phase::Off => (api::RobotLinkState::Off, None),
            Phase::Away(why) => (api::RobotLinkState::Away, Some(why)),
            Phase::Refused(why) => (api::RobotLinkState::Refused, Some(why)),
            Phase::Unknown(why) => (api::RobotLinkState::Unknown, Some(why)),
            Phase::Up(_) => (api::RobotLinkState::Up, None),
        };
        let controller = self.controller().ok();
        api::RobotLink {
            state,
            port: self.port.clone(),
            why: why.cloned(),
            device: controller.map(described),
            warnings: controller.map(warnings).unwrap_or_default(),
        }
    }
}

impl Core {
    /// What the link has to say.
    pub(crate) fn link(&mut self, news: LinkNews, now: Instant) {
        match news {
            LinkNews::Heard(report) => self.heard(report, now),
            LinkNews::Declined(what) => self.note("declined", json!({"what": what})),
            LinkNews::Lost(lost) => self.lost(lost),
            LinkNews::Up(controller) => self.up(controller),
            LinkNews::Off => self.phase(Phase::Off),
            LinkNews::Away(why) => self.phase(Phase::Away(why)),
            LinkNews::Refused(why) => self.phase(Phase::Refused(why)),
            LinkNews::Unknown(why) => self.phase(Phase::Unknown(why)),
        }
    }

    fn phase(&mut self, phase: Phase) {
        if self.device.phase == phase {
            return;
        }
        if matches!(self.device.phase, Phase::Up(_)) {
            self.stop_all(StopReason::LinkLost);
        }
        (self.device.phase, self.device.report) = (phase, None);
        let link = self.device.link();
        self.note("link", json!({"state": link.state, "why": link.why}));
        self.changed = true;
    }

    fn up(&mut self, controller: Controller) {
        // Whatever somebody held down or let go of before this controller was there counts no more. Why the wheels stand
        // since before that is still so.
        let standing = self.arbiter.stopped().filter(|_| self.arbiter.mode().is_none());
        self.stop_all(standing.unwrap_or(StopReason::LinkLost));
        let caps = Caps {
            linear: self.caps.linear.min(f64::from(controller.max_linear)),
            angular: self.caps.angular.min(f64::from(controller.max_angular)),
        };
        self.arbiter.configure(caps);
        self.sent.forget();
        self.note("link", json!({"state": "up", "name": controller.name, "boot": controller.boot}));
        (self.device.phase, self.device.report) = (Phase::Up(controller), None);
        self.changed = true;
    }

    fn lost(&mut self, lost: Lost) {
        let (reason, why) = match lost {
            Lost::Unplugged => (StopReason::LinkLost, "unplugged"),
            Lost::Stuck => (StopReason::LinkLost, "not taking what is written"),
            Lost::Silent => (StopReason::LinkLost, "silent"),
            Lost::Rebooted => (StopReason::DeviceReset, "rebooted"),
            Lost::OtherSession => (StopReason::DeviceReset, "in another session"),
        };
        self.note("link", json!({"state": "lost", "why": why}));
        self.stop_all(reason);
        let words = format!("the motor controller is {why}; asking it who it is");
        (self.device.phase, self.device.report) = (Phase::Unknown(words), None);
        self.changed = true;
    }

    fn heard(&mut self, report: Report, now: Instant) {
        if self.device.controller().is_err() {
            return;
        }
        let before = self.device.report.replace((report, now)).map(|(report, _)| report);
        self.changed |= before.is_none_or(|before| matters(&before) != matters(&report));
        self.emergency_heard(&report, now);
        let (was, told) = (self.arbiter.mode(), self.arbiter.stopped());
        if report.motor_fault {
            self.arbiter.stop(StopReason::MotorFault);
        }
        if let Some(moving) = self.arbiter.moving_for(now) {
            self.compare(&report, moving, now);
        }
        self.stopped(was, told);
    }

    /// Compares what the controller does with what it was told to do.
    fn compare(&mut self, report: &Report, moving: std::time::Duration, now: Instant) {
        let stopped = match reason(report.stopped) {
            StopReason::DeviceWatchdog => self.arbiter.ends_soon(now).unwrap_or(StopReason::DeviceWatchdog),
            reason => reason,
        };
        let held = report.stand == Stand::Held && moving >= FOLLOWS_WITHIN;
        if self.arbiter.running_step() == Some(report.step) {
            match report.step_end {
                StepEnd::Done => self.arbiter.step_done(report.step),
                StepEnd::Blocked => self.arbiter.stop(StopReason::Blocked),
                StepEnd::TimedOut => self.arbiter.stop(StopReason::Ended),
                StepEnd::Stopped => self.arbiter.stop(stopped),
                StepEnd::None | StepEnd::Running => {}
            }
        } else if held || (self.arbiter.running_step().is_some() && moving >= BEGINS_WITHIN) {
            self.arbiter.stop(stopped);
        }
    }
}

fn reason(stopped: DeviceStop) -> StopReason {
    match stopped {
        DeviceStop::Estop => StopReason::Estop,
        DeviceStop::Boot => StopReason::DeviceReset,
        DeviceStop::Blocked => StopReason::Blocked,
        DeviceStop::MotorFault => StopReason::MotorFault,
        DeviceStop::Told | DeviceStop::Watchdog | DeviceStop::Unknown => StopReason::DeviceWatchdog,
    }
}

/// The part of a report whose change people are told at once; the rest goes with the next regular state.
fn matters(report: &Report) -> (Stand, bool, bool, bool, bool, bool, bool) {
    (
        report.stand,
        report.estop_latched,
        report.button,
        report.motor_fault,
        report.muted,
        report.battery_low,
        report.battery_critical,
    )
}

fn described(controller: &Controller) -> api::RobotDevice {
    let Features {
        odometry,
        battery,
        head,
        light,
        presence,
        buzzer,
        mute_switch,
        estop_button,
        estop,
        estop_kept,
        watchdog,
        acknowledges: _,
        answers: _,
    } = controller.features;
    let named = [
        (odometry, "odometry"),
        (battery, "battery"),
        (head, "head"),
        (light, "light"),
        (presence, "presence"),
        (buzzer, "buzzer"),
        (mute_switch, "mute_switch"),
        (estop_button, "estop_button"),
        (estop, "estop"),
        (estop_kept, "estop_latch"),
        (watchdog, "watchdog"),
    ];
    let protocol = match controller.protocol {
        Protocol::Havatar => "havatar",
        Protocol::Text => "text",
    };
    api::RobotDevice {
        name: controller.name.clone(),
        protocol: protocol.to_owned(),
        features: named.iter().filter(|(has, _)| *has).map(|(_, name)| (*name).to_owned()).collect(),
        boot: controller.boot,
    }
}

fn warnings(controller: &Controller) -> Vec<api::RobotWarning> {
    let features = &controller.features;
    let all = [
        (
            features.watchdog,
            "no_watchdog",
            "this firmware does not stop by itself when the computer dies: keep a hardware switch within somebody's reach",
        ),
        (
            features.acknowledges,
            "no_acknowledgement",
            "this firmware does not say whether it has stopped; stops are sent several times",
        ),
        (
            features.estop,
            "no_estop_latch",
            "this firmware does not remember an e-stop: it holds only while havatard runs",
        ),
        (
            features.answers,
            "no_answer",
            "no answer of this firmware is known, so whatever is at the end of the cable is taken for it: write what it \
             says as robot.text.replies",
        ),
        (features.odometry, "no_odometry", "this firmware does not measure its way: steps end by time"),
    ];
    all.into_iter()
        .filter(|(has, ..)| !has)
        .map(|(_, code, message)| api::RobotWarning { code: code.to_owned(), message: message.to_owned() })
        .collect()
}
