//! What each helper program may do: which files it may read and change, and what it may reach.
//!
//! MediaMTX, ffmpeg, the speech engine and the sound card's programs run as the daemon's user, and take in what strangers send. So
//! each is confined (`havatar_supervisor::Confinement`) to what its part needs. None may read the state directory with the
//! admin token, the files of passwords and keys, or recordings; MediaMTX alone may write those.
//!
//! Two kinds of program are told apart. One that is a program file is known: it gets the system's libraries, what its
//! part needs (`needs.rs`), and its own folder. A script, or the command that a person configured for speech, may need
//! anything: it gets everything but what is protected (`places.rs`).

mod needs;
mod places;

use std::fs::File;
use std::io::Read as _;
use std::path::{Path, PathBuf};

use havatar_supervisor::{Command, Confinement, Network};

use crate::config::Config;

pub(crate) use needs::Needs;

/// Confines commands.
#[derive(Debug, Clone)]
pub struct Confiner {
    state_dir: PathBuf,
    runtime_dir: PathBuf,
    config_file: Option<PathBuf>,
}

impl Confiner {
    /// For a daemon with these directories and this config file.
    pub fn new(state_dir: PathBuf, runtime_dir: PathBuf, config_file: Option<PathBuf>) -> Self {
        Self { state_dir, runtime_dir, config_file }
    }

    /// The command with its confinement, unless the config switches that off. Lists folders of the whole machine: not to
    /// be called where nothing may block.
    pub(crate) fn confine(&self, config: &Config, needs: Needs, command: Command) -> Command {
        let confinement =
            config.confinement.enabled.then(|| self.confinement(config, needs, &command.program));
        Command { confinement, ..command }
    }

    fn confinement(&self, config: &Config, needs: Needs, program: &Path) -> Confinement {
        let protected = self.protected(config);
        let except = |paths: Vec<PathBuf>| places::except(paths, &protected);
        let sockets = if needs.sockets { vec![self.runtime_dir.clone()] } else { Vec::new() };
        let mut read = needs.files;
        read.extend(config.confinement.readable.iter().map(|path| path.as_path().to_owned()));
        if !needs.is_unknown && is_program_file(program) {
            let mut system = places::libraries();
            if needs.system {
                system.extend(places::system());
            }
            system.extend(places::around(program));
            read.extend(except(system));
            let mut devices = places::harmless_devices();
            devices.extend(needs.devices);
            return Confinement {
                read,
                write: needs.write,
                full: Vec::new(),
                devices,
                sockets,
                network: needs.network,
            };
        }
        Confinement {
            read,
            write: needs.write,
            full: except(vec![PathBuf::from("/")]),
            devices: Vec::new(),
            sockets,
            network: Network::Any,
        }
    }

    /// What no helper may read. Each path is as the kernel sees it, without links.
    fn protected(&self, config: &Config) -> Vec<PathBuf> {
        let mut paths = vec![self.state_dir.clone(), self.runtime_dir.clone()];
        paths.extend(self.config_file.clone());
        paths.extend(config.recording.directory.as_ref().map(|path| path.as_path().to_owned()));
        paths.extend(config.server.tls.as_ref().map(|tls| tls.key.as_path().to_owned()));
        paths.extend(config.media.camera.url_file.as_ref().map(|path| path.as_path().to_owned()));
        let servers = config.media.mediamtx.ice_servers.iter();
        paths.extend(
            servers.filter_map(|server| server.password_file.as_ref()).map(|path| path.as_path().to_owned()),
        );
        // One that does not exist yet is protected by its name.
        paths.into_iter().map(|path| path.canonicalize().unwrap_or(path)).collect()
    }
}

