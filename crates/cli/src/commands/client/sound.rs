//! Whether a client's registration can work, and safely: what it may do must fit what it is. A refusal says the way out.

use crate::failure::{Failure, Outcome};
use valetkey_model::Client;
use valetkey_model::client::{ApplicationType, Authentication, GrantType};

use super::words::short_name;

/// One thing that must hold, and what to say when it does not.
type Check = (fn(&Client) -> bool, &'static str);

const CHECKS: [Check; 12] = [
    (
        |client| client.application_type != ApplicationType::Service || !client.is_public(),
        "a service needs a secret or a key: without one anybody could say it is this client (RFC 6749 §4.4)",
    ),
    (
        |client| !client.may_use(GrantType::RefreshToken) || gives_refresh_tokens(client),
        "refresh_token comes from authorization_code, password, device_code or oauth1; allow one of these, too \
         (--grant-type authorization_code), or take refresh_token away",
    ),
    (
        |client| !is_page(client) || !client.may_use(GrantType::Password),
        "password is not for an app that runs in the browser: any script on the page would see the password. It has a browser, \
         so authorization_code with PKCE works (RFC 9700 §2.4)",
    ),
    (
        |client| !is_page(client) || client.oauth1.is_none(),
        "oauth1 is not for an app that runs in the browser: everybody who opens the page would have its consumer secret \
         (RFC 5849 §4.6). Use authorization_code with PKCE",
    ),
    (
        |client| !client.may_use(GrantType::ClientCredentials) || !client.is_public(),
        "client_credentials is only for a client with a secret or a key (RFC 6749 §4.4)",
    ),
    (
        |client| !client.may_use(GrantType::TokenExchange) || !client.is_public(),
        "token_exchange is only for a client with a secret or a key: whoever finds a token could trade it in otherwise \
         (RFC 8693 §5)",
    ),
    (
        |client| !has_redirects_wanting(client, GrantType::AuthorizationCode),
        "authorization_code needs --redirect-uri: where the browser comes back to",
    ),
    (
        |client| !has_redirects_wanting(client, GrantType::Implicit),
        "implicit needs --redirect-uri: where the browser comes back to with the token",
    ),
    (
        |client| client.exchange.is_none() || client.may_use(GrantType::TokenExchange),
        "--exchange-for and --impersonate are about token exchange; add --allow token_exchange",
    ),
    (
        |client| client.require_pkce || !client.is_public(),
        "--no-pkce is only for a client with a secret or a key: a public client must use PKCE (RFC 9700 §2.1.1)",
    ),
    (
        |client| client.introspects.is_empty() || !client.is_public(),
        "--introspects needs a secret or a key: anybody else could ask about tokens, too (RFC 7662 §2.1)",
    ),
    (
        |client| !keeps_secret_on_devices(client),
        "an app that runs on people's devices cannot keep a secret: everybody who has the app has it (RFC 8252 §8.5); leave \
         --auth-method away",
    ),
];

/// The first thing that does not hold.
pub(super) fn check(client: &Client) -> Outcome {
    if let Some(word) = needs_person(client).filter(|_| client.application_type == ApplicationType::Service) {
        return refuse(format!(
            "a service has no person in front of it; for {word} use --type web"
        ));
    }
    match CHECKS.iter().find(|(holds, _)| !holds(client)) {
        Some((_, says)) => refuse(*says),
        None => Ok(()),
    }
}

/// Whether any of what it may do sends a browser back.
pub(super) fn uses_redirects(client: &Client) -> bool {
    client.may_use(GrantType::AuthorizationCode)
        || client.may_use(GrantType::Implicit)
        || client.oauth1.is_some()
}

fn needs_person(client: &Client) -> Option<&'static str> {
    let grants = [
        GrantType::AuthorizationCode,
        GrantType::Implicit,
        GrantType::Password,
        GrantType::DeviceCode,
    ];
    let word = grants
        .into_iter()
        .find(|grant| client.may_use(*grant))
        .map(short_name);
    word.or_else(|| client.oauth1.as_ref().map(|_| "oauth1"))
}

fn gives_refresh_tokens(client: &Client) -> bool {
    let grants = [
        GrantType::AuthorizationCode,
        GrantType::Password,
        GrantType::DeviceCode,
    ];
    client.oauth1.is_some() || grants.into_iter().any(|grant| client.may_use(grant))
}

fn is_page(client: &Client) -> bool {
    client.application_type == ApplicationType::SinglePage
}

fn has_redirects_wanting(client: &Client, grant_type: GrantType) -> bool {
    client.may_use(grant_type) && client.redirect_uris.is_empty()
}

/// A key that each installation made for itself would be something else; a registration has one key for all.
fn keeps_secret_on_devices(client: &Client) -> bool {
    let on_devices = matches!(
        client.application_type,
        ApplicationType::SinglePage | ApplicationType::Native
    );
    on_devices && !matches!(client.authentication, Authentication::None)
}

/// Refuses with the way out.
pub(super) fn refuse<T>(text: impl Into<String>) -> Outcome<T> {
    Err(Failure::refused(text))
}
