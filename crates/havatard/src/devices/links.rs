//! Cameras and serial ports, by the links that udev makes: their names are those of the thing, not of the order of plugging in.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use havatar_api as api;

/// The cameras. One that does not say who it is has a name by its place alone; one with both is listed by the first.
pub(super) fn cameras(root: &Path) -> Vec<api::AttachedCamera> {
    let mut nodes = BTreeMap::new();
    for folder in ["dev/v4l/by-id", "dev/v4l/by-path"] {
        for (link, node) in links(root, folder).filter(|(link, _)| link.ends_with("-video-index0")) {
            nodes.entry(node).or_insert(link);
        }
    }
    let camera = |(node, device): (PathBuf, String)| {
        let name = node.file_name().map_or_else(Default::default, |name| {
            fs::read_to_string(root.join("sys/class/video4linux").join(name).join("name")).unwrap_or_default()
        });
        api::AttachedCamera {
            device,
            node: node.display().to_string(),
            name: name.trim().to_owned(),
            formats: Vec::new(),
            controls: Vec::new(),
            fault: None,
        }
    };
    nodes.into_iter().map(camera).collect()
}

/// The serial ports on USB.
pub(super) fn serial_ports(root: &Path) -> Vec<api::SerialPort> {
    let ports = links(root, "dev/serial/by-id");
    ports.map(|(port, node)| api::SerialPort { port, node: node.display().to_string() }).collect()
}

/// Each link of a folder with the node it leads to, by name.
fn links(root: &Path, folder: &str) -> impl Iterator<Item = (String, PathBuf)> {
    let folder = folder.to_owned();
    let mut links: Vec<_> =
        fs::read_dir(root.join(&folder)).into_iter().flatten().flatten().map(|entry| entry.path()).collect();
    links.sort();
    links.into_iter().filter_map(move |link| {
        let target = fs::read_link(&link).ok()?;
        let node = Path::new("/dev").join(target.file_name()?);
        let name = link.file_name()?.to_str()?;
        Some((format!("/{folder}/{name}"), node))
    })
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::symlink;

    use super::*;

    fn machine() -> tempfile::TempDir {
        let root = tempfile::tempdir().unwrap();
        for (link, to) in [
            ("dev/v4l/by-id/usb-Logitech_C920-video-index0", "../../video2"),
            ("dev/v4l/by-id/usb-Logitech_C920-video-index1", "../../video3"),
            ("dev/v4l/by-path/pci-0-usb-1-video-index0", "../../video2"),
            ("dev/v4l/by-path/platform-vivid.0-video-index0", "../../video0"),
            ("dev/serial/by-id/usb-Silicon_Labs_CP2102-if00", "../../ttyUSB0"),
        ] {
            let link = root.path().join(link);
            fs::create_dir_all(link.parent().unwrap()).unwrap();
            symlink(to, link).unwrap();
        }
        let name = root.path().join("sys/class/video4linux/video2");
        fs::create_dir_all(&name).unwrap();
        fs::write(name.join("name"), "HD Pro Webcam C920\n").unwrap();
        root
    }

    #[test]
    fn each_camera_once_by_its_own_name_where_it_has_one() {
        let root = machine();
        let found: Vec<_> =
            cameras(root.path()).into_iter().map(|it| (it.device, it.node, it.name)).collect();
        let texts =
            |device: &str, node: &str, name: &str| (device.to_owned(), node.to_owned(), name.to_owned());
        assert_eq!(
            found,
            [
                texts("/dev/v4l/by-path/platform-vivid.0-video-index0", "/dev/video0", ""),
                texts("/dev/v4l/by-id/usb-Logitech_C920-video-index0", "/dev/video2", "HD Pro Webcam C920"),
            ]
        );
        assert!(cameras(Path::new("/nowhere")).is_empty());
    }

    #[test]
    fn serial_ports_by_their_links() {
        let root = machine();
        let port = "/dev/serial/by-id/usb-Silicon_Labs_CP2102-if00".to_owned();
        assert_eq!(serial_ports(root.path()), [api::SerialPort { port, node: "/dev/ttyUSB0".to_owned() }]);
    }
}
