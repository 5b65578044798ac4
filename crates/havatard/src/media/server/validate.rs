//! MediaMTX's own check of a settings file, made before the file replaces the one in force.

use std::ffi::OsString;
use std::path::Path;
use std::time::Duration;

use havatar_supervisor::{Command, RunOutput};

use crate::confinement::Needs;
use crate::media::context::Context;
use crate::priority::Share;

const LIMIT: Duration = Duration::from_secs(5);
const MAX_OUTPUT: usize = 16 << 10;
const MAX_REASON_CHARS: usize = 300;

/// A MediaMTX that reads its settings from the file alone. Variables with these prefixes would override the file; the second
/// prefix is a legacy one.
pub(super) fn command(binary: &Path) -> Command {
    let mut command = Command::new(binary);
    command.env_remove_prefixes = vec!["MTX_".into(), "RTSP_".into()];
    command
}

/// Has MediaMTX check a settings file without starting; the error is its reason for refusing the file.
pub(super) async fn validate(ctx: &Context, binary: &Path, file: &Path) -> Result<(), String> {
    let mut flag = OsString::from("--validate-conf=");
    flag.push(file);
    let needs = Needs::check().with_file(&ctx.runtime_dir);
    let mut command = ctx.confiner.confine(&ctx.config(), needs, command(binary).arg(flag));
    command.resources = Some(Share::MediaServer.resources());
    match ctx.spawner.run_once(command, LIMIT, MAX_OUTPUT).await {
        Ok(output) if output.success => Ok(()),
        Ok(output) => Err(reason(&output)),
        Err(error) => Err(error.to_string()),
    }
}

/// MediaMTX prints the file's name, warnings, and then the reason behind `ERR: `.
fn reason(output: &RunOutput) -> String {
    let lines = || output.stdout.lines().chain(output.stderr.lines()).map(str::trim);
    let line = lines().filter_map(|line| line.strip_prefix("ERR: ")).next_back();
    let line = line.or_else(|| lines().rfind(|line| !line.is_empty()));
    line.unwrap_or("it ended without a reason").chars().take(MAX_REASON_CHARS).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_reason_is_what_mediamtx_prints_as_its_error() {
        for (stdout, stderr, wanted) in [
            (
                "configuration file: /x\nERR: 'hlsSegmentCount' must be at least 3\n",
                "",
                "'hlsSegmentCount' must be at least 3",
            ),
            ("configuration file: /x\n", "mediamtx: error: unknown flag\n", "mediamtx: error: unknown flag"),
            ("", "", "it ended without a reason"),
        ] {
            let output = RunOutput { success: false, stdout: stdout.to_owned(), stderr: stderr.to_owned() };
            assert_eq!(reason(&output), wanted);
        }
        let endless = RunOutput { success: false, stdout: "x".repeat(5000), stderr: String::new() };
        assert_eq!(reason(&endless).len(), MAX_REASON_CHARS);
    }
}
