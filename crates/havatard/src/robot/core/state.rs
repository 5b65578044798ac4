//! The state of the robot, as published.

use std::time::Duration;

use havatar_api as api;
use tokio::time::Instant;

use crate::robot::arbiter::SetPoint;
use crate::robot::lag::Level;
use crate::robot::wire::Report;

use super::Core;

impl Core {
    /// The whole state.
    pub(crate) fn state(&mut self, now: Instant) -> api::RobotState {
        api::RobotState {
            motion: self.motion(now),
            link: self.device.link(),
            estop: self.estop_state(),
            driver: self.leases.driver(),
            reserved: self.leases.reservation(),
            telemetry: self.telemetry(now),
            black_box_fault: None,
        }
    }

    /// Whether the state changes without events.
    pub(crate) fn has_report(&self) -> bool {
        self.device.last_report().is_some()
    }

    fn motion(&mut self, now: Instant) -> api::Motion {
        let refusal =
            self.check_ready().err().or_else(|| self.session.is_none().then_some(api::Refusal::NoLease));
        let set_point =
            if self.check_ready().is_ok() { self.arbiter.set_point(now) } else { SetPoint::Brake };
        let (linear, angular) = match set_point {
            SetPoint::Drive { linear, angular, .. } => (metres(linear.into()), degrees(angular.into())),
            _ => (0.0, 0.0),
        };
        api::Motion {
            mode: self.arbiter.mode(),
            left_ms: self.arbiter.time_left(now).map(millis),
            linear,
            angular,
            neutral_first: self.arbiter.neutral_first(),
            stopped: self.arbiter.stopped(),
            refusal,
            limit: self.limit(now),
        }
    }

    fn limit(&self, now: Instant) -> api::SpeedLimit {
        let (level, percent) = self.arbiter.limit(now);
        let timing = self.arbiter.timing();
        let video = timing.and_then(|timing| timing.video);
        api::SpeedLimit {
            percent,
            steps_only: level == Some(Level::StepsOnly),
            lag_ms: timing.zip(video).map(|(timing, video)| millis(video + timing.age)),
            picture_ms: video.map(millis),
            command_ms: timing.map(|timing| millis(timing.age)),
        }
    }

    fn telemetry(&self, now: Instant) -> Option<api::Telemetry> {
        let controller = self.device.controller().ok()?;
        let (report, at) = self.device.report.as_ref()?;
        Some(api::Telemetry {
            age_ms: millis(now.saturating_duration_since(*at)),
            linear: report.speed.map(|(linear, _)| metres(linear.into())),
            angular: report.speed.map(|(_, angular)| degrees(angular.into())),
            odometry: report.pose.map(|(x, y, heading)| api::Odometry {
                x_m: metres(x),
                y_m: metres(y),
                heading_deg: degrees(heading),
            }),
            battery: battery(report),
            head: report
                .head
                .map(|(pan, tilt)| api::Head { pan: f64::from(pan) / 100.0, tilt: f64::from(tilt) / 100.0 }),
            light: report.light,
            muted: controller.features.mute_switch.then_some(report.muted),
            watchdog_trips: report.trips.into(),
            bad_frames: report.bad_frames,
        })
    }
}

fn battery(report: &Report) -> Option<api::Battery> {
    (report.battery_mv.is_some() || report.battery_percent.is_some()).then(|| api::Battery {
        percent: report.battery_percent,
        volts: report.battery_mv.map(|mv| f64::from(mv) / 1000.0),
        low: report.battery_low,
        critical: report.battery_critical,
    })
}

fn metres(mm: i32) -> f64 {
    f64::from(mm) / 1000.0
}

/// Rounded to tenths, which is as much as is shown.
fn degrees(mrad: i32) -> f64 {
    ((f64::from(mrad) / 1000.0).to_degrees() * 10.0).round() / 10.0
}

fn millis(duration: Duration) -> u32 {
    u32::try_from(duration.as_millis()).unwrap_or(u32::MAX)
}
