//! The link and the controller, as last reported.

use havatar_api::{self as api, Refusal};
use tokio::time::Instant;

use crate::config::RobotPort;
use crate::robot::wire::{Controller, Features, Protocol, Report};

/// The link and the controller at its end.
#[derive(Debug)]
pub(super) struct Device {
    pub(super) port: String,
    pub(super) state: LinkState,
    pub(super) report: Option<(Report, Instant)>,
    /// The motion loop does not run: nobody knows what is at the other end of the cable.
    pub(super) hung: bool,
}

#[derive(Debug, Clone, PartialEq)]
pub(super) enum LinkState {
    Off,
    Away(String),
    Refused(String),
    Unknown(String),
    Up(Controller),
}

/// What is shown of a link whose motion loop does not run.
const HUNG: &str = "the motion loop does not run, so nothing is sent to the robot and nothing is known of it: the port's \
                    driver may hang; unplug its cable and plug it in again";

impl Device {
    /// `port` is the configured one. A port that has not been opened yet is unknown, not away: the privacy switch of a robot that
    /// has not answered yet keeps its last state.
    pub(super) fn new(port: &str) -> Self {
        let state = if port == RobotPort::None.to_string() {
            LinkState::Off
        } else {
            LinkState::Unknown("its port has not been opened yet".to_owned())
        };
        Self { port: port.to_owned(), state, report: None, hung: false }
    }

    /// Whether the controller has answered and reported. Nothing is driven before that.
    pub(super) fn check_ready(&self) -> Result<(), Refusal> {
        self.controller()?;
        match &self.report {
            None => Err(Refusal::RobotUnknown),
            Some((report, _)) if report.motor_fault => Err(Refusal::RobotFault),
            Some(_) => Ok(()),
        }
    }

    pub(super) fn controller(&self) -> Result<&Controller, Refusal> {
        if self.hung {
            return Err(Refusal::RobotUnknown);
        }
        match &self.state {
            LinkState::Off => Err(Refusal::RobotOff),
            LinkState::Away(_) | LinkState::Refused(_) => Err(Refusal::RobotAway),
            LinkState::Unknown(_) => Err(Refusal::RobotUnknown),
            LinkState::Up(controller) => Ok(controller),
        }
    }

    pub(super) fn can_latch_estop(&self) -> bool {
        self.controller().is_ok_and(|controller| controller.features.estop)
    }

    /// The newest report, while the controller answers.
    pub(super) fn last_report(&self) -> Option<&Report> {
        self.controller().ok()?;
        self.report.as_ref().map(|(report, _)| report)
    }

    pub(super) fn link(&self) -> api::RobotLink {
        let hung = HUNG.to_owned();
        let (state, why) = match &self.state {
            _ if self.hung => (api::RobotLinkState::Unknown, Some(&hung)),
            LinkState::Off => (api::RobotLinkState::Off, None),
            LinkState::Away(why) => (api::RobotLinkState::Away, Some(why)),
            LinkState::Refused(why) => (api::RobotLinkState::Refused, Some(why)),
            LinkState::Unknown(why) => (api::RobotLinkState::Unknown, Some(why)),
            LinkState::Up(_) => (api::RobotLinkState::Up, None),
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
