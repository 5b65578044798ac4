//! The devices that are plugged in, used or not: what an owner may choose from, by the names that stay.
//!
//! Asked for, not watched: who uses a device notices by itself when it goes.

mod links;
mod sound;

use std::path::{Path, PathBuf};

use havatar_api as api;

use crate::media::Media;

/// Everything that is plugged in. A camera that takes its time to answer delays this, and nothing else.
pub async fn attached(media: &Media) -> api::AttachedDevices {
    let found = tokio::task::spawn_blocking(|| {
        let cameras = links::cameras(Path::new("/"));
        (cameras, sound::cards(Path::new("/")), links::serial_ports(Path::new("/")))
    });
    let Ok((mut cameras, sound_cards, serial_ports)) = found.await else {
        return api::AttachedDevices::default();
    };
    for camera in &mut cameras {
        let node = PathBuf::from(&camera.node);
        match media.camera_formats(&node).await {
            Ok(formats) => camera.formats = formats,
            // One that hangs would take as long to hang again.
            Err(fault) => {
                camera.fault = Some(fault);
                continue;
            }
        }
        match media.camera_controls(&node).await {
            Ok(controls) => camera.controls = controls,
            Err(fault) => camera.fault = Some(fault),
        }
    }
    api::AttachedDevices { cameras, sound_cards, serial_ports }
}
