//! `havatarctl`: a person's or a script's way to a running havatard.
//!
//! Theory of operation: one verb, one file in `cmd`. A verb asks havatard over HTTP ([`client`]), gets a type
//! of `havatar-api` back, and shows it as words or as that very type in JSON ([`output`]). Nothing is known
//! here of MediaMTX, of files of the daemon but its token, or of what a verb means: the daemon decides, and
//! what it says about a refusal is shown as it is. Answers go to standard output, everything else to
//! standard error; how it ended is in the exit code ([`Exit`]).

mod client;
mod cmd;
mod output;
mod token;
mod words;

use std::io::{self, Write as _};
use std::path::PathBuf;
use std::process::{ExitCode, Termination};

use clap::{CommandFactory as _, Parser, Subcommand};

use client::{Address, Client, ClientError};
use output::{Format, Output};

const EXIT_CODES: &str =
    "Exit codes: 0 done, 1 failed, 2 wrong usage, 3 havatard not reachable, 4 not allowed.";

/// Speak to a running havatard.
#[derive(Parser)]
#[command(name = "havatarctl", version, propagate_version = true, after_help = EXIT_CODES)]
struct Cli {
    /// Where havatard is
    #[arg(long, global = true, value_name = "URL", env = "HAVATAR_URL", hide_env_values = true, default_value = client::DEFAULT_ADDRESS)]
    url: Address,
    /// File that holds the admin token
    #[arg(long, global = true, value_name = "FILE", env = "HAVATAR_TOKEN_FILE", hide_env_values = true, default_value = token::DEFAULT_FILE)]
    token_file: PathBuf,
    /// Words for people, or JSON for programs
    #[arg(long, global = true, value_name = "FORMAT", value_enum, default_value_t = Format::Table)]
    output: Format,
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Subcommand)]
enum Verb {
    /// Tell in words whether all is well, and what is missing
    Status,
    /// Show the streams' figures
    Stats,
    /// List the supervised processes
    Ps,
    /// Start a process
    Start(cmd::process::Args),
    /// Stop a process
    Stop(cmd::process::Args),
    /// Stop a process and start it again
    Restart(cmd::process::Args),
    /// Show the last lines that a process wrote
    Logs(cmd::logs::Args),
    /// Start or stop picture and sound
    #[command(subcommand)]
    Stream(cmd::stream::Verb),
    /// Record picture and sound, and look after the recordings
    #[command(subcommand)]
    Record(cmd::record::Verb),
    /// Have the robot say something
    Speak(cmd::speak::Args),
    /// Have the robot sound its attention sound
    Attention,
    /// Set how loud the robot is
    Volume(cmd::volume::Args),
    /// Cut short what the robot says, and forget what waits
    Hush,
    /// See how the robot is, and stop it
    #[command(subcommand)]
    Robot(cmd::robot::Verb),
    /// Make a link that signs a browser in, once
    Link,
    /// Follow what changes, until Ctrl-C
    Watch,
    /// Print a completion script for a shell
    Completions(cmd::completions::Args),
}

/// How a run ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
enum Exit {
    /// What was asked for is done.
    Done = 0,
    /// It is not; what was said on standard error, or shown, says why.
    Failed = 1,
    /// The command line cannot be meant.
    WrongUsage = 2,
    /// Nothing answers.
    NotReachable = 3,
    /// havatard, or the token's file, says no.
    NotAllowed = 4,
}

impl Termination for Exit {
    fn report(self) -> ExitCode {
        ExitCode::from(self as u8)
    }
}

/// What keeps a verb from being done.
#[derive(Debug, thiserror::Error)]
enum Failure {
    #[error(transparent)]
    Token(#[from] token::TokenError),
    #[error(transparent)]
    Client(#[from] ClientError),
    #[error(transparent)]
    Download(#[from] cmd::record::download::DownloadError),
    #[error("cannot write to standard output")]
    Output(#[from] io::Error),
    #[error("cannot start")]
    Runtime(#[source] io::Error),
}

impl Failure {
    fn exit(&self) -> Exit {
        match self {
            Self::Token(_) => Exit::NotAllowed,
            Self::Client(error) | Self::Download(cmd::record::download::DownloadError::Client(error)) => {
                error.exit()
            }
            // Whoever reads on may stop when they have seen enough: `havatarctl logs camera | head -1`.
            Self::Output(error) if error.kind() == io::ErrorKind::BrokenPipe => Exit::Done,
            Self::Download(_) | Self::Output(_) | Self::Runtime(_) => Exit::Failed,
        }
    }
}

fn main() -> Exit {
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        // Help and version come this way too, and are no mistakes.
        Err(error) => {
            let _ = error.print();
            return if error.use_stderr() { Exit::WrongUsage } else { Exit::Done };
        }
    };
    let output = Output::of_this_process(cli.output);
    match run(cli, &output) {
        Ok(exit) => exit,
        Err(failure) => {
            let exit = failure.exit();
            if exit != Exit::Done {
                tell(&failure);
            }
            exit
        }
    }
}

fn run(cli: Cli, output: &Output) -> Result<Exit, Failure> {
    if let Verb::Completions(args) = &cli.verb {
        return cmd::completions::run(args, Cli::command());
    }
    let client = Client::new(cli.url, token::read(&cli.token_file)?)?;
    // One request at a time: a thread more would only be born to wait.
    let runtime =
        tokio::runtime::Builder::new_current_thread().enable_all().build().map_err(Failure::Runtime)?;
    runtime.block_on(obey(cli.verb, &client, output))
}

async fn obey(verb: Verb, client: &Client, output: &Output) -> Result<Exit, Failure> {
    match verb {
        Verb::Status => cmd::status::run(client, output).await,
        Verb::Stats => cmd::stats::run(client, output).await,
        Verb::Ps => cmd::ps::run(client, output).await,
        Verb::Start(args) => cmd::start::run(&args, client, output).await,
        Verb::Stop(args) => cmd::stop::run(&args, client, output).await,
        Verb::Restart(args) => cmd::restart::run(&args, client, output).await,
        Verb::Logs(args) => cmd::logs::run(&args, client, output).await,
        Verb::Stream(verb) => cmd::stream::run(verb, client, output).await,
        Verb::Record(verb) => cmd::record::run(verb, client, output).await,
        Verb::Speak(args) => cmd::speak::run(&args, client, output).await,
        Verb::Attention => cmd::attention::run(client, output).await,
        Verb::Volume(args) => cmd::volume::run(&args, client, output).await,
        Verb::Hush => cmd::hush::run(client, output).await,
        Verb::Robot(verb) => cmd::robot::run(verb, client, output).await,
        Verb::Link => cmd::link::run(client, output).await,
        Verb::Watch => cmd::watch::run(client, output).await,
        Verb::Completions(args) => cmd::completions::run(&args, Cli::command()),
    }
}

/// The error and its root cause; what lies between says the same with more words.
fn tell(failure: &Failure) {
    let mut root: &dyn std::error::Error = failure;
    while let Some(source) = root.source() {
        root = source;
    }
    let (what, why) = (words::clean(&failure.to_string()), words::clean(&root.to_string()));
    let because = if what == why { String::new() } else { format!(": {why}") };
    let _ = writeln!(io::stderr(), "havatarctl: {what}{because}");
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_command_line_is_consistent() {
        Cli::command().debug_assert();
    }

    #[test]
    fn help() {
        let mut command = Cli::command().term_width(100);
        insta::assert_snapshot!(command.render_long_help());
    }
}
