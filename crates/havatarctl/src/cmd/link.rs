use havatar_api::LoginLink;
use serde_json::json;

use crate::client::Client;
use crate::output::{Output, remark};
use crate::{Exit, Failure, words};

/// A sign-in link. The link alone goes to standard output, so that it can be handed on.
pub(crate) async fn run(client: &Client, output: &Output) -> Result<Exit, Failure> {
    let link: LoginLink = client.post(&["login", "link"]).await?;
    let url = format!("{}{}", client.address(), link.path);
    output.show(&json!({ "url": url, "expires_in_s": link.expires_in_s }), |_| words::clean(&url))?;
    if !output.is_for_programs() {
        #[expect(clippy::cast_precision_loss, reason = "a few minutes")]
        let within = words::duration(link.expires_in_s as f64);
        remark(&format!("It signs in once, within {within}."));
    }
    Ok(Exit::Done)
}
