//! Section `robot`: what it takes, and what it says about what it does not.

use havatard::config::{RobotPort, RobotProtocol};

use crate::{errors, loads};

#[test]
fn a_demo_has_a_simulated_robot_unless_it_is_told_otherwise() {
    use havatard::config::Config;
    let file = std::path::Path::new("havatar.yaml");
    let demo = |text: &str| Config::from_bytes(text.as_bytes(), file, true).unwrap().config.robot.port;
    assert_eq!(demo(""), RobotPort::Simulated);
    assert_eq!(demo("robot: {port: none}"), RobotPort::None);
    assert_eq!(loads("").config.robot.port, RobotPort::None);
}

#[test]
fn a_port_that_goes_round_is_remarked_on() {
    let loaded = loads("robot: {port: /dev/ttyUSB0}");
    assert_eq!(loaded.warnings.len(), 1);
    assert!(loaded.warnings[0].fix.as_deref().is_some_and(|fix| fix.contains("/dev/serial/by-id")));
    assert!(loads("robot: {port: /dev/serial/by-id/usb-x}").warnings.is_empty());
}

#[test]
fn text_needs_its_lines_and_says_what_is_wrong_with_them() {
    let text = |lines: &str| format!("robot:\n  protocol: text\n  text:\n{lines}");
    let sound = loads(&text("    drive: \"M {left} {right}\\n\"\n    track_mm: 260\n"));
    assert_eq!(sound.config.robot.protocol, RobotProtocol::Text);
    for (lines, key, part) in [
        ("    drive: \"M {left}\"\n    track_mm: 260\n", "robot.text.drive", "every motion"),
        ("    drive: \"M {lft} {right}\"\n    track_mm: 260\n", "robot.text.drive", "left"),
        ("    drive: \"M {left} {right}\"\n", "robot.text.track_mm", "distance"),
        (
            "    drive: \"M {left} {right}\"\n    track_mm: 260\n    stop: \"S {left}\"\n",
            "robot.text.stop",
            "",
        ),
        ("    drive: \"M {left} {right}\"\n    track_mm: 260\n    light: on\n", "robot.text.light", "text"),
        (
            "    drive: \"V {linear} {angular}\"\n    replies: [\"BAT {volts}\"]\n",
            "robot.text.replies[0]",
            "volts",
        ),
        ("    drive: \"V {linear} {angular}\"\n    ask: \"?\"\n", "robot.text.ask", "answer"),
        (
            "    drive: \"V {linear} {angular}\"\n    replies: [\"OK\"]\n    silence_ms: 299\n",
            "robot.text.silence_ms",
            "299",
        ),
    ] {
        let told = errors(&text(lines));
        assert_eq!(told.len(), 1, "{lines}: {told:#?}");
        assert_eq!(told[0].key, key, "{lines}: {told:#?}");
        assert!(told[0].to_string().contains(part), "{lines}: {told:#?}");
        assert!(told[0].fix.is_some() && told[0].line.is_some(), "{told:#?}");
    }
    for (lines, name) in [
        ("    drive: \"M {left} {right}\"\n    track_mm: 260\n", "drive"),
        ("    drive: 'V {linear} {angular} '\n", "drive"),
        ("    drive: \"V {linear} {angular}\\n\"\n    stop: STOP\n", "stop"),
    ] {
        let told = errors(&text(lines));
        assert_eq!(
            (told.len(), told[0].key.as_str()),
            (1, format!("robot.text.{name}").as_str()),
            "{told:#?}"
        );
        assert!(told[0].fix.as_deref().is_some_and(|fix| fix.contains("\\n")), "{told:#?}");
    }
    // A firmware may end an order with a sign of its own.
    loads(&text("    drive: \"V {linear} {angular};\"\n"));
    let told = errors("robot: {protocol: text}");
    assert_eq!(told[0].key, "robot.text");
}

#[test]
fn speeds_are_bounded() {
    for (setting, key) in [
        ("max_speed: 0.6", "robot.max_speed"),
        ("max_speed: 0.04", "robot.max_speed"),
        ("max_speed: -0.2", "robot.max_speed"),
        ("max_speed: .nan", "robot.max_speed"),
        ("max_speed: .inf", "robot.max_speed"),
        ("max_turn: 46", "robot.max_turn"),
        ("black_box_mib: 0", "robot.black_box_mib"),
    ] {
        let told = errors(&format!("robot: {{{setting}}}"));
        assert_eq!(told.len(), 1, "{setting}: {told:#?}");
        assert_eq!(told[0].key, key, "{setting}");
    }
    assert_eq!(loads("robot: {max_speed: 0.05}").config.robot.max_speed.mm_s(), 50);
}
