//! The body of the simulated robot: two wheels, a battery, and perhaps a wall.

/// Between the wheels, mm.
pub(super) const TRACK_MM: u16 = 260;
/// Counts of a wheel's encoder.
pub(super) const TICKS_PER_METRE: u32 = 4000;
/// A wheel at full duty without load, mm/s.
pub(super) const FULL_SPEED_MM_S: u16 = 700;
/// From its centre to its front, mm.
const RADIUS: f64 = 180.0;
/// How fast a driven wheel follows its motor, s.
const MOTOR: f64 = 0.040;
/// How fast a shorted motor stands, s.
const BRAKE: f64 = 0.008;
/// A full battery, an empty one, and what full load takes from either, mV.
const FULL: f64 = 12_600.0;
const EMPTY: f64 = 9_900.0;
const SAG: f64 = 400.0;
/// Seconds of full load in a battery.
const CHARGE: f64 = 3600.0;
/// A wheel slower than this stands, mm/s: below the slowest that is ever asked for.
pub(super) const STILL: f64 = 2.0;

/// Where it is and how it moves. x is ahead of where it began, y to the left, in mm; angles in radians.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Body {
    pub(super) x: f64,
    pub(super) y: f64,
    pub(super) heading: f64,
    /// mm/s.
    left: f64,
    right: f64,
    /// mm of way.
    way: (f64, f64),
    /// 0 to 1.
    pub(super) charge: f64,
    load: f64,
    /// Nothing gets beyond this x.
    pub(super) wall: Option<f64>,
}

impl Default for Body {
    fn default() -> Self {
        Self {
            x: 0.0,
            y: 0.0,
            heading: 0.0,
            left: 0.0,
            right: 0.0,
            way: (0.0, 0.0),
            charge: 0.9,
            load: 0.0,
            wall: None,
        }
    }
}

impl Body {
    /// `seconds` go by under these duties, -1000 to 1000.
    pub(super) fn pass(&mut self, seconds: f64, (left, right): (i16, i16), brake: bool) {
        let follow = |speed: f64, duty: i16| {
            let wanted = f64::from(duty) / 1000.0 * f64::from(FULL_SPEED_MM_S);
            let (wanted, lag) = if brake { (0.0, BRAKE) } else { (wanted, MOTOR) };
            wanted + (speed - wanted) * (-seconds / lag).exp()
        };
        (self.left, self.right) = (follow(self.left, left), follow(self.right, right));
        if self.at_the_wall() {
            (self.left, self.right) = (0.0, 0.0);
        }
        let (linear, angular) = self.speed();
        let turned = angular * seconds;
        // The chord of the arc, in the direction of its middle: exact enough for steps of milliseconds.
        let middle = self.heading + turned / 2.0;
        self.x += linear * seconds * middle.cos();
        self.y += linear * seconds * middle.sin();
        self.heading += turned;
        self.way.0 += self.left * seconds;
        self.way.1 += self.right * seconds;
        self.load = f64::from(left.unsigned_abs() + right.unsigned_abs()) / 2000.0;
        self.charge = (self.charge - self.load * seconds / CHARGE).max(0.0);
    }

    /// mm/s, radians a second.
    pub(super) fn speed(&self) -> (f64, f64) {
        (f64::midpoint(self.left, self.right), (self.right - self.left) / f64::from(TRACK_MM))
    }

    /// Whether a wheel turns.
    pub(super) fn moves(&self) -> bool {
        self.left.abs() >= STILL || self.right.abs() >= STILL
    }

    /// What the encoders count; they wrap as a counter does.
    pub(super) fn ticks(&self) -> (i32, i32) {
        let ticks = |way: f64| {
            #[expect(clippy::cast_possible_truncation, reason = "a counter wraps")]
            let count = (way / 1000.0 * f64::from(TICKS_PER_METRE)).floor() as i64;
            #[expect(clippy::cast_possible_truncation, reason = "a counter wraps")]
            let wrapped = count as i32;
            wrapped
        };
        (ticks(self.way.0), ticks(self.way.1))
    }

    /// What the battery shows.
    pub(super) fn battery_mv(&self) -> u16 {
        let mv = EMPTY + (FULL - EMPTY) * self.charge - SAG * self.load;
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "between 9.5 and 12.6 V")]
        let whole = mv as u16;
        whole
    }

    /// Its front touches the wall, and it goes on towards it. Wheels that grip stand still then.
    fn at_the_wall(&self) -> bool {
        let (linear, _) = self.speed();
        self.wall.is_some_and(|wall| self.x + RADIUS >= wall && linear * self.heading.cos() > 0.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn run(body: &mut Body, seconds: f64, duties: (i16, i16), brake: bool) {
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a few thousand")]
        for _ in 0..(seconds * 500.0).round() as u32 {
            body.pass(0.002, duties, brake);
        }
    }

    #[test]
    fn goes_a_metre_and_its_encoders_say_so() {
        let mut body = Body::default();
        run(&mut body, 4.0, (500, 500), false);
        // 350 mm/s for 4 s, less what the motors took to follow.
        assert!((body.x - 350.0 * (4.0 - MOTOR)).abs() < 1.0, "{body:?}");
        assert!(body.y.abs() < 1e-6);
        let (left, right) = body.ticks();
        assert!(left == right && (f64::from(left) - body.x * 4.0).abs() <= 1.0, "{left} {body:?}");
    }

    #[test]
    fn turns_on_the_spot_by_opposite_wheels() {
        let mut body = Body::default();
        run(&mut body, 2.0, (-200, 200), false);
        let expected = 280.0 / f64::from(TRACK_MM) * (2.0 - MOTOR);
        assert!((body.heading - expected).abs() < 0.01, "{body:?}");
        assert!(body.x.abs() < 1e-6 && body.y.abs() < 1e-6);
    }

    #[test]
    fn a_brake_stands_within_50_ms_and_rolling_out_takes_longer() {
        let mut braked = Body::default();
        run(&mut braked, 1.0, (360, 360), false);
        let mut rolling = braked;
        run(&mut braked, 0.050, (0, 0), true);
        run(&mut rolling, 0.050, (0, 0), false);
        assert!(!braked.moves() && rolling.moves(), "{braked:?} {rolling:?}");
    }

    #[test]
    fn a_wall_stops_it_and_lets_it_go_back() {
        let mut body = Body { wall: Some(500.0), ..Body::default() };
        run(&mut body, 4.0, (500, 500), false);
        assert!((body.x + RADIUS - 500.0).abs() < 2.0 && !body.moves(), "{body:?}");
        run(&mut body, 1.0, (-300, -300), false);
        assert!(body.x < 200.0, "{body:?}");
    }

    #[test]
    fn a_battery_sags_under_load_and_drains() {
        let mut body = Body::default();
        let full = body.battery_mv();
        run(&mut body, 0.1, (1000, 1000), false);
        assert!(body.battery_mv() + 350 < full);
        run(&mut body, 0.1, (0, 0), false);
        assert!(body.battery_mv() <= full);
    }
}
