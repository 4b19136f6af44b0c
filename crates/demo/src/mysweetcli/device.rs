//! `mysweetcli device`: no browser here, so the person types a short code into one elsewhere, and the program asks again
//! and again until the person has answered (RFC 8628).

use super::{Machine, Places, Problem, SCOPE, clean, client};
use serde_json::json;
use std::sync::Arc;
use valetkey_client::{HttpClient, Polled, Tokens};

pub(super) async fn run(
    places: &Places,
    http: &Arc<dyn HttpClient>,
    machine: &dyn Machine,
) -> Result<Tokens, Problem> {
    let client = client(places, http, None).await?;
    let mut device = client
        .begin_device(SCOPE, Some(&places.photos), machine.now())
        .await?;
    let (code, address) = (clean(&device.user_code), clean(&device.verification_uri));
    let complete = device.verification_uri_complete.as_deref().map(clean);
    let mut text =
        format!("On your phone or computer, open\n\n  {address}\n\nand type this code:\n\n  {code}\n");
    if let Some(complete) = &complete {
        text.push_str(&format!(
            "\nOr open this, where the code is filled in; compare it with the one above:\n\n  {complete}\n"
        ));
    }
    let object = json!({
        "event": "device",
        "user_code": code,
        "verification_uri": address,
        "verification_uri_complete": complete,
        "expires_at": device.expires_at,
    });
    places.tell(machine, &text, &object);
    let mut wait_seconds = device.interval_seconds;
    loop {
        machine
            .wait(u64::try_from(wait_seconds).unwrap_or_default())
            .await;
        match client.poll_device(&mut device, machine.now()).await? {
            Polled::Done(tokens) => return Ok(*tokens),
            Polled::Pending { wait_seconds: next } => wait_seconds = next,
        }
    }
}
