//! Whose tokens a client may exchange (RFC 8693): `--exchange-for` and `--impersonate`.

use super::sound::refuse;
use crate::config::suggest::nearest;
use crate::failure::{Failure, Outcome};
use crate::place::Opened;
use clap::Args;
use valetkey_model::ClientId;
use valetkey_model::client::Exchange;

/// What a client that may use token exchange may do by it.
#[derive(Debug, Args)]
pub(super) struct ExchangeFor {
    /// A client whose access tokens it may exchange, beside those for an API that it is itself; may be given more than
    /// once.
    #[arg(long, value_name = "CLIENT")]
    exchange_for: Vec<String>,
    /// It may get a token that does not name it as the one who acts (impersonation, RFC 8693 §1.1).
    #[arg(long)]
    impersonate: bool,
}

impl ExchangeFor {
    /// Whether anything was asked for.
    pub(super) const fn is_asked(&self) -> bool {
        self.impersonate || !self.exchange_for.is_empty()
    }

    /// What was asked for, beside what there is.
    pub(super) async fn onto(&self, before: Option<Exchange>, opened: &Opened) -> Outcome<Option<Exchange>> {
        if !self.is_asked() {
            return Ok(before);
        }
        let mut exchange = before.unwrap_or_default();
        exchange.may_impersonate |= self.impersonate;
        for text in &self.exchange_for {
            exchange.subjects.insert(known(text, opened).await?);
        }
        Ok(Some(exchange))
    }
}

async fn known(text: &str, opened: &Opened) -> Outcome<ClientId> {
    let id = ClientId::parse(text)
        .map_err(|error| Failure::refused(format!("--exchange-for {text:?}: {error}")))?;
    if opened.store.find_client(&id).await?.is_some() {
        return Ok(id);
    }
    let clients = opened.store.list_clients().await?;
    let meant = nearest(text, clients.iter().map(|client| client.id.as_str())).map_or_else(
        || String::from("`client list` shows every one"),
        |meant| format!("did you mean {meant:?}?"),
    );
    refuse(format!("--exchange-for: no client is called {text:?}: {meant}"))
}
