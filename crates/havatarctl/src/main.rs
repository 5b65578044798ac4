//! `havatarctl`: the command line of a running havatard.
//!
//! # Theory of operation
//!
//! One verb is one file in `cmd`. A verb sends a request to havatard ([`client`]), receives a type of `havatar-api`, and prints it as
//! text or as JSON of that same type ([`output`]). The daemon decides; its reason for a refusal is printed unchanged. Nothing here
//! knows MediaMTX, or a file of the daemon other than its token. Answers go to standard output, everything else to standard error,
//! and the exit code ([`Exit`]) tells how the run ended.
//!
//! Three verbs ask nothing of the daemon, because they are for when it is gone, stopped or replaced: `backup` and `restore` read and
//! write its folders ([`archive`]), `update` installs a package.

mod archive;
mod client;
mod cmd;
mod disk;
mod error;
mod exit;
mod format;
mod output;
mod token;

use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

use clap::{CommandFactory as _, Parser, Subcommand};

use client::{Address, Client};
use error::Error;
use exit::Exit;
use output::{Format, Output};

const EXIT_CODES: &str =
    "Exit codes: 0 done, 1 failed, 2 wrong usage, 3 havatard not reachable, 4 not allowed.";

/// Control a running havatard.
#[derive(Parser)]
#[command(name = "havatarctl", version, propagate_version = true, after_help = EXIT_CODES)]
struct Cli {
    /// Address of havatard [default: the service's local socket; with --token-file http://127.0.0.1:8080]
    #[arg(long, global = true, value_name = "URL", env = "HAVATAR_URL", hide_env_values = true)]
    url: Option<Address>,
    /// Local socket of havatard [default: /run/havatar/api.sock]
    #[arg(long, global = true, value_name = "FILE", env = "HAVATAR_SOCKET", hide_env_values = true)]
    socket: Option<PathBuf>,
    /// File that holds the admin token [default: /var/lib/havatar/admin-token]
    #[arg(long, global = true, value_name = "FILE", env = "HAVATAR_TOKEN_FILE", hide_env_values = true)]
    token_file: Option<PathBuf>,
    /// Text for people, or JSON for programs
    #[arg(long, global = true, value_name = "FORMAT", value_enum, default_value_t = Format::Table)]
    output: Format,
    #[command(subcommand)]
    verb: Verb,
}

// No doc comments on these two: clap would print them as the program's own.
#[derive(Subcommand)]
enum Verb {
    #[command(flatten)]
    Daemon(DaemonVerb),
    /// Save config and state in one file that a passphrase seals
    Backup(cmd::backup::Args),
    /// Put back what a backup holds; the service must be stopped
    Restore(cmd::restore::Args),
    /// Install another version, and wait until it has stayed up or has gone back
    Update(cmd::update::Args),
    /// Print a completion script for a shell
    Completions(cmd::completions::Args),
    /// Write the manual pages into a folder
    #[command(hide = true)]
    Manuals(cmd::manuals::Args),
}

#[derive(Subcommand)]
enum DaemonVerb {
    /// Show whether the robot is ready, and what is missing
    Status,
    /// Show the streams' figures
    Stats,
    /// List the devices that are plugged in, by the names that the config takes; set a camera, or test a device
    Devices(cmd::devices::Args),
    /// List the supervised processes
    Ps,
    /// Start a process
    Start(cmd::process::Args),
    /// Stop a process
    Stop(cmd::process::Args),
    /// Stop a process and start it again
    Restart(cmd::process::Args),
    /// Show the last log lines of a process
    Logs(cmd::logs::Args),
    /// Start or stop picture and sound
    #[command(subcommand)]
    Stream(cmd::stream::Verb),
    /// Record picture and sound, and manage the recordings
    #[command(subcommand)]
    Record(cmd::record::Verb),
    /// Say a text on the robot
    Speak(cmd::speak::Args),
    /// Play the attention sound on the robot
    Attention,
    /// Set the loudspeaker's volume
    Volume(cmd::volume::Args),
    /// Stop speech, and clear its queue
    Hush,
    /// Show the robot's state, and stop it
    #[command(subcommand)]
    Robot(cmd::robot::Verb),
    /// Make a sign-in link for a browser, good once
    Link,
    /// Follow changes until Ctrl-C
    Watch,
}

