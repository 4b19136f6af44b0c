//! What `client add` is told, checked: a registration that could not work, or not safely, is refused with the way out.

use super::exchange::ExchangeFor;
use super::redirects;
use super::relying_party::{RelyingParty, take};
use super::sound::{self, refuse};
use super::words::{Alg, Grant, Method, Type, What};
use crate::config::suggest::nearest;
use crate::failure::{Failure, Outcome};
use crate::place::Opened;
use clap::Args;
use std::collections::BTreeSet;
use valetkey_model::client::{Authentication, GrantType, OAuth1, SecretHash, SigningAlg};
use valetkey_model::relying_party;
use valetkey_model::{Client, ClientId, SealedSecret};
use valetkey_protocol::resource::ResourceIndicator;
use valetkey_protocol::scope::Scope;
use valetkey_protocol::time::Timestamp;
use valetkey_rules::policy::Policy;

/// A new client as it was asked for.
#[derive(Debug, Args)]
pub(super) struct Registration {
    /// Its `client_id`: public, chosen once.
    id: String,
    /// The name people read on the consent page [default: the id].
    #[arg(long)]
    name: Option<String>,
    /// What kind of app it is.
    #[arg(long = "type", value_enum, default_value = "web", value_name = "TYPE")]
    kind: Type,
    /// Where the browser comes back to, compared letter by letter; may be given more than once.
    #[arg(long, value_name = "URI")]
    redirect_uri: Vec<String>,
    /// A grant type; may be given more than once [default: authorization_code and refresh_token; for a service
    /// client_credentials, or none when it only introspects; without --redirect-uri what --allow says, and
    /// refresh_token].
    #[arg(long, value_enum, value_name = "GRANT")]
    grant_type: Vec<Grant>,
    /// What else it may do; words set apart by commas. Each is off until it is named here or by `client allow`.
    #[arg(long, value_enum, value_name = "WHAT", value_delimiter = ',')]
    allow: Vec<What>,
    #[command(flatten)]
    exchange: ExchangeFor,
    /// The scope it may ask for, words set apart by blanks [default: the OpenID Connect scopes; for a service none].
    #[arg(long)]
    scope: Option<String>,
    /// An API it may get tokens for; may be given more than once [default: each whose scopes it may ask for].
    #[arg(long, value_name = "URI")]
    resource: Vec<String>,
    /// The API that it is: it may ask the server about tokens for it (RFC 7662); may be given more than once.
    #[arg(long, value_name = "URI")]
    introspects: Vec<String>,
    /// The algorithm of its ID tokens.
    #[arg(long, value_enum, default_value = "RS256", value_name = "ALG")]
    id_token_alg: Alg,
    /// It has no secret [default for single-page and native].
    #[arg(long)]
    public: bool,
    /// How it proves who it is [default: any].
    #[arg(long, value_enum, value_name = "METHOD", conflicts_with = "public")]
    auth_method: Option<Method>,
    /// Do not require PKCE; only for a client with a secret or a key.
    #[arg(long)]
    no_pkce: bool,
    #[command(flatten)]
    relying_party: RelyingParty,
}

impl Registration {
    /// The client to be stored, or the first thing that is wrong. A secret that is kept sealed is left empty here.
    pub(super) async fn check(&self, opened: &Opened, secret: SecretHash, now: Timestamp) -> Outcome<Client> {
        let id =
            ClientId::parse(&self.id).map_err(|error| Failure::refused(format!("{:?}: {error}", self.id)))?;
        let grant_types = self.grant_types();
        let oauth1 = self.allow.contains(&What::OAuth1);
        let mut client = Client {
            id,
            name: name(self.name.as_deref().unwrap_or(&self.id))?,
            authentication: self.authentication(secret)?,
            application_type: self.kind.application_type(),
            redirect_uris: redirects::read(&self.redirect_uri, self.kind == Type::Native)?,
            post_logout_redirect_uris: Vec::new(),
            scope: self.scope(&grant_types, oauth1, &opened.policy)?,
            grant_types,
            resources: resources("--resource", &self.resource, opened)?,
            introspects: resources("--introspects", &self.introspects, opened)?,
            id_token_signed_response_alg: SigningAlg::default(),
            require_pkce: !self.no_pkce,
            keys: None,
            openid: relying_party::RelyingParty::default(),
            presentation: relying_party::Presentation::default(),
            registration: None,
            oauth1: oauth1.then(OAuth1::default),
            exchange: self.exchange.onto(None, opened).await?,
            inspect_until: None,
            created_at: now,
        };
        let mut asked = self.relying_party.metadata()?;
        asked.id_token_signed_response_alg = Some(self.id_token_alg.id_token_alg().as_str().to_owned());
        take(&asked, &mut client, &opened.policy)?;
        sound::check(&client)?;
        if !client.redirect_uris.is_empty() && !sound::uses_redirects(&client) {
            return refuse(
                "--redirect-uri is for authorization_code, implicit and oauth1, which this client may not use",
            );
        }
        Ok(client)
    }

