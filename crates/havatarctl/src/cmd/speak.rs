//! Verb `speak`: says a text on the robot.

use havatar_api::{Language, SpeakRequest, Utterance};

use crate::client::Client;
use crate::error::Error;
use crate::exit::Exit;
use crate::format;
use crate::output::Output;

/// What to say.
#[derive(clap::Args)]
pub(crate) struct Args {
    /// The words, at most 500 characters
    #[arg(allow_hyphen_values = true)]
    text: String,
    /// ro or en
    #[arg(long, value_name = "LANGUAGE", default_value = "ro", value_parser = language)]
    language: Language,
    /// The attention sound comes first
    #[arg(long)]
    attention: bool,
}

/// Has the robot say something.
pub(crate) async fn run(args: &Args, client: &Client, output: &Output) -> Result<Exit, Error> {
    let request =
        SpeakRequest { text: args.text.clone(), language: args.language, attention: args.attention };
    let utterance: Utterance = client.post_with(&["robot", "speak"], &request).await?;
    output.show(&utterance, |_| sentence(&utterance))?;
    Ok(Exit::Done)
}

/// What has been taken up.
pub(super) fn sentence(utterance: &Utterance) -> String {
    match &utterance.text {
        Some(text) => format!("Number {} will be said: {}", utterance.id, format::clean(text)),
        None => format!("Number {}, the attention sound, will be heard.", utterance.id),
    }
}

fn language(word: &str) -> Result<Language, String> {
    match word {
        "ro" => Ok(Language::Ro),
        "en" => Ok(Language::En),
        _ => Err("use ro or en".to_owned()),
    }
}
