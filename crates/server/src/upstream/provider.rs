//! The providers as they are spoken to. Metadata is fetched when somebody wants to sign in, and kept for a while. A provider
//! that does not answer is left alone for a growing time, so that it holds up neither the start nor other people.

use super::settings::{InvalidProvider, ProviderKind, ProviderSettings};
use crate::context::Context;
use crate::routes;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::Mutex;
use valetkey_client::{Client, Error, Registration, Timestamp};

/// How long metadata is kept.
const KEPT_SECONDS: i64 = 3600;
/// How long a provider is left alone after the first failure; each next time is twice as long.
const FIRST_PAUSE_SECONDS: i64 = 2;
/// The longest pause.
const LONGEST_PAUSE_SECONDS: i64 = 60;
/// For so long a person waits for the provider in one step: less than a request may take here.
pub(crate) const PATIENCE: Duration = Duration::from_secs(12);

/// All of them, as the operator listed them.
#[derive(Debug, Default)]
pub(crate) struct Providers(Vec<Provider>);

/// See the module.
#[derive(Debug)]
pub(crate) struct Provider {
    pub(crate) settings: ProviderSettings,
    /// Held while its metadata is fetched.
    known: Mutex<Known>,
}

#[derive(Debug, Default)]
struct Known {
    client: Option<Client>,
    /// Not before then is it asked again.
    ask_again_at: Option<Timestamp>,
    failures: u32,
}

/// Why a provider cannot be spoken to; the text is for the log.
#[derive(Debug)]
pub(crate) enum Unavailable {
    /// It does not answer, or what it says of itself is of no use.
    Down(String),
    /// It did not answer a moment ago.
    LeftAlone,
}

impl Providers {
    pub(crate) fn new(settings: &[ProviderSettings]) -> Result<Self, InvalidProvider> {
        for (index, provider) in settings.iter().enumerate() {
            provider.check()?;
            let is_twice = settings.iter().take(index).any(|other| other.id == provider.id);
            if is_twice {
                return Err(InvalidProvider {
                    id: provider.id.clone(),
                    key: "id",
                    why: "is there twice",
                });
            }
        }
        Ok(Self(settings.iter().cloned().map(Provider::new).collect()))
    }

    pub(crate) fn find(&self, id: &str) -> Option<&Provider> {
        self.0.iter().find(|provider| provider.settings.id == id)
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = &ProviderSettings> {
        self.0.iter().map(|provider| &provider.settings)
    }
}

impl Provider {
    fn new(settings: ProviderSettings) -> Self {
        Self {
            settings,
            known: Mutex::default(),
        }
    }

    /// The client, with the provider's metadata.
    pub(crate) async fn client(&self, app: &Context) -> Result<Client, Unavailable> {
        let now = app.now();
        let mut known = self.known.lock().await;
        let is_early = known.ask_again_at.is_some_and(|at| now < at);
        if is_early {
            // What was known before a failure goes on being used.
            return known.client.clone().ok_or(Unavailable::LeftAlone);
        }
        let found = tokio::time::timeout(PATIENCE, self.discover(app)).await;
        match found.map_err(|_| String::from("no whole answer in time")) {
            Ok(Ok(client)) => {
                *known = Known {
                    client: Some(client.clone()),
                    ask_again_at: Some(now.plus_seconds(KEPT_SECONDS)),
                    failures: 0,
                };
                Ok(client)
            }
            Ok(Err(error)) => known.failed(&self.settings.id, error.to_string(), now),
            Err(late) => known.failed(&self.settings.id, late, now),
        }
    }

    async fn discover(&self, app: &Context) -> Result<Client, Error> {
        let http = Arc::new(app.outbound.clone());
        let settings = &self.settings;
        let registration = |issuer: &str| Registration {
            issuer: issuer.to_owned(),
            client_id: settings.client_id.clone(),
            authentication: settings.authentication.clone(),
            redirect_uri: Some(app.url(&callback_path(&settings.id))),
        };
        match &settings.kind {
            ProviderKind::OpenId { issuer } => Client::discover(http, registration(issuer)).await,
            ProviderKind::OAuth2(oauth2) => {
                Client::with_endpoints(http, registration(&oauth2.issuer), oauth2.endpoints.clone())
            }
        }
    }
}

impl Known {
    fn failed(&mut self, provider: &str, why: String, now: Timestamp) -> Result<Client, Unavailable> {
        let pause = pause_seconds(self.failures);
        self.failures = self.failures.saturating_add(1);
        self.ask_again_at = Some(now.plus_seconds(pause));
        tracing::warn!(provider, why, pause, "the metadata of a provider cannot be had");
        self.client.clone().ok_or(Unavailable::Down(why))
    }
}

fn pause_seconds(failures: u32) -> i64 {
    FIRST_PAUSE_SECONDS
        .checked_shl(failures)
        .filter(|pause| (1..LONGEST_PAUSE_SECONDS).contains(pause))
        .unwrap_or(LONGEST_PAUSE_SECONDS)
}

/// Where the provider sends people back to; each has its own (RFC 9700 §4.4.2.2).
fn callback_path(provider: &str) -> String {
    routes::PROVIDER_CALLBACK.replace("{provider}", provider)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_grow_up_to_a_minute_and_never_wrap() {
        let pauses: Vec<i64> = [0, 1, 2, 4, 5, 62, 63, 64, u32::MAX]
            .into_iter()
            .map(pause_seconds)
            .collect();
        assert_eq!(pauses, [2, 4, 8, 32, 60, 60, 60, 60, 60]);
    }
}