    fn authentication(&self, secret: SecretHash) -> Outcome<Authentication> {
        let method = match self.auth_method {
            _ if self.public => Method::None,
            Some(method) => method,
            None if self.relying_party.has_jwks() => Method::PrivateKeyJwt,
            None if matches!(self.kind, Type::SinglePage | Type::Native) => Method::None,
            None => Method::Any,
        };
        if method == Method::PrivateKeyJwt && !self.relying_party.has_keys() {
            return refuse(
                "private_key_jwt needs --jwks FILE, the client's public keys as a JWK set (RFC 7517 §5), or --jwks-uri URI",
            );
        }
        Ok(match method {
            Method::None => Authentication::None,
            Method::ClientSecretBasic => Authentication::ClientSecretBasic { secret },
            Method::ClientSecretPost => Authentication::ClientSecretPost { secret },
            Method::Any => Authentication::ClientSecret { secret },
            Method::ClientSecretJwt => Authentication::ClientSecretJwt {
                secret: SealedSecret(Vec::new()),
            },
            Method::PrivateKeyJwt => Authentication::PrivateKeyJwt,
        })
    }

    fn grant_types(&self) -> BTreeSet<GrantType> {
        let mut grants: BTreeSet<GrantType> =
            self.grant_type.iter().map(|grant| grant.grant_type()).collect();
        if grants.is_empty() {
            grants.extend(self.usual_grants());
        }
        grants.extend(self.allow.iter().filter_map(|what| what.grant_type()));
        grants
    }

    fn usual_grants(&self) -> &'static [GrantType] {
        let without_browser =
            self.redirect_uri.is_empty() && self.allow.iter().any(|what| what.needs_no_redirect());
        match self.kind {
            Type::Service if self.introspects.is_empty() => &[GrantType::ClientCredentials],
            Type::Service => &[],
            _ if without_browser => &[GrantType::RefreshToken],
            _ => &[GrantType::AuthorizationCode, GrantType::RefreshToken],
        }
    }

    fn scope(&self, grants: &BTreeSet<GrantType>, oauth1: bool, policy: &Policy) -> Outcome<Scope> {
        let Some(text) = &self.scope else {
            let for_itself = |grant| matches!(grant, GrantType::ClientCredentials | GrantType::TokenExchange);
            let person = oauth1 || !grants.iter().copied().all(for_itself);
            return Ok(if person {
                policy.issuer_scope()
            } else {
                Scope::default()
            });
        };
        let scope = Scope::parse(text).map_err(|error| Failure::refused(format!("--scope: {error}")))?;
        let known = policy.known_scope();
        if let Some(word) = scope.without(&known).words().next() {
            let meant = nearest(word, known.words()).map_or_else(
                || format!("there are {known}"),
                |meant| format!("did you mean {meant:?}?"),
            );
            return refuse(format!("--scope: nobody knows the scope {word:?}: {meant}"));
        }
        Ok(scope)
    }
}

/// A name that people can read.
pub(super) fn name(name: &str) -> Outcome<String> {
    if name.trim().is_empty() || name.chars().count() > 100 || name.chars().any(char::is_control) {
        return refuse("--name is a text of 1 to 100 characters on one line");
    }
    Ok(name.to_owned())
}

fn resources(flag: &str, texts: &[String], opened: &Opened) -> Outcome<BTreeSet<ResourceIndicator>> {
    let known = opened
        .policy
        .resources
        .iter()
        .map(|resource| resource.indicator.as_str());
    let mut resources = BTreeSet::new();
    for text in texts {
        let resource = ResourceIndicator::parse(text)
            .map_err(|error| Failure::refused(format!("{flag}: {text:?}: {error}")))?;
        if opened.knows_resources && !known.clone().any(|other| other == text) {
            let meant = nearest(text, known.clone()).map_or_else(
                || String::from("add it to the configuration as a [[resource]]"),
                |meant| format!("did you mean {meant:?}?"),
            );
            return refuse(format!("{flag}: no [[resource]] is called {text:?}: {meant}"));
        }
        resources.insert(resource);
    }
    Ok(resources)
}