/// A program file rather than a script, which may start anything.
fn is_program_file(program: &Path) -> bool {
    let mut start = [0; 4];
    File::open(program).and_then(|mut file| file.read_exact(&mut start)).is_ok() && start == *b"\x7fELF"
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::os::unix::fs::symlink;

    use super::*;

    fn confiner(dir: &Path) -> Confiner {
        for name in ["state/recordings", "run", "etc", "films"] {
            fs::create_dir_all(dir.join(name)).unwrap();
        }
        for name in ["state/admin-token", "run/mediamtx.yml", "etc/havatar.yaml", "etc/other", "films/a.mp4"]
        {
            fs::write(dir.join(name), "x").unwrap();
        }
        symlink(dir.join("state"), dir.join("link")).unwrap();
        Confiner::new(dir.join("state"), dir.join("run"), Some(dir.join("etc/havatar.yaml")))
    }

    fn covers(paths: &[PathBuf], file: &Path) -> bool {
        paths.iter().any(|path| file.starts_with(path))
    }

    #[test]
    fn no_program_gets_what_is_protected_whatever_it_is() {
        let dir = tempfile::tempdir().unwrap();
        let dir = dir.path().canonicalize().unwrap();
        let confiner = confiner(&dir);
        let script = dir.join("ffmpeg");
        fs::write(&script, "#!/bin/sh\n").unwrap();
        // A program file in the very folder that the protected ones are in.
        let file = dir.join("program");
        fs::copy("/proc/self/exe", &file).unwrap();
        let config = Config::default();
        for needs in [
            Needs::engine(),
            Needs::unknown(),
            Needs::publisher(8554),
            Needs::network_camera(),
            Needs::camera(None),
            Needs::sound(),
            Needs::stage(),
            Needs::check(),
        ] {
            for program in [Path::new("/bin/sh"), &script, &file] {
                let made = confiner.confinement(&config, needs.clone(), program);
                for secret in [
                    "state/admin-token",
                    "state/recordings/havatar/a.mp4",
                    "run/mediamtx.yml",
                    "etc/havatar.yaml",
                ] {
                    let secret = dir.join(secret);
                    for paths in [&made.read, &made.write, &made.full, &made.devices] {
                        assert!(!covers(paths, &secret), "{needs:?} {program:?} {secret:?}: {paths:?}");
                    }
                }
                assert!(!covers(&made.full, &dir.join("link")), "a link to what is protected");
                assert!(
                    covers(&made.read, Path::new("/usr/lib")) || covers(&made.full, Path::new("/usr/lib"))
                );
            }
            let unknown = confiner.confinement(&config, needs.clone(), &script);
            assert!(covers(&unknown.full, &dir.join("etc/other")) && covers(&unknown.full, &script));
        }
    }

    #[test]
    fn the_media_server_gets_its_settings_and_the_recordings() {
        let dir = tempfile::tempdir().unwrap();
        let dir = dir.path().canonicalize().unwrap();
        let made = confiner(&dir).confinement(
            &Config::default(),
            Needs::media_server(&dir.join("run"), &dir.join("state/recordings")),
            Path::new("/bin/sh"),
        );
        assert!(covers(&made.read, &dir.join("run/mediamtx.yml")));
        assert!(covers(&made.write, &dir.join("state/recordings/havatar/a.mp4")));
        assert!(!covers(&made.read, &dir.join("state/admin-token")));
        assert!(!covers(&made.write, &dir.join("run")));
    }

    #[test]
    fn what_the_config_adds_is_readable_and_its_switch_works() {
        let dir = tempfile::tempdir().unwrap();
        let dir = dir.path().canonicalize().unwrap();
        let confiner = confiner(&dir);
        let text = format!("confinement: {{readable: [{}]}}", dir.join("films").display());
        let mut config = Config::from_bytes(text.as_bytes(), Path::new("x"), false).unwrap().config;
        let command = || Command::new("/bin/sh");
        let made = confiner.confine(&config, Needs::publisher(1), command()).confinement.unwrap();
        assert!(covers(&made.read, &dir.join("films/a.mp4")));
        config.confinement.enabled = false;
        assert_eq!(confiner.confine(&config, Needs::publisher(1), command()).confinement, None);
    }
}
