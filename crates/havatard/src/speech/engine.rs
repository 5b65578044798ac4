//! The command lines of the speech engine and of the decoder of its output.

use std::path::{Path, PathBuf};

use havatar_api::Language;
use havatar_supervisor::{Command, Pipeline};

use crate::config::{Config, SpeechEngine};
use crate::confinement::{Confiner, Needs};
use crate::program;

use super::error::SpeechError;
use super::text;

/// The pipeline to run. The text is passed to the first program's standard input, never as an argument.
#[derive(Debug)]
pub(super) struct Engine {
    pub(super) pipeline: Pipeline,
    /// Its name in messages.
    pub(super) name: String,
    /// What each program of the pipeline needs.
    needs: Vec<Needs>,
}

impl Engine {
    /// The pipeline with its programs confined. Lists folders: not for the runtime's own threads.
    pub(super) fn confined(self, confiner: &Confiner, config: &Config) -> Pipeline {
        let stages = self.pipeline.stages.into_iter().zip(self.needs);
        Pipeline { stages: stages.map(|(stage, needs)| confiner.confine(config, needs, stage)).collect() }
    }

    /// The text as this engine takes it: espeak-ng ends over words and sentences that are too long for it. Others are given
    /// what was written.
    pub(super) fn input(&self, text: &str) -> String {
        if self.name.starts_with("espeak") { text::for_engine(text) } else { format!("{text}\n") }
    }
}

/// The configured engine.
///
/// # Errors
/// It is off, or not installed.
pub(super) fn engine(config: &Config, language: Language) -> Result<Engine, SpeechError> {
    let speech = &config.speech;
    let word = match language {
        Language::Ro => "ro",
        Language::En => "en",
    };
    let (program, args, needs): (PathBuf, Vec<String>, Needs) =
        match (speech.engine, speech.command.split_first()) {
            (SpeechEngine::Off, _) | (SpeechEngine::Command, None) => return Err(SpeechError::Off),
            (SpeechEngine::Command, Some((program, args))) => {
                let args: Vec<String> = args.iter().map(|arg| arg.replace("{language}", word)).collect();
                let needs = Needs::unknown().with_arguments(&args);
                (program.into(), args, needs)
            }
            (SpeechEngine::Espeak, _) => {
                let voice = match language {
                    Language::Ro => &speech.voices.ro,
                    Language::En => &speech.voices.en,
                };
                // -b 1: the text is UTF-8, whatever the machine's locale is.
                let args = ["-v", voice.as_str(), "-b", "1", "--stdin", "--stdout"];
                ("espeak-ng".into(), args.map(str::to_owned).into(), Needs::engine())
            }
        };
    let name = program.file_name().unwrap_or(program.as_os_str()).to_string_lossy().into_owned();
    let found = program::find(&program).ok_or_else(|| SpeechError::NoProgram(name.clone()))?;
    let ffmpeg = program::find(Path::new(config.media.ffmpeg.as_str()))
        .ok_or_else(|| SpeechError::NoProgram("ffmpeg".to_owned()))?;
    let stages = vec![Command::new(found).args(args), decoder(&ffmpeg)];
    Ok(Engine { pipeline: Pipeline { stages }, name, needs: vec![needs, Needs::engine()] })
}

/// Any WAV file in, s16le, 48 kHz, mono out.
fn decoder(ffmpeg: &Path) -> Command {
    // The header of a WAV file written to a pipe has no valid length: ignore it.
    Command::new(ffmpeg).args([
        "-hide_banner",
        "-nostdin",
        "-loglevel",
        "error",
        "-protocol_whitelist",
        "pipe",
        "-ignore_length",
        "1",
        "-f",
        "wav",
        "-i",
        "pipe:0",
        "-f",
        "s16le",
        "-ac",
        "1",
        "-ar",
        "48000",
        "pipe:1",
    ])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_language_is_all_that_an_argument_takes_from_a_request() {
        let mut config = Config::default();
        let args = |config: &Config, language| -> Vec<String> {
            let engine = engine(config, language).unwrap();
            engine.pipeline.stages[0].args.iter().map(|arg| arg.to_str().unwrap().to_owned()).collect()
        };
        assert_eq!(args(&config, Language::Ro), ["-v", "ro", "-b", "1", "--stdin", "--stdout"]);
        assert_eq!(args(&config, Language::En)[1], "en");
        config.speech.engine = SpeechEngine::Command;
        config.speech.command = ["cat", "/v/{language}.onnx", "-"].map(str::to_owned).into();
        assert_eq!(args(&config, Language::En), ["/v/en.onnx", "-"]);
    }

    #[test]
    fn an_engine_that_is_off_or_missing_is_told_apart() {
        let mut config = Config::default();
        config.speech.engine = SpeechEngine::Off;
        assert!(matches!(engine(&config, Language::Ro), Err(SpeechError::Off)));
        config.speech.engine = SpeechEngine::Command;
        config.speech.command = vec!["no-such-engine".to_owned()];
        let error = engine(&config, Language::Ro).unwrap_err();
        assert!(error.to_string().contains("no-such-engine"), "{error}");
    }
}
