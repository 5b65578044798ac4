//! What the controller is told, and how often: a new set-point at once, the same one again every 50 ms with its
//! age, a stop until the controller says that it stands.

use std::time::Duration;

use havatar_api::DriveMode;
use serde_json::{Value, json};
use tokio::time::Instant;

use super::super::arbiter::{DEADMAN, Wanted};
use super::super::wire::{Order, Report, Stand, StepKind};
use super::Core;

/// The newest set-point is repeated this often.
pub(in super::super) const REPEAT: Duration = Duration::from_millis(50);
/// A stop that is not confirmed is repeated this often.
const RETRY: Duration = Duration::from_millis(20);
/// Head and lamp are set again if the controller says otherwise for this long.
const REMIND: Duration = Duration::from_millis(200);
/// With nothing to do, the loop still looks this often.
const IDLE: Duration = Duration::from_millis(250);

/// What has been sent.
#[derive(Debug)]
#[expect(clippy::struct_excessive_bools, reason = "each is a fact of its own")]
pub(super) struct Sent {
    /// A command came that has not been sent yet.
    pub(super) fresh: bool,
    /// The mode that people were told of.
    pub(super) mode: Option<DriveMode>,
    /// The set-point that was noted last.
    pub(super) noted: Option<Wanted>,
    wheels: Instant,
    /// The controller may be moving, as far as what we sent goes.
    rolling: bool,
    /// A stop that has not been sent yet: whatever is wanted since, it goes first.
    pub(super) owed: bool,
    emergency: Instant,
    /// The last word about the latch was to open it.
    release: bool,
    parts: Instant,
    head: Option<(i16, i16)>,
    lamp: Option<(u8, u8)>,
}

impl Sent {
    pub(super) fn new(now: Instant) -> Self {
        Self {
            fresh: true,
            mode: None,
            noted: None,
            wheels: now,
            rolling: true,
            owed: false,
            emergency: now,
            release: false,
            parts: now,
            head: None,
            lamp: None,
        }
    }

    /// Head and lamp found no room: they are to be said once there is some.
    pub(super) fn forget_parts(&mut self) {
        (self.head, self.lamp) = (None, None);
    }

    /// Another session with a controller that knows nothing of ours.
    pub(super) fn forget(&mut self) {
        (self.fresh, self.rolling, self.release) = (true, true, false);
        self.forget_parts();
    }
}

impl Core {
    /// What is to be written now, most urgent first; and when to be asked again at the latest.
    pub(crate) fn orders(&mut self, now: Instant, orders: &mut Vec<Order>) -> Instant {
        self.expire(now);
        self.emergency_tick(now);
        let (was, told) = (self.arbiter.mode(), self.arbiter.stopped());
        self.arbiter.tick(now);
        self.stopped(was, told);
        let mut next = now + IDLE;
        if self.device.controller().is_ok() {
            self.emergency_orders(now, orders, &mut next);
            self.wheel_orders(now, orders, &mut next);
            self.part_orders(now, orders);
        }
        let own = [self.arbiter.next(), self.leases.next(), self.emergency.next()];
        own.into_iter().flatten().fold(next, Instant::min)
    }

    fn emergency_orders(&mut self, now: Instant, orders: &mut Vec<Order>, next: &mut Instant) {
        let known = self.device.heard().map(|report| report.estop_latched);
        let order = match (self.emergency.is_latched(), known) {
            // What it said last it said before it was told to release.
            (true, Some(true)) if self.sent.release => Order::Estop,
            (true, Some(true)) | (false, Some(false)) => return,
            (true, _) => Order::Estop,
            (false, Some(true)) if self.emergency.is_releasing() => Order::Release,
            (false, _) => return,
        };
        // A new latching is `fresh`: it does not wait for a retry's turn.
        if self.sent.fresh || now >= self.sent.emergency + RETRY {
            self.sent.release = order == Order::Release;
            orders.push(order);
            self.sent.emergency = now;
        }
        *next = (*next).min(self.sent.emergency + RETRY);
    }

