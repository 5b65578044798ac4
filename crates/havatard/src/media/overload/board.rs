//! The board's heat and supply, as the kernel shows them under /sys: thermal zones of any machine, the alarm of a Raspberry Pi's
//! voltage (driver `raspberrypi-hwmon`), and what its firmware has throttled (`get_throttled`, Raspberry Pi's own kernel).
//!
//! Files of the kernel's memory, read within microseconds; the firmware answers within a millisecond.

use std::fs;
use std::path::{Path, PathBuf};

use havatar_api as api;

/// From this temperature on the picture gives way where the board does not name the one from which it slows down, °C.
const HOT_FROM: f64 = 85.0;
/// By so much it must cool down again, °C.
const COOLER_BY: f64 = 10.0;
/// So far below the temperature at which the board switches itself off it is hot.
const BELOW_CRITICAL: f64 = 10.0;

/// Bits of the firmware's word: under-voltage; frequency capped, throttled, soft temperature limit.
const UNDER_VOLTAGE: u32 = 1;
const SLOWED: u32 = 0b1110;

/// The files that this machine has, and what they said last.
pub(super) struct Sensors {
    zones: Vec<Zone>,
    alarm: Option<PathBuf>,
    firmware: Option<PathBuf>,
    last: api::Board,
    hot: bool,
}

struct Zone {
    temperature: PathBuf,
    hot_from: f64,
}

impl Zone {
    /// A notebook is made for temperatures that would end a small board: each says itself what is hot.
    fn of(folder: &Path) -> Self {
        let kinds = entries(folder, "trip_point_").into_iter();
        let kinds = kinds.filter(|it| it.to_string_lossy().ends_with("_type"));
        let points = kinds.filter_map(|kind| {
            let file = kind.to_string_lossy().replace("_type", "_temp");
            let degrees = degrees(Path::new(&file))?;
            match read(&kind)?.trim() {
                "passive" | "hot" => Some(degrees),
                "critical" => Some(degrees - BELOW_CRITICAL),
                _ => None,
            }
        });
        Self { temperature: folder.join("temp"), hot_from: points.reduce(f64::min).unwrap_or(HOT_FROM) }
    }
}

impl Sensors {
    pub(super) fn of_this_machine() -> Self {
        Self::below(Path::new("/sys"))
    }

    fn below(sys: &Path) -> Self {
        let zones = entries(&sys.join("class/thermal"), "thermal_zone");
        let kind = |zone: &Path| fs::read_to_string(zone.join("type")).unwrap_or_default();
        let of_processors: Vec<PathBuf> =
            zones.iter().filter(|zone| is_processor(kind(zone).trim())).cloned().collect();
        // A board that does not name its zones has one that counts: the hottest.
        let chosen = if of_processors.is_empty() { zones } else { of_processors };
        let voltage = entries(&sys.join("class/hwmon"), "hwmon")
            .into_iter()
            .find(|it| fs::read_to_string(it.join("name")).is_ok_and(|name| name.trim() == "rpi_volt"));
        let firmware = entries(&sys.join("devices/platform"), "soc")
            .into_iter()
            .flat_map(|soc| entries(&soc, "soc"))
            .map(|it| it.join("get_throttled"))
            .find(|file| file.exists());
        Self {
            zones: chosen.iter().map(|zone| Zone::of(zone)).collect(),
            alarm: voltage.map(|it| it.join("in0_lcrit_alarm")),
            firmware,
            last: api::Board::default(),
            hot: false,
        }
    }

    /// Reads them, and logs what has become of the supply and of the processor's speed.
    pub(super) fn read(&mut self) -> api::Board {
        let word = self
            .firmware
            .as_deref()
            .and_then(|file| u32::from_str_radix(read(file)?.trim().trim_start_matches("0x"), 16).ok());
        let alarm = self.alarm.as_deref().and_then(read).map(|text| text.trim() != "0");
        let mut temperature_c: Option<f64> = None;
        let margin = if self.hot { COOLER_BY } else { 0.0 };
        self.hot = false;
        for zone in &self.zones {
            let Some(degrees) = degrees(&zone.temperature) else { continue };
            temperature_c = Some(temperature_c.map_or(degrees, |known| known.max(degrees)));
            self.hot |= degrees >= zone.hot_from - margin;
        }
        let board = api::Board {
            temperature_c,
            throttled: word.map(|word| word & SLOWED != 0),
            under_voltage: word.map(|word| word & UNDER_VOLTAGE != 0).or(alarm),
        };
        tell(self.last, board);
        self.last = board;
        // One that is slowed down by its supply alone draws less with less to do.
        self.hot |= board.throttled == Some(true);
        board
    }

    /// The picture has to give way.
    pub(super) fn is_hot(&self) -> bool {
        self.hot
    }
}

fn is_processor(kind: &str) -> bool {
    ["cpu", "soc", "x86_pkg"].iter().any(|word| kind.contains(word))
}

