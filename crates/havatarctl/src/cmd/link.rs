//! Verb `link`: makes a sign-in link.

use havatar_api::LoginLink;
use serde_json::json;

use crate::client::Client;
use crate::error::Error;
use crate::exit::Exit;
use crate::format;
use crate::output::{Output, note};

/// A sign-in link. The link alone goes to standard output, so that it can be handed on.
pub(crate) async fn run(client: &Client, output: &Output) -> Result<Exit, Error> {
    let link: LoginLink = client.post(&["login", "link"]).await?;
    let (first, others) = match link.origins.split_first() {
        Some((first, others)) => (first.clone(), others),
        // A havatard from before it told them.
        None => (client.address().to_string(), &[][..]),
    };
    let url = format!("{first}{}", link.path);
    output.show(&json!({ "url": url, "expires_in_s": link.expires_in_s }), |_| format::clean(&url))?;
    if !output.is_json() {
        #[expect(clippy::cast_precision_loss, reason = "a few minutes")]
        let within = format::duration(link.expires_in_s as f64);
        note(&format!("It signs in once, within {within}."));
        for other in others {
            note(&format!("This robot is also at {}", format::clean(other)));
        }
    }
    Ok(Exit::Done)
}
