//! What the parts that helper programs play need.

use std::path::{Path, PathBuf};

use havatar_supervisor::Network;

use super::places;

/// What a part needs beside the program itself and the system's libraries.
#[derive(Debug, Clone, Default)]
pub(crate) struct Needs {
    /// Files and folders to read.
    pub(super) files: Vec<PathBuf>,
    /// Folders to write in.
    pub(super) write: Vec<PathBuf>,
    /// Devices.
    pub(super) devices: Vec<PathBuf>,
    /// It makes sockets in the runtime directory.
    pub(super) sockets: bool,
    /// It reads the system's settings: names, fonts, certificates, sound.
    pub(super) system: bool,
    /// It may need anything, like a command that a person wrote.
    pub(super) is_unknown: bool,
    pub(super) network: Network,
}

impl Needs {
    /// MediaMTX: its settings and its slate in the runtime directory, and the recordings.
    pub(crate) fn media_server(runtime_dir: &Path, recordings: &Path) -> Self {
        Self {
            files: vec![runtime_dir.to_owned()],
            write: vec![recordings.to_owned()],
            system: true,
            network: Network::Any,
            ..Self::default()
        }
    }

    /// An ffmpeg that takes from a pipe or from MediaMTX, and gives to MediaMTX.
    pub(crate) fn publisher(rtsp_port: u16) -> Self {
        Self { system: true, network: Network::Tcp(vec![rtsp_port]), ..Self::default() }
    }

    /// What captures or encodes: the cameras and encoders of the machine, and a file that stands for one.
    pub(crate) fn camera(file: Option<&Path>) -> Self {
        Self {
            files: file.map(Path::to_owned).into_iter().collect(),
            devices: places::cameras(),
            system: true,
            ..Self::default()
        }
    }

    /// A camera in the network.
    pub(crate) fn network_camera() -> Self {
        Self { network: Network::Any, ..Self::camera(None) }
    }

    /// A player or a recorder: the sound cards, or a sound server wherever it is.
    pub(crate) fn sound() -> Self {
        let (files, devices) = places::sound();
        Self { files, devices, system: true, network: Network::Any, ..Self::default() }
    }

    /// A stage between ffmpeg and a sound card's program.
    pub(crate) fn stage() -> Self {
        Self { sockets: true, network: Network::Tcp(Vec::new()), ..Self::default() }
    }

    /// What turns one pipe into another: a speech engine with its voices, a decoder, a painter of test pictures.
    pub(crate) fn engine() -> Self {
        Self { files: places::voices(), ..Self::default() }
    }

    /// A program that is asked about itself or about a file.
    pub(crate) fn check() -> Self {
        Self { system: true, ..Self::default() }
    }

    /// A command that a person wrote into the config.
    pub(crate) fn unknown() -> Self {
        Self { is_unknown: true, ..Self::default() }
    }

    /// The same with what the arguments name: a file, and those beside it whose names begin like its own.
    pub(crate) fn with_arguments(mut self, args: &[String]) -> Self {
        self.files.extend(args.iter().flat_map(|arg| places::named_by(arg)));
        self
    }

    /// The same with TCP connections to this port.
    pub(crate) fn with_port(self, port: u16) -> Self {
        let network = match self.network {
            Network::Any => Network::Any,
            Network::Nothing => Network::Tcp(vec![port]),
            Network::Tcp(ports) => Network::Tcp(ports.into_iter().chain([port]).collect()),
        };
        Self { network, ..self }
    }

    /// The same with a file or a folder to read.
    pub(crate) fn with_file(mut self, path: &Path) -> Self {
        self.files.push(path.to_owned());
        self
    }

    /// The same with a device.
    pub(crate) fn with_device(mut self, path: &Path) -> Self {
        self.devices.push(path.to_owned());
        self
    }

    /// The same with a folder to write in.
    pub(crate) fn with_folder(mut self, path: &Path) -> Self {
        self.write.push(path.to_owned());
        self
    }
}