    fn wheel_orders(&mut self, now: Instant, orders: &mut Vec<Order>, next: &mut Instant) {
        let fresh = std::mem::take(&mut self.sent.fresh);
        let wanted = if self.gate().is_ok() { self.arbiter.wanted(now) } else { Wanted::Brake };
        let stand = self.device.heard().map(|report| report.stand);
        let rest = |braked: bool| match stand {
            Some(Stand::Held | Stand::Latched) => true,
            Some(Stand::Ready) => !braked,
            Some(Stand::Driving | Stand::Stepping | Stand::Unknown) | None => false,
        };
        let (every, order) = match wanted {
            Wanted::Drive { linear, angular, age, left } => {
                (REPEAT, Order::Drive { linear, angular, age, left })
            }
            Wanted::Step { id, kind, amount, speed, age, left } => {
                (REPEAT, Order::Step { id, kind, amount, speed, age, left })
            }
            Wanted::Brake | Wanted::Neutral => {
                let braked = wanted == Wanted::Brake;
                // That it stands is what it said, or what was merely said to it: whoever stops it now is passed on in any case.
                if rest(braked) && !self.sent.rolling && !(braked && fresh) {
                    self.sent.owed = false;
                    return;
                }
                if braked { (RETRY, Order::Stop) } else { (RETRY, NEUTRAL) }
            }
        };
        if fresh || now >= self.sent.wheels + every {
            let moves = matches!(wanted, Wanted::Drive { .. } | Wanted::Step { .. });
            // Another driver may have come and acted before this loop was run: the stop in between is made all the same.
            let owed = std::mem::take(&mut self.sent.owed) && order != Order::Stop;
            if owed {
                orders.push(Order::Stop);
            }
            // The controller too must be let go of once after a stop; the driver has done so.
            if moves && (owed || !self.sent.rolling) {
                orders.push(NEUTRAL);
            }
            orders.push(order);
            self.sent.wheels = now;
            self.sent.rolling = moves;
        }
        *next = (*next).min(self.sent.wheels + every);
    }

    fn part_orders(&mut self, now: Instant, orders: &mut Vec<Order>) {
        if let Some((hz, ms)) = self.parts.buzzer.take() {
            orders.push(Order::Buzzer { hz, ms });
        }
        let Some(report) = self.device.heard().copied() else { return };
        let remind = now >= self.sent.parts + REMIND;
        if let Some((pan, tilt)) = self.parts.head
            && (self.sent.head != self.parts.head || (remind && report.head != self.parts.head))
        {
            orders.push(Order::Head { pan, tilt });
            self.sent.head = self.parts.head;
            self.sent.parts = now;
        }
        let lamp = (self.parts.light.unwrap_or(0), self.presence());
        if self.sent.lamp != Some(lamp) || (remind && self.shows_other(&report, lamp)) {
            orders.push(Order::Lights { light: lamp.0, presence: lamp.1 });
            self.sent.lamp = Some(lamp);
            self.sent.parts = now;
        }
    }

    /// The lamp is not as bright as it was set, or the light beside it tells those in the room something else.
    fn shows_other(&self, report: &Report, (light, presence): (u8, u8)) -> bool {
        let shows = self.device.controller().is_ok_and(|controller| controller.features.presence);
        report.light.is_some_and(|reported| reported != light)
            || (shows && report.presence.is_some_and(|reported| reported != presence))
    }

    /// Who is there, for the light that shows it: 0 nobody, 1 somebody who watches, 2 a driver.
    fn presence(&self) -> u8 {
        match (&self.seat, self.parts.watchers) {
            (Some(_), _) => 2,
            (None, 1..) => 1,
            (None, 0) => 0,
        }
    }
}

const NEUTRAL: Order = Order::Drive { linear: 0, angular: 0, age: Duration::ZERO, left: DEADMAN };

impl Wanted {
    /// Whether it is the same but for its age.
    pub(super) fn is_like(&self, other: &Self) -> bool {
        match (*self, *other) {
            (Self::Drive { linear, angular, .. }, Self::Drive { linear: l, angular: a, .. }) => {
                (linear, angular) == (l, a)
            }
            (Self::Step { id, .. }, Self::Step { id: i, .. }) => id == i,
            (one, other) => one == other,
        }
    }

    /// For the black box.
    pub(super) fn to_json(self, mode: Option<DriveMode>) -> Value {
        match self {
            Self::Brake => json!({"mode": "brake"}),
            Self::Neutral => json!({"mode": "neutral"}),
            Self::Drive { linear, angular, age, .. } => json!({
                "mode": mode, "linear_mm_s": linear, "angular_mrad_s": angular, "age_ms": millis(age),
            }),
            Self::Step { id, kind, amount, speed, age, .. } => {
                let unit = if kind == StepKind::Straight { "mm" } else { "mrad" };
                json!({"mode": mode, "id": id, unit: amount, "speed": speed, "age_ms": millis(age)})
            }
        }
    }
}

fn millis(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}
