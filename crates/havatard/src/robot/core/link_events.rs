//! Handles the events of the link: sessions with the controller that begin and end, and its reports.

use std::time::Duration;

use havatar_api::StopReason;
use serde_json::json;
use tokio::time::Instant;

use crate::robot::arbiter::SpeedLimits;
use crate::robot::wire::{Controller, DeviceState, DeviceStop, LinkEvent, Lost, Report, StepEnd};

use super::Core;
use super::device::LinkState;

/// A controller that still reports "held" this long after a set-point has stopped by itself, or never started.
const FOLLOWS_WITHIN: Duration = Duration::from_millis(150);
/// A step that the controller has not started after this long, because it waits for rest or refuses, is given up: one that
/// starts seconds after its press surprises the driver.
const BEGINS_WITHIN: Duration = Duration::from_millis(700);

impl Core {
    /// Handles an event of the link.
    pub(crate) fn on_link_event(&mut self, event: LinkEvent, now: Instant) {
        match event {
            LinkEvent::Reported(report) => self.on_report(report, now),
            LinkEvent::Declined(what) => self.note("declined", json!({"what": what})),
            LinkEvent::Lost(lost) => self.on_link_lost(lost),
            LinkEvent::Up(controller) => self.on_link_up(controller),
            LinkEvent::Off => self.set_link_state(LinkState::Off),
            LinkEvent::Away(why) => self.set_link_state(LinkState::Away(why)),
            LinkEvent::Refused(why) => self.set_link_state(LinkState::Refused(why)),
            LinkEvent::Unknown(why) => self.set_link_state(LinkState::Unknown(why)),
        }
    }

    /// The motion loop does not run, or runs again. Either way only a human sets the wheels in motion anew.
    pub(crate) fn set_hung(&mut self, hung: bool) {
        if std::mem::replace(&mut self.device.hung, hung) == hung {
            return;
        }
        self.stop_all(StopReason::LinkLost);
        self.note("loop", json!({"hung": hung}));
        self.changed = true;
    }

    fn set_link_state(&mut self, state: LinkState) {
        if self.device.state == state {
            return;
        }
        if matches!(self.device.state, LinkState::Up(_)) {
            self.stop_all(StopReason::LinkLost);
        }
        (self.device.state, self.device.report) = (state, None);
        let link = self.device.link();
        self.note("link", json!({"state": link.state, "why": link.why}));
        self.changed = true;
    }

    fn on_link_up(&mut self, controller: Controller) {
        // Actions before this controller was there are void. The reason for which the wheels already stand still remains.
        let standing = self.arbiter.stopped().filter(|_| self.arbiter.mode().is_none());
        self.stop_all(standing.unwrap_or(StopReason::LinkLost));
        let limits = SpeedLimits {
            linear: self.limits.linear.min(f64::from(controller.max_linear)),
            angular: self.limits.angular.min(f64::from(controller.max_angular)),
        };
        self.arbiter.configure(limits);
        self.sent.forget();
        self.note("link", json!({"state": "up", "name": controller.name, "boot": controller.boot}));
        (self.device.state, self.device.report) = (LinkState::Up(controller), None);
        self.changed = true;
    }

    fn on_link_lost(&mut self, lost: Lost) {
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
        (self.device.state, self.device.report) = (LinkState::Unknown(words), None);
        self.changed = true;
    }

    fn on_report(&mut self, report: Report, now: Instant) {
        if self.device.controller().is_err() {
            return;
        }
        let before = self.device.report.replace((report, now)).map(|(report, _)| report);
        self.changed |= before.is_none_or(|before| matters(&before) != matters(&report));
        self.estop_report(&report, now);
        let (mode, stopped) = (self.arbiter.mode(), self.arbiter.stopped());
        if report.motor_fault {
            self.arbiter.stop(StopReason::MotorFault);
        }
        if let Some(moving) = self.arbiter.moving_for(now) {
            self.compare(&report, moving, now);
        }
        self.note_if_stopped(mode, stopped);
    }

    /// Compares what the controller does with what it was sent.
    fn compare(&mut self, report: &Report, moving: Duration, now: Instant) {
        let stopped = match reason(report.stopped) {
            StopReason::DeviceWatchdog => {
                self.arbiter.about_to_end(now).unwrap_or(StopReason::DeviceWatchdog)
            }
            reason => reason,
        };
        let held = report.state == DeviceState::Held && moving >= FOLLOWS_WITHIN;
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

/// The part of a report whose change is published at once; the rest goes with the next regular state.
fn matters(report: &Report) -> (DeviceState, bool, bool, bool, bool, bool, bool) {
    (
        report.state,
        report.estop_latched,
        report.button,
        report.motor_fault,
        report.muted,
        report.battery_low,
        report.battery_critical,
    )
}