fn tell(last: api::Board, now: api::Board) {
    match (last.under_voltage, now.under_voltage) {
        (Some(true), Some(false)) => tracing::info!("the supply's voltage suffices again"),
        (last, Some(true)) if last != Some(true) => tracing::warn!(
            "the supply's voltage is too low: use the supply that belongs to the board and a short cable, and power motors separately"
        ),
        _ => {}
    }
    let temperature_c = now.temperature_c;
    match (last.throttled, now.throttled) {
        (Some(true), Some(false)) => tracing::info!(temperature_c, "the processor runs at full speed again"),
        (last, Some(true)) if last != Some(true) => tracing::warn!(
            temperature_c,
            "the board slows its processor down: cool it, and see whether its supply suffices"
        ),
        _ => {}
    }
}

/// A temperature in whole degrees; a sensor that is off shows an extreme, and counts as none.
fn degrees(file: &Path) -> Option<f64> {
    let millidegrees: f64 = read(file)?.trim().parse().ok()?;
    Some((millidegrees / 1000.0).round()).filter(|degrees| (-40.0..=150.0).contains(degrees))
}

fn read(file: &Path) -> Option<String> {
    fs::read_to_string(file).ok()
}

/// The entries of a folder whose names begin so, in order.
fn entries(folder: &Path, prefix: &str) -> Vec<PathBuf> {
    let Ok(found) = fs::read_dir(folder) else { return Vec::new() };
    let mut paths: Vec<PathBuf> = found
        .flatten()
        .filter(|entry| entry.file_name().to_str().is_some_and(|name| name.starts_with(prefix)))
        .map(|entry| entry.path())
        .collect();
    paths.sort();
    paths
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Fake(tempfile::TempDir);

    impl Fake {
        fn put(&self, file: &str, text: &str) {
            let path = self.0.path().join(file);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, text).unwrap();
        }
    }

    #[test]
    fn a_machine_that_tells_nothing_is_unknown_and_not_hot() {
        let fake = Fake(tempfile::tempdir().unwrap());
        let mut sensors = Sensors::below(fake.0.path());
        assert_eq!(sensors.read(), api::Board::default());
        assert!(!sensors.is_hot());
    }

    #[test]
    fn a_raspberry_pi_tells_its_heat_its_supply_and_that_it_is_slowed_down() {
        let fake = Fake(tempfile::tempdir().unwrap());
        let firmware = "devices/platform/soc@107c000000/soc@107c000000:firmware/get_throttled";
        fake.put("class/thermal/thermal_zone0/type", "cpu-thermal\n");
        fake.put("class/thermal/thermal_zone0/temp", "61200\n");
        fake.put("class/thermal/thermal_zone1/type", "battery\n");
        fake.put("class/thermal/thermal_zone1/temp", "99000\n");
        fake.put(firmware, "50000\n");
        let mut sensors = Sensors::below(fake.0.path());
        let board = |temperature_c, throttled, under_voltage| api::Board {
            temperature_c: Some(temperature_c),
            throttled: Some(throttled),
            under_voltage: Some(under_voltage),
        };
        assert_eq!(sensors.read(), board(61.0, false, false), "what has been since the start is not now");
        assert!(!sensors.is_hot());
        fake.put(firmware, "50001\n");
        assert_eq!(sensors.read(), board(61.0, false, true));
        assert!(!sensors.is_hot());
        fake.put(firmware, "0x50004\n");
        assert_eq!(sensors.read(), board(61.0, true, false));
        assert!(sensors.is_hot());
    }

    #[test]
    fn heat_has_a_hysteresis_and_a_sensor_that_is_off_is_none() {
        let fake = Fake(tempfile::tempdir().unwrap());
        let zone = "class/thermal/thermal_zone0/temp";
        fake.put(zone, "84400");
        let mut sensors = Sensors::below(fake.0.path());
        for (text, hot) in [
            ("84400", false),
            ("84600", true),
            ("76000", true),
            ("75000", true),
            ("74400", false),
            ("84000", false),
        ] {
            fake.put(zone, text);
            sensors.read();
            assert_eq!(sensors.is_hot(), hot, "{text}");
        }
        fake.put(zone, "-274000");
        assert_eq!(sensors.read().temperature_c, None);
        fake.put(zone, "not a number");
        assert_eq!(sensors.read().temperature_c, None);
    }

    #[test]
    fn a_zone_says_itself_what_is_hot() {
        let fake = Fake(tempfile::tempdir().unwrap());
        let zone = |name: &str| format!("class/thermal/thermal_zone0/{name}");
        fake.put(&zone("trip_point_0_type"), "critical\n");
        fake.put(&zone("trip_point_0_temp"), "110000\n");
        fake.put(&zone("temp"), "95000\n");
        let hot = || {
            let mut sensors = Sensors::below(fake.0.path());
            sensors.read();
            sensors.is_hot()
        };
        assert!(!hot(), "15 degrees below the end of a notebook");
        fake.put(&zone("trip_point_1_type"), "passive\n");
        fake.put(&zone("trip_point_1_temp"), "95000\n");
        assert!(hot());
    }

    #[test]
    fn the_mainline_kernels_alarm_is_read_where_the_firmwares_word_is_not_shown() {
        let fake = Fake(tempfile::tempdir().unwrap());
        fake.put("class/hwmon/hwmon0/name", "cpu_thermal\n");
        fake.put("class/hwmon/hwmon1/name", "rpi_volt\n");
        fake.put("class/hwmon/hwmon1/in0_lcrit_alarm", "1\n");
        let board = Sensors::below(fake.0.path()).read();
        assert_eq!((board.under_voltage, board.throttled), (Some(true), None));
    }
}
