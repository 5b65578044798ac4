//! Sound cards, from the kernel's own list of them.

use std::fs;
use std::path::Path;

use havatar_api as api;

/// The cards of /proc/asound, with who has them open.
pub(super) fn cards(root: &Path) -> Vec<api::SoundCard> {
    let asound = root.join("proc/asound");
    let list = fs::read_to_string(asound.join("cards")).unwrap_or_default();
    // ` 1 [Device         ]: USB-Audio - USB Audio Device`, then a line about its place.
    let heads = list.lines().filter_map(|line| {
        let (number, rest) = line.trim_start().split_once(" [")?;
        let (id, name) = rest.split_once("]:")?;
        let number: u32 = number.parse().ok()?;
        let name = name.split_once(" - ").map_or(name, |(_, name)| name).trim();
        Some((number, id.trim().to_owned(), name.to_owned()))
    });
    heads
        .map(|(number, id, name)| {
            let folder = asound.join(format!("card{number}"));
            let (mut captures, mut plays, mut in_use_by) = (false, false, Vec::new());
            for pcm in fs::read_dir(&folder).into_iter().flatten().flatten() {
                let pcm_name = pcm.file_name().to_string_lossy().into_owned();
                if !pcm_name.starts_with("pcm") {
                    continue;
                }
                captures |= pcm_name.ends_with('c');
                plays |= pcm_name.ends_with('p');
                in_use_by.extend(owners(root, &pcm.path()));
            }
            in_use_by.sort();
            in_use_by.dedup();
            api::SoundCard { device: format!("plughw:CARD={id}"), name, captures, plays, in_use_by }
        })
        .collect()
}

/// Who has a device's substreams open.
fn owners(root: &Path, pcm: &Path) -> Vec<String> {
    let substreams = fs::read_dir(pcm).into_iter().flatten().flatten();
    let status = substreams.filter_map(|sub| fs::read_to_string(sub.path().join("status")).ok());
    status
        .filter_map(|status| {
            let pid = status.lines().find_map(|line| line.strip_prefix("owner_pid"))?;
            let pid = pid.trim_start_matches([' ', ':']).trim().to_owned();
            let name = fs::read_to_string(root.join("proc").join(&pid).join("comm"));
            // The unit hides other users' processes: the number alone is known then.
            Some(name.map_or_else(|_| format!("pid {pid}"), |name| format!("{} (pid {pid})", name.trim())))
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cards_with_what_they_have_and_who_uses_them() {
        let root = tempfile::tempdir().unwrap();
        let put = |path: &str, text: &str| {
            let file = root.path().join(path);
            fs::create_dir_all(file.parent().unwrap()).unwrap();
            fs::write(file, text).unwrap();
        };
        put(
            "proc/asound/cards",
            " 0 [vc4hdmi0       ]: vc4-hdmi - vc4-hdmi-0\n                      vc4-hdmi-0\n 1 [Device         ]: USB-Audio - USB Audio Device\n                      C-Media at usb-1\n",
        );
        put("proc/asound/card0/pcm0p/sub0/status", "closed\n");
        put("proc/asound/card1/pcm0p/sub0/status", "state: RUNNING\nowner_pid   : 812\ntrigger_time: 1\n");
        put("proc/asound/card1/pcm0c/sub0/status", "state: RUNNING\nowner_pid   : 4000\n");
        put("proc/812/comm", "aplay\n");
        let card = |device: &str, name: &str, captures, in_use_by: &[&str]| api::SoundCard {
            device: device.to_owned(),
            name: name.to_owned(),
            captures,
            plays: true,
            in_use_by: in_use_by.iter().map(|&who| who.to_owned()).collect(),
        };
        assert_eq!(
            cards(root.path()),
            [
                card("plughw:CARD=vc4hdmi0", "vc4-hdmi-0", false, &[]),
                card("plughw:CARD=Device", "USB Audio Device", true, &["aplay (pid 812)", "pid 4000"]),
            ]
        );
        assert!(cards(Path::new("/nowhere")).is_empty());
    }
}
