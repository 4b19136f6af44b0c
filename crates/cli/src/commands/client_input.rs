//! What `client add` is told, checked: a registration that could not work, or not safely, is refused with the way out.

use crate::config::suggest::nearest;
use crate::failure::{Failure, Outcome};
use crate::place::Opened;
use clap::{Args, ValueEnum};
use std::collections::BTreeSet;
use valetkey_model::client::{ApplicationType, Authentication, GrantType, IdTokenAlg, SecretHash};
use valetkey_model::{Client, ClientId};
use valetkey_protocol::redirect_uri::RedirectUri;
use valetkey_protocol::resource::ResourceIndicator;
use valetkey_protocol::scope::Scope;
use valetkey_protocol::time::Timestamp;
use valetkey_rules::policy::Policy;

/// What kind of app it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Type {
    /// Runs on a server, has a secret.
    Web,
    /// Runs in the browser, has none.
    SinglePage,
    /// Runs on a phone or desktop, has none.
    Native,
    /// Acts for itself, without a person, or asks about tokens as an API.
    Service,
}

/// A grant type by its wire name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
#[value(rename_all = "snake_case")]
enum Grant {
    AuthorizationCode,
    RefreshToken,
    ClientCredentials,
}

/// How a client shows its secret.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
#[value(rename_all = "snake_case")]
enum Method {
    /// In the Authorization header.
    ClientSecretBasic,
    /// In the body.
    ClientSecretPost,
    /// Either.
    Any,
    /// It has none: a public client.
    None,
}

/// The algorithm of ID tokens.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Alg {
    #[value(name = "RS256")]
    RS256,
    #[value(name = "ES256")]
    ES256,
}

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
    /// client_credentials, or none when it only introspects].
    #[arg(long, value_enum, value_name = "GRANT")]
    grant_type: Vec<Grant>,
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
    /// How it shows its secret [default: any].
    #[arg(long, value_enum, value_name = "METHOD", conflicts_with = "public")]
    auth_method: Option<Method>,
    /// Do not require PKCE; only for a client with a secret.
    #[arg(long)]
    no_pkce: bool,
}

impl Registration {
    /// The client to be stored, or the first thing that is wrong.
    pub(super) fn check(&self, opened: &Opened, secret: SecretHash, now: Timestamp) -> Outcome<Client> {
        let id =
            ClientId::parse(&self.id).map_err(|error| Failure::refused(format!("{:?}: {error}", self.id)))?;
        let authentication = self.authentication(secret)?;
        let introspects = self.resources("--introspects", &self.introspects, opened)?;
        let grant_types = self.grant_types(&authentication)?;
        let redirect_uris = self.redirect_uris(&grant_types)?;
        let public = matches!(authentication, Authentication::None);
        if public && self.no_pkce {
            return refuse(
                "--no-pkce is only for a client with a secret: a public client must use PKCE (RFC 9700 §2.1.1)",
            );
        }
        if public && !introspects.is_empty() {
            return refuse(
                "--introspects needs a secret: anybody else could ask about tokens, too (RFC 7662 §2.1)",
            );
        }
        Ok(Client {
            id,
            name: self.name()?,
            authentication,
            application_type: self.application_type(),
            redirect_uris,
            post_logout_redirect_uris: Vec::new(),
            scope: self.scope(&grant_types, &opened.policy)?,
            grant_types,
            resources: self.resources("--resource", &self.resource, opened)?,
            introspects,
            id_token_signed_response_alg: match self.id_token_alg {
                Alg::RS256 => IdTokenAlg::RS256,
                Alg::ES256 => IdTokenAlg::ES256,
            },
            require_pkce: !self.no_pkce,
            inspect_until: None,
            created_at: now,
        })
    }

    const fn application_type(&self) -> ApplicationType {
        match self.kind {
            Type::Web => ApplicationType::Web,
            Type::SinglePage => ApplicationType::SinglePage,
            Type::Native => ApplicationType::Native,
            Type::Service => ApplicationType::Service,
        }
    }

