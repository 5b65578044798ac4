//! The last step of every launch: each program is confined to what its part needs, and nothing connects to a MediaMTX
//! that is not ours.

use std::ffi::OsStr;
use std::path::Path;
use std::sync::Arc;

use havatar_supervisor::{Command, Input, Launch, LaunchError, Pipeline};

use crate::config::{CameraDevice, CameraSource, Config};
use crate::confinement::Needs;
use crate::{holders, program};

use super::context::{self, Context};
use super::process_table::ProcessId;

/// A launch, with its programs confined.
pub(crate) struct Confined<L> {
    pub(crate) id: ProcessId,
    pub(crate) launch: L,
    pub(crate) ctx: Arc<Context>,
}

impl<L: Launch> Launch for Confined<L> {
    async fn prepare(&mut self) -> Result<Pipeline, LaunchError> {
        let pipeline = self.launch.prepare().await?;
        let (id, ctx) = (self.id, Arc::clone(&self.ctx));
        // It lists folders and reads /proc.
        let confined = tokio::task::spawn_blocking(move || {
            let config = ctx.config();
            if id.uses_rtsp() && !mediamtx_listens(&ctx, &config) {
                return Err(LaunchError::NotReady("MediaMTX does not listen for RTSP".into()));
            }
            let stages = pipeline.stages.into_iter().map(|stage| {
                let needs = needs(id, &stage, &ctx, &config);
                ctx.confiner.confine(&config, needs, stage)
            });
            Ok(Pipeline { stages: stages.collect() })
        });
        confined.await.map_err(|error| LaunchError::Failed(error.to_string()))?
    }
}

/// Another program that has taken the port of a MediaMTX that has just ended would be sent picture and sound.
fn mediamtx_listens(ctx: &Context, config: &Config) -> bool {
    let port = config.media.mediamtx.rtsp_address.0.port();
    let listeners = holders::listeners(port);
    !listeners.is_empty()
        && listeners.iter().all(|inode| ctx.spawner.owns_socket(ProcessId::Mediamtx.name(), *inode))
}

/// What a program of a process needs.
fn needs(id: ProcessId, stage: &Command, ctx: &Context, config: &Config) -> Needs {
    if stage.program == program::own() {
        return Needs::stage();
    }
    let name = stage.program.file_name().and_then(OsStr::to_str).unwrap_or_default();
    let rtsp = config.media.mediamtx.rtsp_address.0.port();
    match id {
        ProcessId::Mediamtx => media_server(ctx, config),
        ProcessId::Camera if name == "havatar-sim" => Needs::engine(),
        // The connection to the source is open already, and it needs no other.
        ProcessId::Camera if matches!(stage.input, Input::File(_)) => Needs::camera(None).with_port(rtsp),
        ProcessId::Camera => camera(config, rtsp),
        ProcessId::Speaker => Needs::sound(),
        ProcessId::Microphone if matches!(name, "parec" | "arecord") => Needs::sound(),
        ProcessId::Microphone | ProcessId::Muxer | ProcessId::Talk => Needs::publisher(rtsp),
    }
}

fn media_server(ctx: &Context, config: &Config) -> Needs {
    let recordings = context::recordings(config, &ctx.state_dir);
    // A folder that is not there cannot be allowed. If it cannot be made, the recorder says why.
    let _ = std::fs::create_dir_all(&recordings);
    Needs::media_server(&ctx.runtime_dir, &recordings)
}

fn camera(config: &Config, rtsp: u16) -> Needs {
    let camera = &config.media.camera;
    let needs = match (camera.source, &camera.file, &camera.device) {
        (CameraSource::Url, _, _) => Needs::network_camera(),
        (CameraSource::File, Some(file), _) => Needs::camera(Some(file.as_path())),
        (CameraSource::V4l2, _, CameraDevice::Path(device)) => {
            Needs::camera(None).with_device(Path::new(device))
        }
        _ => Needs::camera(None),
    };
    needs.with_port(rtsp)
}
