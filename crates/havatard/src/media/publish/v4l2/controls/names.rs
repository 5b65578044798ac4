//! Names of controls, and lists of words, as sentences have them.

/// A control's name as `v4l2-ctl` spells it: `Exposure Time, Absolute` is `exposure_time_absolute`.
pub(crate) fn spelled(name: &str) -> String {
    let parts = name.split(|letter: char| !letter.is_ascii_alphanumeric()).filter(|part| !part.is_empty());
    parts.map(str::to_ascii_lowercase).collect::<Vec<_>>().join("_")
}

/// A name or a value that came from outside, short and without control characters.
pub(super) fn shortened(text: &str) -> String {
    const LONGEST: usize = 60;
    text.chars().filter(|letter| !letter.is_control()).take(LONGEST).collect()
}

/// `Disabled, 50 Hz or 60 Hz`; of many, the first.
pub(super) fn listed(words: &[&str], last: &str) -> String {
    const MOST: usize = 32;
    match words {
        [] => "nothing".to_owned(),
        [only] => (*only).to_owned(),
        [first @ .., end] if words.len() <= MOST => format!("{} {last} {end}", first.join(", ")),
        _ => format!("{} and {} more", words[..MOST].join(", "), words.len() - MOST),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_those_of_v4l2_ctl() {
        for (name, wanted) in [
            ("Brightness", "brightness"),
            ("White Balance, Automatic", "white_balance_automatic"),
            ("Exposure Time, Absolute", "exposure_time_absolute"),
            ("LED1 Mode", "led1_mode"),
            ("  Focus (mm) ", "focus_mm"),
            ("power_line_frequency", "power_line_frequency"),
            ("", ""),
            ("--", ""),
        ] {
            assert_eq!(spelled(name), wanted);
        }
    }

    #[test]
    fn lists_end_with_a_word_and_do_not_go_on_for_ever() {
        assert_eq!(listed(&["a"], "or"), "a");
        assert_eq!(listed(&["a", "b"], "or"), "a or b");
        assert_eq!(listed(&["a", "b", "c"], "and"), "a, b and c");
        let many = vec!["x"; 40];
        assert!(listed(&many, "or").ends_with("and 8 more"));
        assert_eq!(shortened(&format!("a\u{1b}[31m{}", "b".repeat(100))).chars().count(), 60);
    }
}
