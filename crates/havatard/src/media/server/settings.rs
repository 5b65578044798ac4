//! MediaMTX's settings file: written, and compared with what MediaMTX says is in force.

use std::path::{Path, PathBuf};

use serde_json::Value;

use crate::config::Config;
use crate::config::trust::{self, Trust};
use crate::disk::{self, Existing};
use crate::media::context::{self, Context};
use crate::media::publish::slate;

use super::applied_config::AppliedConfig;
use super::client::Client;
use super::error::MediaMtxError;
use super::redact::redact;
use super::render::{self, Rendered};
use super::validate;

/// The settings file in the runtime directory.
pub(crate) const FILE: &str = "mediamtx.yml";

/// The settings for the config, with this boot's secrets.
pub(crate) async fn settings(ctx: &Context, config: &Config) -> Result<Rendered, MediaMtxError> {
    let passwords = ice_passwords(config)?;
    let slate = slate::ensure(ctx, config).await;
    Ok(render::render(
        config,
        &render::Inputs {
            hook: ctx.hook,
            hook_secret: ctx.access.hook_secret(),
            recordings: &context::recordings(config, &ctx.state_dir),
            ice_passwords: &passwords,
            slate: slate.as_deref(),
        },
    ))
}

/// The settings file, if it holds these settings.
pub(crate) fn in_place(ctx: &Context, rendered: &Rendered) -> Option<PathBuf> {
    let file = ctx.runtime_dir.join(FILE);
    let text = rendered.to_yaml().ok()?;
    std::fs::read(&file).is_ok_and(|there| there == text.as_bytes()).then_some(file)
}

/// Writes the settings file for `config`. If MediaMTX refuses it for its slate, a new slate is made, once: a power cut may
/// have left one half-written.
pub(crate) async fn put(
    ctx: &Context,
    applied: &AppliedConfig,
    config: &Config,
    binary: &Path,
    rendered: Rendered,
) -> Result<(PathBuf, Rendered), MediaMtxError> {
    match write(ctx, applied, binary, &rendered).await {
        Err(MediaMtxError::Refused { reason, .. }) if reason.contains(render::SLATE_KEY) => {
            slate::discard(ctx, config);
            let rendered = settings(ctx, config).await?;
            write(ctx, applied, binary, &rendered).await.map(|file| (file, rendered))
        }
        result => result.map(|file| (file, rendered)),
    }
}

/// Writes the settings file: 0600, whole or not at all, and only if MediaMTX accepts it.
pub(crate) async fn write(
    ctx: &Context,
    applied: &AppliedConfig,
    binary: &Path,
    rendered: &Rendered,
) -> Result<PathBuf, MediaMtxError> {
    let file = ctx.runtime_dir.join(FILE);
    let failed = |reason: String| MediaMtxError::Write { file: file.clone(), reason };
    let text = rendered.to_yaml().map_err(|error| failed(error.to_string()))?;
    // A disk that has turned read-only or full costs nothing while the file is what it should be.
    let unchanged = || in_place(ctx, rendered).is_some();
    let _writing = applied.writing.lock().await;
    let staged = match disk::stage(&file, text.as_bytes()) {
        Err(_) if unchanged() => return Ok(file),
        result => result.map_err(|error| failed(error.to_string()))?,
    };
    validate::validate(ctx, binary, staged.path()).await.map_err(|reason| MediaMtxError::Refused {
        binary: binary.to_owned(),
        reason: redact(&reason).into_owned(),
    })?;
    match staged.publish(Existing::Replace) {
        Err(_) if unchanged() => Ok(file),
        result => result.map(|()| file.clone()).map_err(|error| failed(error.to_string())),
    }
}

/// Compares what MediaMTX says is in force with what was written, key by key.
pub(crate) async fn verify(client: &Client, wanted: Option<Rendered>) -> Result<(), String> {
    let Some(wanted) = wanted else { return Ok(()) };
    let global = client.global_config().await.map_err(|error| error.to_string())?;
    compare("", &wanted.global, &global)?;
    let mut there = client.configured_paths().await.map_err(|error| error.to_string())?;
    there.sort();
    if !there.iter().eq(wanted.paths.keys()) {
        return Err(format!("MediaMTX serves other paths than were written: {}", there.join(", ")));
    }
    for (path, settings) in &wanted.paths {
        let actual = client.path_config(path).await.map_err(|error| error.to_string())?;
        if let Value::Object(settings) = settings {
            compare(path, settings, &actual)?;
        }
    }
    Ok(())
}

fn compare(scope: &str, wanted: &serde_json::Map<String, Value>, actual: &Value) -> Result<(), String> {
    for (key, value) in wanted {
        // The switch of recordings is moved over the API while the file stays as it is.
        if key != "record" && !agrees(value, &actual[key]) {
            let place = if scope.is_empty() { key.clone() } else { format!("{scope}.{key}") };
            return Err(format!("MediaMTX runs with another {place} than was written"));
        }
    }
    Ok(())
}

/// Equal, except that MediaMTX fills in keys that were not written and hides secrets.
fn agrees(wanted: &Value, actual: &Value) -> bool {
    match (wanted, actual) {
        (Value::Object(wanted), Value::Object(actual)) => wanted
            .iter()
            .all(|(key, value)| key == "password" || actual.get(key).is_some_and(|it| agrees(value, it))),
        (Value::Array(wanted), Value::Array(actual)) => {
            wanted.len() == actual.len() && wanted.iter().zip(actual).all(|(a, b)| agrees(a, b))
        }
        (Value::Array(wanted), Value::Null) => wanted.is_empty(),
        // How MediaMTX prints a duration of zero.
        (Value::String(wanted), Value::String(actual)) if wanted == "0s" && actual.is_empty() => true,
        _ => wanted == actual,
    }
}

pub(crate) fn ice_passwords(config: &Config) -> Result<Vec<Option<String>>, MediaMtxError> {
    config
        .media
        .mediamtx
        .ice_servers
        .iter()
        .map(|server| {
            let Some(file) = &server.password_file else { return Ok(None) };
            let failed = |reason: String| MediaMtxError::Password { file: file.as_path().to_owned(), reason };
            // As when the config was read: meanwhile it may be another file.
            let opened =
                trust::open(file.as_path(), Trust::Secret).map_err(|error| failed(error.to_string()))?;
            let text = std::io::read_to_string(opened).map_err(|error| failed(error.to_string()))?;
            Ok(Some(text.trim_end_matches(['\r', '\n']).to_owned()))
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn what_mediamtx_fills_in_or_hides_is_no_difference() {
        let wanted = json!({"a": [{"url": "turn:x", "password": "p"}], "b": [], "c": true});
        let actual =
            json!({"a": [{"url": "turn:x", "password": "***", "more": 1}], "b": null, "c": true, "d": 1});
        assert!(agrees(&wanted, &actual));
        assert!(!agrees(&wanted, &json!({"a": [], "b": null, "c": true})));
        assert!(!agrees(&json!({"c": true}), &json!({"c": false})));
        assert!(!agrees(&json!({"c": true}), &json!({})));
    }
}
