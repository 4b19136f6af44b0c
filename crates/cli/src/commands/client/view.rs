//! A client as people and scripts read it, in the words of RFC 7591 §2.

use super::advice::{Advice, MARK};
use super::words::short_name;
use crate::failure::Outcome;
use crate::output;
use serde::Serialize;
use serde_json::Value;
use serde_json::value::RawValue;
use std::collections::BTreeSet;
use valetkey_jose::{b64, hash};
use valetkey_model::client::{ApplicationType, Authentication, Exchange, GrantType, OAuth1, SigningAlg};
use valetkey_model::relying_party::{Registered, SubjectType};
use valetkey_model::{Client, ClientId};
use valetkey_protocol::redirect_uri::RedirectUri;
use valetkey_protocol::register::ClientMetadata;
use valetkey_protocol::resource::ResourceIndicator;
use valetkey_protocol::scope::Scope;
use valetkey_protocol::secret::ClientSecret;
use valetkey_protocol::time::Timestamp;
use valetkey_rules::register::metadata_of;

/// What is shown. A secret is there only in the answer of the command that made it.
#[derive(Debug, Serialize)]
pub(super) struct View<'a> {
    client_id: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    client_secret: Option<&'a str>,
    client_name: &'a str,
    application_type: &'static str,
    token_endpoint_auth_method: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    jwks: Option<&'a RawValue>,
    redirect_uris: &'a [RedirectUri],
    grant_types: &'a BTreeSet<GrantType>,
    scope: &'a Scope,
    resources: &'a BTreeSet<ResourceIndicator>,
    introspects: &'a BTreeSet<ResourceIndicator>,
    id_token_signed_response_alg: SigningAlg,
    require_pkce: bool,
    #[serde(flatten)]
    relying_party: ClientMetadata,
    #[serde(skip)]
    usual_response_types: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    registration: Option<&'a Registered>,
    #[serde(skip_serializing_if = "Option::is_none")]
    oauth1: Option<OAuth1Side<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    exchange: Option<&'a Exchange>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    warnings: Vec<Advice>,
    inspect_until: Option<Timestamp>,
    created_at: Timestamp,
}

/// The OAuth 1.0a side (RFC 5849).
#[derive(Debug, Serialize)]
struct OAuth1Side<'a> {
    consumer_key: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    consumer_secret: Option<&'a str>,
    has_secret: bool,
    rsa_key_sha256: Option<String>,
    token_ttl_seconds: Option<i64>,
    retires_at: Option<Timestamp>,
}

impl<'a> View<'a> {
    pub(super) fn of(client: &'a Client, secret: Option<&'a ClientSecret>) -> Self {
        Self {
            client_id: client.id.as_str(),
            client_secret: secret.map(ClientSecret::expose),
            client_name: &client.name,
            application_type: type_name(client.application_type),
            token_endpoint_auth_method: method_name(&client.authentication),
            jwks: client.jwks().and_then(|jwks| serde_json::from_str(jwks).ok()),
            redirect_uris: &client.redirect_uris,
            grant_types: &client.grant_types,
            scope: &client.scope,
            resources: &client.resources,
            introspects: &client.introspects,
            id_token_signed_response_alg: client.id_token_signed_response_alg,
            require_pkce: client.must_use_pkce(),
            relying_party: relying_party(client),
            usual_response_types: client.openid.response_types.is_empty(),
            registration: client.registration.as_ref(),
            oauth1: client
                .oauth1
                .as_ref()
                .map(|side| OAuth1Side::of(&client.id, side)),
            exchange: client.exchange.as_ref(),
            warnings: Advice::of(client),
            inspect_until: client.inspect_until,
            created_at: client.created_at,
        }
    }

    /// The same, with the consumer secret that was just made.
    pub(super) fn with_consumer_secret(mut self, secret: Option<&'a ClientSecret>) -> Self {
        if let Some(side) = &mut self.oauth1 {
            side.consumer_secret = secret.map(ClientSecret::expose);
        }
        self
    }
}

impl<'a> OAuth1Side<'a> {
    fn of(id: &'a ClientId, side: &OAuth1) -> Self {
        let fingerprint = |der: &Vec<u8>| b64::encode_url(&hash::sha256(der));
        Self {
            consumer_key: id.as_str(),
            consumer_secret: None,
            has_secret: side.secret.is_some(),
            rsa_key_sha256: side.rsa_public_key.as_ref().map(fingerprint),
            token_ttl_seconds: side.token_ttl_seconds,
            retires_at: side.retires_at,
        }
    }

    fn rows(&self) -> Vec<(&'static str, String)> {
        let mut rows = vec![("OAuth 1.0a", self.signs_with())];
        if let Some(secret) = self.consumer_secret {
            rows.push((
                "consumer secret",
                format!("{secret}   (shown now and never again)"),
            ));
        }
        let last = self.token_ttl_seconds.map_or_else(
            || String::from("until they are revoked"),
            |seconds| format!("{seconds} seconds"),
        );
        rows.push(("its tokens last", last));
        if let Some(end) = self.retires_at {
            rows.push(("its tokens end", output::moment(end)));
        }
        rows
    }

