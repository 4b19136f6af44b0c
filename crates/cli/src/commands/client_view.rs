//! A client as people and scripts read it, in the words of RFC 7591 §2.

use crate::failure::Outcome;
use crate::output;
use serde::Serialize;
use std::collections::BTreeSet;
use valetkey_model::Client;
use valetkey_model::client::{ApplicationType, Authentication, GrantType, IdTokenAlg};
use valetkey_protocol::redirect_uri::RedirectUri;
use valetkey_protocol::resource::ResourceIndicator;
use valetkey_protocol::scope::Scope;
use valetkey_protocol::secret::ClientSecret;
use valetkey_protocol::time::Timestamp;

/// What is shown. The secret is there only in the answer of the command that made it.
#[derive(Debug, Serialize)]
pub(super) struct View<'a> {
    client_id: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    client_secret: Option<&'a str>,
    client_name: &'a str,
    application_type: &'static str,
    token_endpoint_auth_method: &'static str,
    redirect_uris: &'a [RedirectUri],
    grant_types: &'a BTreeSet<GrantType>,
    scope: &'a Scope,
    resources: &'a BTreeSet<ResourceIndicator>,
    introspects: &'a BTreeSet<ResourceIndicator>,
    id_token_signed_response_alg: IdTokenAlg,
    require_pkce: bool,
    inspect_until: Option<Timestamp>,
    created_at: Timestamp,
}

impl<'a> View<'a> {
    pub(super) fn of(client: &'a Client, secret: Option<&'a ClientSecret>) -> Self {
        Self {
            client_id: client.id.as_str(),
            client_secret: secret.map(ClientSecret::expose),
            client_name: &client.name,
            application_type: type_name(client.application_type),
            token_endpoint_auth_method: method_name(&client.authentication),
            redirect_uris: &client.redirect_uris,
            grant_types: &client.grant_types,
            scope: &client.scope,
            resources: &client.resources,
            introspects: &client.introspects,
            id_token_signed_response_alg: client.id_token_signed_response_alg,
            require_pkce: client.must_use_pkce(),
            inspect_until: client.inspect_until,
            created_at: client.created_at,
        }
    }
}

/// As `--type` takes it.
pub(super) const fn type_name(application_type: ApplicationType) -> &'static str {
    match application_type {
        ApplicationType::Web => "web",
        ApplicationType::SinglePage => "single-page",
        ApplicationType::Native => "native",
        ApplicationType::Service => "service",
    }
}

/// As `--auth-method` takes it.
pub(super) const fn method_name(authentication: &Authentication) -> &'static str {
    match authentication {
        Authentication::None => "none",
        Authentication::ClientSecretBasic { .. } => "client_secret_basic",
        Authentication::ClientSecretPost { .. } => "client_secret_post",
        Authentication::ClientSecret { .. } => "any",
    }
}

/// One client.
pub(super) fn show(view: &View<'_>, json: bool) -> Outcome {
    if json {
        return output::print_json(view);
    }
    output::print(&plain(view))
}

fn plain(view: &View<'_>) -> String {
    let mut rows: Vec<Vec<String>> = Vec::new();
    let mut row = |name: &str, value: String| rows.push(vec![name.to_owned(), value]);
    row("client id", view.client_id.to_owned());
    if let Some(secret) = view.client_secret {
        row("client secret", format!("{secret}   (shown now and never again)"));
    }
    row("name", view.client_name.to_owned());
    row("type", view.application_type.to_owned());
    row(
        "authenticates by",
        authenticates(view.token_endpoint_auth_method).to_owned(),
    );
    for uri in view.redirect_uris {
        row("redirect URI", uri.as_str().to_owned());
    }
    row(
        "grant types",
        joined(view.grant_types.iter().map(|grant| grant.as_str())),
    );
    row("scope", view.scope.to_string());
    if view.resources.is_empty() {
        row("tokens for", "each API whose scopes it may ask for".to_owned());
    } else {
        row(
            "tokens for",
            joined(view.resources.iter().map(ResourceIndicator::as_str)),
        );
    }
    if !view.introspects.is_empty() {
        row(
            "introspects",
            joined(view.introspects.iter().map(ResourceIndicator::as_str)),
        );
    }
    row("ID tokens", format!("{:?}", view.id_token_signed_response_alg));
    row(
        "PKCE",
        if view.require_pkce {
            "required".to_owned()
        } else {
            "not required".to_owned()
        },
    );
    if let Some(until) = view.inspect_until {
        row("inspector until", output::moment(until));
    }
    row("since", output::moment(view.created_at));
    output::table(&rows)
}

const fn authenticates(method: &str) -> &str {
    match method.as_bytes() {
        b"none" => "nothing: a public client",
        b"any" => "its secret, in the header or in the body",
        _ => method,
    }
}

fn joined<'a>(words: impl Iterator<Item = &'a str>) -> String {
    words.collect::<Vec<_>>().join(" ")
}

/// Every client.
pub(super) fn list(clients: Vec<Client>, json: bool) -> Outcome {
    if json {
        return output::print_json(
            &clients
                .iter()
                .map(|client| View::of(client, None))
                .collect::<Vec<_>>(),
        );
    }
    let mut rows = vec![
        ["CLIENT ID", "NAME", "TYPE", "AUTHENTICATES BY", "SCOPE"]
            .map(String::from)
            .to_vec(),
    ];
    rows.extend(clients.into_iter().map(|client| {
        let method = method_name(&client.authentication).to_owned();
        let kind = type_name(client.application_type).to_owned();
        vec![
            client.id.to_string(),
            client.name,
            kind,
            method,
            client.scope.to_string(),
        ]
    }));
    output::print(&output::table(&rows))
}
