//! Where on a Linux machine the things are that helper programs need.

use std::ffi::OsStr;
use std::fs;
use std::path::{Path, PathBuf};

/// Folders that are looked into at most, to leave out what is protected in them.
const MOST_FOLDERS: usize = 64;
/// Entries of one folder that are taken at most.
const MOST_ENTRIES: usize = 4096;

/// Programs and libraries, and what a dynamic linker and a C library read.
pub(super) fn libraries() -> Vec<PathBuf> {
    let mut all = paths(&[
        "/usr",
        "/lib",
        "/lib32",
        "/lib64",
        "/libx32",
        "/bin",
        "/sbin",
        "/opt",
        "/nix/store",
        "/gnu/store",
        "/etc/alternatives",
        "/etc/ld.so.cache",
        "/etc/ld.so.conf",
        "/etc/ld.so.conf.d",
        "/etc/ld.so.preload",
        "/etc/localtime",
        "/etc/nsswitch.conf",
        "/etc/passwd",
        "/proc",
        "/sys/devices/system",
        "/sys/kernel/mm",
    ]);
    all.extend(std::env::var_os("LD_LIBRARY_PATH").iter().flat_map(std::env::split_paths));
    all
}

/// The system's settings and its knowledge of devices and names.
pub(super) fn system() -> Vec<PathBuf> {
    paths(&[
        "/etc",
        "/sys",
        "/run/udev",
        "/run/systemd/resolve",
        "/run/resolvconf",
        "/run/NetworkManager",
        "/run/connman",
        "/run/opengl-driver",
        "/var/cache/fontconfig",
    ])
}

/// Where a program brings its libraries along: its own folder, and those beside it.
pub(super) fn around(program: &Path) -> Vec<PathBuf> {
    let Ok(file) = program.canonicalize() else { return Vec::new() };
    let Some(folder) = file.parent() else { return Vec::new() };
    let beside = |name: &str| folder.parent().map(|above| above.join(name));
    let mut all = vec![folder.to_owned()];
    all.extend(["lib", "lib64", "libexec", "share"].into_iter().filter_map(beside));
    all
}

/// Devices that give nothing away.
pub(super) fn harmless_devices() -> Vec<PathBuf> {
    paths(&["/dev/null", "/dev/zero", "/dev/full", "/dev/random", "/dev/urandom"])
}

/// Cameras, codecs and GPUs, as they are plugged in now.
pub(super) fn cameras() -> Vec<PathBuf> {
    const NAMES: [&str; 16] = [
        "video",
        "media",
        "v4l",
        "dma_heap",
        "dri",
        "vchiq",
        "vcio",
        "vcsm",
        "vc-mem",
        "rpivid",
        "udmabuf",
        "nvidia",
        "mali",
        "mpp_service",
        "rga",
        "kfd",
    ];
    entries(Path::new("/dev"))
        .into_iter()
        .filter(|path| {
            let name = path.file_name().map(OsStr::to_string_lossy).unwrap_or_default();
            NAMES.iter().any(|known| name.starts_with(known))
        })
        .collect()
}

/// Sound cards, and what the clients of a sound server read of a user's settings.
pub(super) fn sound() -> (Vec<PathBuf>, Vec<PathBuf>) {
    let from =
        |variable: &str, rest: &str| std::env::var_os(variable).map(|dir| PathBuf::from(dir).join(rest));
    let user = nix::unistd::geteuid();
    let mut files = paths(&["/run/pulse", "/var/lib/alsa", "/run/dbus", "/run/alsa", "/var/lib/dbus"]);
    files.push(PathBuf::from(format!("/run/user/{user}/pulse")));
    files.push(PathBuf::from(format!("/run/user/{user}/pipewire-0")));
    files.extend(from("XDG_RUNTIME_DIR", "pulse"));
    files.extend(from("XDG_RUNTIME_DIR", "pipewire-0"));
    for setting in
        [".asoundrc", ".config/alsa", ".config/pulse", ".pulse-cookie", ".pulse", ".config/pipewire"]
    {
        files.extend(from("HOME", setting));
    }
    for setting in ["pulse", "alsa", "pipewire"] {
        files.extend(from("XDG_CONFIG_HOME", setting));
    }
    let named =
        ["PULSE_RUNTIME_PATH", "PULSE_COOKIE", "PULSE_CLIENTCONFIG", "ALSA_CONFIG_PATH", "ALSA_CONFIG_DIR"];
    files.extend(named.into_iter().filter_map(std::env::var_os).map(PathBuf::from));
    (files, paths(&["/dev/snd", "/dev/shm"]))
}

/// Where espeak-ng looks for its voices beside its own folders.
pub(super) fn voices() -> Vec<PathBuf> {
    std::env::var_os("ESPEAK_DATA_PATH").map(PathBuf::from).into_iter().collect()
}

/// The files that an argument names, `/x/ro.onnx` or `--model=/x/ro.onnx`: an engine's voice lies in several, with one
/// beginning. A folder as a whole.
pub(super) fn named_by(argument: &str) -> Vec<PathBuf> {
    let value = argument.split_once('=').map_or(argument, |(_, value)| value);
    let path = Path::new(value);
    let (Some(name), Some(folder)) = (path.file_name(), path.parent()) else { return Vec::new() };
    if !path.is_absolute() || !path.exists() {
        return Vec::new();
    }
    let mut files = vec![path.to_owned()];
    if path.is_file() {
        let begins = |other: &PathBuf| {
            other
                .file_name()
                .is_some_and(|other| other.as_encoded_bytes().starts_with(name.as_encoded_bytes()))
        };
        files.extend(entries(folder).into_iter().filter(begins));
    }
    files
}

/// The paths, without what is protected beneath them: a folder that holds something of it is replaced by its other entries.
/// Links in such a folder are left out, for they may lead back.
pub(super) fn except(paths: Vec<PathBuf>, protected: &[PathBuf]) -> Vec<PathBuf> {
    let mut allowed = Vec::new();
    let mut folders = MOST_FOLDERS;
    // What a path stands for, not what it is called: /bin is a link on most machines.
    let mut pending: Vec<PathBuf> = paths.into_iter().filter_map(|path| path.canonicalize().ok()).collect();
    while let Some(path) = pending.pop() {
        if protected.iter().any(|secret| path.starts_with(secret)) {
            continue;
        }
        if !protected.iter().any(|secret| secret.starts_with(&path)) {
            allowed.push(path);
        } else if folders > 0 {
            folders -= 1;
            pending.extend(entries(&path));
        }
    }
    allowed
}

/// The entries of a folder that are no links.
fn entries(folder: &Path) -> Vec<PathBuf> {
    let Ok(entries) = fs::read_dir(folder) else { return Vec::new() };
    entries
        .flatten()
        .take(MOST_ENTRIES)
        .filter(|entry| entry.file_type().is_ok_and(|kind| !kind.is_symlink()))
        .map(|entry| entry.path())
        .collect()
}

fn paths(list: &[&str]) -> Vec<PathBuf> {
    list.iter().map(PathBuf::from).collect()
}