fn main() -> Exit {
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        // Help and version arrive here too, and are no errors.
        Err(error) => {
            let _ = error.print();
            return if error.use_stderr() { Exit::WrongUsage } else { Exit::Done };
        }
    };
    let output = Output::of_this_process(cli.output);
    match run(cli, &output) {
        Ok(exit) => exit,
        Err(error) => {
            let exit = error.exit();
            if exit != Exit::Done {
                report(&error);
            }
            exit
        }
    }
}

fn run(cli: Cli, output: &Output) -> Result<Exit, Error> {
    let verb = match cli.verb {
        Verb::Daemon(verb) => verb,
        Verb::Backup(args) => return cmd::backup::run(&args, output),
        Verb::Restore(args) => return cmd::restore::run(&args, output),
        Verb::Update(args) => return cmd::update::run(&args, output),
        Verb::Completions(args) => return cmd::completions::run(&args, Cli::command()),
        Verb::Manuals(args) => return cmd::manuals::run(&args, Cli::command()),
    };
    // The service's own token goes to the service's own socket alone: at a port of loopback anybody may listen while it is down.
    let address = match (cli.url, cli.socket, &cli.token_file) {
        (Some(address), _, _) => address,
        (None, Some(socket), _) => Address::local(&socket)?,
        (None, None, Some(_)) => client::DEFAULT_ADDRESS.parse()?,
        (None, None, None) => Address::local(Path::new(client::DEFAULT_SOCKET))?,
    };
    let token_file = cli.token_file.unwrap_or_else(|| token::DEFAULT_FILE.into());
    let client = Client::new(address, token::read(&token_file)?)?;
    // One request at a time needs no second thread.
    let runtime =
        tokio::runtime::Builder::new_current_thread().enable_all().build().map_err(Error::Runtime)?;
    runtime.block_on(dispatch(verb, &client, output))
}

async fn dispatch(verb: DaemonVerb, client: &Client, output: &Output) -> Result<Exit, Error> {
    match verb {
        DaemonVerb::Status => cmd::status::run(client, output).await,
        DaemonVerb::Stats => cmd::stats::run(client, output).await,
        DaemonVerb::Devices(args) => cmd::devices::run(args, client, output).await,
        DaemonVerb::Ps => cmd::ps::run(client, output).await,
        DaemonVerb::Start(args) => cmd::start::run(&args, client, output).await,
        DaemonVerb::Stop(args) => cmd::stop::run(&args, client, output).await,
        DaemonVerb::Restart(args) => cmd::restart::run(&args, client, output).await,
        DaemonVerb::Logs(args) => cmd::logs::run(&args, client, output).await,
        DaemonVerb::Stream(verb) => cmd::stream::run(verb, client, output).await,
        DaemonVerb::Record(verb) => cmd::record::run(verb, client, output).await,
        DaemonVerb::Speak(args) => cmd::speak::run(&args, client, output).await,
        DaemonVerb::Attention => cmd::attention::run(client, output).await,
        DaemonVerb::Volume(args) => cmd::volume::run(&args, client, output).await,
        DaemonVerb::Hush => cmd::hush::run(client, output).await,
        DaemonVerb::Robot(verb) => cmd::robot::run(verb, client, output).await,
        DaemonVerb::Link => cmd::link::run(client, output).await,
        DaemonVerb::Watch => cmd::watch::run(client, output).await,
    }
}

/// Prints the error and its root cause; the errors between repeat the same.
fn report(error: &Error) {
    let mut root: &dyn std::error::Error = error;
    while let Some(source) = root.source() {
        root = source;
    }
    let (what, why) = (format::clean(&error.to_string()), format::clean(&root.to_string()));
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