    fn signs_with(&self) -> String {
        let key = self.rsa_key_sha256.as_deref().map(|key| format!("RSA key {key}"));
        let secret = self.has_secret.then(|| String::from("a consumer secret"));
        let with: Vec<String> = [secret, key].into_iter().flatten().collect();
        if with.is_empty() {
            return format!("{MARK} allowed, but it has neither a consumer secret nor a key to sign with");
        }
        format!("{MARK} signs with {}", with.join(" or "))
    }
}

/// What the specs' own words say of it, beside what the view says in those of the command line.
fn relying_party(client: &Client) -> ClientMetadata {
    ClientMetadata {
        redirect_uris: None,
        grant_types: None,
        application_type: None,
        client_name: None,
        scope: None,
        token_endpoint_auth_method: None,
        id_token_signed_response_alg: None,
        jwks: None,
        ..metadata_of(client)
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
        Authentication::ClientSecretJwt { .. } => "client_secret_jwt",
        Authentication::PrivateKeyJwt => "private_key_jwt",
    }
}

/// One client.
pub(super) fn show(view: &View<'_>, json: bool) -> Outcome {
    if json {
        return output::print_json(view);
    }
    let mut out = output::table(&rows(view));
    for advice in &view.warnings {
        out.push_str(&format!("\n{}", advice.text()));
    }
    output::print(&out)
}

fn rows(view: &View<'_>) -> Vec<Vec<String>> {
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
    row("grant types", grants(view));
    row("scope", view.scope.to_string());
    row("tokens for", tokens_for(view));
    if !view.introspects.is_empty() {
        row(
            "introspects",
            joined(view.introspects.iter().map(ResourceIndicator::as_str)),
        );
    }
    if let Some(exchange) = view.exchange {
        row("exchanges tokens of", exchanges(exchange));
    }
    for (name, value) in view.oauth1.iter().flat_map(OAuth1Side::rows) {
        row(name, value);
    }
    row("ID tokens", format!("{:?}", view.id_token_signed_response_alg));
    let pkce = if view.require_pkce {
        "required"
    } else {
        "not required"
    };
    row("PKCE", pkce.to_owned());
    for (name, value) in said(view) {
        row(&name.replace('_', " "), value);
    }
    if let Some(registered) = view.registration {
        row("registered", registered_by(registered));
    }
    if let Some(until) = view.inspect_until {
        row("inspector until", output::moment(until));
    }
    row("since", output::moment(view.created_at));
    rows
}

/// What was registered beyond what every client gets.
fn said(view: &View<'_>) -> Vec<(String, String)> {
    let members = view.relying_party.to_members();
    let is_usual = |name: &str, value: &Value| {
        *value == Value::Bool(false)
            || (name == "subject_type" && value == SubjectType::default().as_str())
            || (name == "response_types" && view.usual_response_types)
    };
    members
        .into_iter()
        .filter(|(name, value)| !is_usual(name, value))
        .map(|(name, value)| (name, text(&value)))
        .collect()
}

fn text(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Array(texts) => texts.iter().map(text).collect::<Vec<_>>().join(", "),
        Value::Bool(true) => String::from("yes"),
        other => other.to_string(),
    }
}

fn registered_by(registered: &Registered) -> String {
    let by = match (&registered.initial_access_token, registered.shared) {
        (Some(token), _) => format!("by itself, with the initial access token {token}"),
        (None, true) => String::from("by itself, and shared with others that said the very same"),
        (None, false) => String::from("by itself, as anybody may"),
    };
    match registered.updated_at {
        Some(at) => format!("{by}; changed {}", output::moment(at)),
        None => by,
    }
}

/// Those that somebody advises against carry the mark.
fn grants(view: &View<'_>) -> String {
    let marked = |grant: &GrantType| {
        let name = short_name(*grant);
        let warned = view.warnings.iter().any(|advice| advice.is_about(name));
        if warned {
            format!("{name}{MARK}")
        } else {
            name.to_owned()
        }
    };
    view.grant_types.iter().map(marked).collect::<Vec<_>>().join(" ")
}

fn tokens_for(view: &View<'_>) -> String {
    if view.resources.is_empty() {
        return "each API whose scopes it may ask for".to_owned();
    }
    joined(view.resources.iter().map(ResourceIndicator::as_str))
}

fn exchanges(exchange: &Exchange) -> String {
    let subjects = joined(exchange.subjects.iter().map(ClientId::as_str));
    if exchange.may_impersonate {
        format!("{subjects} (may impersonate)").trim_start().to_owned()
    } else {
        subjects
    }
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
