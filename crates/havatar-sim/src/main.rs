//! The command line of the simulators.

use std::process::ExitCode;
use std::time::Duration;

use anyhow::Context;
use clap::{Parser, Subcommand, ValueEnum};
use havatar_sim::camera::{self, Shot, SystemClock, VirtualClock};
use havatar_sim::scene::Size;
use havatar_sim::{esp32, relay, stubborn};

/// Stands in for a robot's hardware in tests, benchmarks and the demo.
#[derive(Parser)]
#[command(name = "havatar-sim", version)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Writes raw video frames to standard output, each carrying the wall clock as black and white squares.
    ///
    /// Ends quietly when the reader closes the pipe. A slow reader gets fewer frames, never old ones.
    Camera(CameraArguments),

    /// Is a motor controller on a pseudo-terminal, in a simulated body. Commands on standard input make it fail.
    Esp32(esp32::Args),

    /// Is a bad network between two programs: delays, loses, repeats and shuffles what passes, the same way in every run.
    Relay(relay::Args),

    /// Misbehaves as a child process: ignores signals, floods, hangs, starts children of its own.
    Stubborn(stubborn::Args),
}

#[derive(clap::Args)]
struct CameraArguments {
    /// Width and height in pixels, both even, from 160x120 to 3840x2160.
    #[arg(long, value_name = "WxH", default_value = "1280x720")]
    size: Size,

    /// Frames a second.
    #[arg(long, default_value_t = 30, value_parser = clap::value_parser!(u32).range(1..=120))]
    fps: u32,

    /// Layout of the pixels.
    #[arg(long, value_enum, default_value_t = Format::Yuv420p)]
    format: Format,

    /// End after this many frames.
    #[arg(long, value_name = "COUNT")]
    frames: Option<u64>,

    /// Play a virtual clock from this Unix time in milliseconds, as fast as frames are read, instead of the
    /// wall clock: the same film in every run.
    #[arg(long, value_name = "MS")]
    film_from: Option<u64>,
}

#[derive(Clone, Copy, ValueEnum)]
enum Format {
    /// Planar 4:2:0, what H.264 encoders take.
    Yuv420p,
}

fn main() -> ExitCode {
    let result = match Arguments::parse().command {
        Command::Camera(arguments) => run_camera(&arguments),
        Command::Esp32(arguments) => esp32::run(&arguments),
        Command::Relay(arguments) => relay::run(&arguments),
        Command::Stubborn(arguments) => stubborn::run(&arguments),
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            #[expect(clippy::print_stderr, reason = "a command line tells its error on standard error")]
            {
                eprintln!("havatar-sim: {error:#}");
            }
            ExitCode::FAILURE
        }
    }
}

fn run_camera(arguments: &CameraArguments) -> anyhow::Result<()> {
    let Format::Yuv420p = arguments.format;
    let shot = Shot { size: arguments.size, fps: arguments.fps, frames: arguments.frames };
    let out = camera::frame_pipe().context("open standard output for frames")?;
    let taken = match arguments.film_from {
        Some(unix) => camera::shoot(shot, &mut VirtualClock::new(Duration::from_millis(unix)), out),
        None => camera::shoot(shot, &mut SystemClock, out),
    };
    taken.context("write frames to standard output")?;
    Ok(())
}