    fn name(&self) -> Outcome<String> {
        let name = self.name.as_deref().unwrap_or(&self.id);
        if name.trim().is_empty() || name.chars().count() > 100 || name.chars().any(char::is_control) {
            return refuse("--name is a text of 1 to 100 characters on one line");
        }
        Ok(name.to_owned())
    }

    fn authentication(&self, secret: SecretHash) -> Outcome<Authentication> {
        let cannot_keep = matches!(self.kind, Type::SinglePage | Type::Native);
        let method = match self.auth_method {
            _ if self.public => Method::None,
            Some(method) => method,
            None if cannot_keep => Method::None,
            None => Method::Any,
        };
        match method {
            Method::None if self.kind == Type::Service => refuse(
                "a service needs a secret: without one anybody could say it is this client (RFC 6749 §4.4)",
            ),
            Method::None => Ok(Authentication::None),
            _ if cannot_keep => refuse(
                "an app that runs on people's devices cannot keep a secret: everybody who has the app has it (RFC 8252 §8.5); leave --auth-method away",
            ),
            Method::ClientSecretBasic => Ok(Authentication::ClientSecretBasic { secret }),
            Method::ClientSecretPost => Ok(Authentication::ClientSecretPost { secret }),
            Method::Any => Ok(Authentication::ClientSecret { secret }),
        }
    }

    fn grant_types(&self, authentication: &Authentication) -> Outcome<BTreeSet<GrantType>> {
        let mut grants: BTreeSet<GrantType> =
            self.grant_type.iter().map(|grant| grant_type(*grant)).collect();
        if grants.is_empty() {
            grants.extend(match self.kind {
                Type::Service if self.introspects.is_empty() => vec![GrantType::ClientCredentials],
                Type::Service => vec![],
                _ => vec![GrantType::AuthorizationCode, GrantType::RefreshToken],
            });
        }
        let code = grants.contains(&GrantType::AuthorizationCode);
        if grants.contains(&GrantType::RefreshToken) && !code {
            return refuse(
                "refresh_token comes from authorization_code; add --grant-type authorization_code",
            );
        }
        if code && self.kind == Type::Service {
            return refuse("a service has no person in front of it; for authorization_code use --type web");
        }
        let machine = grants.contains(&GrantType::ClientCredentials);
        if machine && matches!(authentication, Authentication::None) {
            return refuse("client_credentials is only for a client with a secret (RFC 6749 §4.4)");
        }
        Ok(grants)
    }

    fn redirect_uris(&self, grants: &BTreeSet<GrantType>) -> Outcome<Vec<RedirectUri>> {
        let code = grants.contains(&GrantType::AuthorizationCode);
        if code && self.redirect_uri.is_empty() {
            return refuse("authorization_code needs --redirect-uri: where the browser comes back to");
        }
        if !code && !self.redirect_uri.is_empty() {
            return refuse("--redirect-uri is for authorization_code, which this client may not use");
        }
        let mut uris = Vec::new();
        for text in &self.redirect_uri {
            let uri =
                RedirectUri::parse(text).map_err(|error| Failure::refused(format!("{text:?}: {error}")))?;
            let private = !text.starts_with("https:") && !text.starts_with("http:");
            if private && self.kind != Type::Native {
                return refuse(format!(
                    "{text:?}: only a native app receives a private-use scheme (RFC 8252 §7.1); use --type native"
                ));
            }
            if !uris.contains(&uri) {
                uris.push(uri);
            }
        }
        Ok(uris)
    }

    fn scope(&self, grants: &BTreeSet<GrantType>, policy: &Policy) -> Outcome<Scope> {
        let Some(text) = &self.scope else {
            let person = grants.contains(&GrantType::AuthorizationCode);
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

    fn resources(
        &self,
        flag: &str,
        texts: &[String],
        opened: &Opened,
    ) -> Outcome<BTreeSet<ResourceIndicator>> {
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
}

const fn grant_type(grant: Grant) -> GrantType {
    match grant {
        Grant::AuthorizationCode => GrantType::AuthorizationCode,
        Grant::RefreshToken => GrantType::RefreshToken,
        Grant::ClientCredentials => GrantType::ClientCredentials,
    }
}

fn refuse<T>(text: impl Into<String>) -> Outcome<T> {
    Err(Failure::refused(text))
}
