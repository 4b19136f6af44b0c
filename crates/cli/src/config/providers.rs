//! `[[provider]]`: other providers that sign people in, by OpenID Connect or by OAuth 2.0 and a userinfo address.

use super::document::Checks;
use super::secret_file;
use super::section::{Key, Preset, Section};
use rustls_pki_types::PrivatePkcs8KeyDer;
use rustls_pki_types::pem::PemObject as _;
use serde::Deserialize;
use std::sync::Arc;
use valetkey_jose::{Algorithm, SigningKey};
use valetkey_protocol::secret::ClientSecret;
use valetkey_server::upstream::{
    ClientAuthentication, Endpoints, Mapping, OAuth2, ProviderKind, ProviderSettings, SignUp,
};

/// The keys of `[[provider]]`.
pub(super) const SECTION: Section = Section {
    name: "provider",
    repeated: true,
    about: "Another provider that signs people in: a button on the sign-in page. One section for each, in the order of the \
            buttons. Its redirect URI here is `{issuer}/login/with/{id}/callback`; see docs/guide/sign-in-with.md.",
    keys: &[
        Key {
            name: "id",
            kind: "small letters, digits, hyphens",
            preset: Preset::Required("\"corner\""),
            meaning: "Its name in addresses and in people's links. It never changes.",
        },
        Key {
            name: "label",
            kind: "text",
            preset: Preset::Required("\"Corner\""),
            meaning: "What its button says.",
        },
        Key {
            name: "issuer",
            kind: "https URL",
            preset: Preset::Unset("\"https://accounts.corner.example\""),
            meaning: "Its issuer, exactly as its metadata writes it; the rest is found by discovery (OpenID Connect). Beside the \
                      endpoints below: the name that the provider sends as `iss` (RFC 9207), which must then be there; absent \
                      when it sends none.",
        },
        Key {
            name: "authorization_endpoint",
            kind: "https URL",
            preset: Preset::Unset("\"https://corner.example/login/oauth/authorize\""),
            meaning: "For a provider that speaks OAuth 2.0 without OpenID Connect: where people are sent.",
        },
        Key {
            name: "token_endpoint",
            kind: "https URL",
            preset: Preset::Unset("\"https://corner.example/login/oauth/access_token\""),
            meaning: "The same: where codes become tokens.",
        },
        Key {
            name: "userinfo_endpoint",
            kind: "https URL",
            preset: Preset::Unset("\"https://api.corner.example/user\""),
            meaning: "The same: what says who signed in.",
        },
        Key {
            name: "emails_endpoint",
            kind: "https URL",
            preset: Preset::Unset("\"https://api.corner.example/user/emails\""),
            meaning: "The same: a list of the person's addresses, `[{ email, primary, verified }]`, where there is one.",
        },
        Key {
            name: "claims",
            kind: "table of claim = member",
            preset: Preset::Unset("{ subject = \"id\", username = \"login\", picture = \"avatar_url\" }"),
            meaning: "The same: where in the userinfo answer `subject`, `username`, `name`, `email`, `email_verified` and `picture` \
                      stand, with a dot between a member and one within it. What is absent has OpenID's name.",
        },
        Key {
            name: "client_id",
            kind: "text",
            preset: Preset::Required("\"valetkey\""),
            meaning: "This server's name there.",
        },
        Key {
            name: "client_secret_file",
            kind: "file",
            preset: Preset::Unset("\"/etc/valetkey/corner-secret\""),
            meaning: "The file that holds its secret there, in one line; not open to everybody on the machine.",
        },
        Key {
            name: "client_key_file",
            kind: "file",
            preset: Preset::Unset("\"/etc/valetkey/corner-key.pem\""),
            meaning: "In the place of a secret: a private key (PKCS #8, PEM) of which the provider knows the public half.",
        },
        Key {
            name: "client_auth",
            kind: "client_secret_basic, client_secret_post, private_key_jwt or none",
            preset: Preset::Unset("\"client_secret_post\""),
            meaning: "How this server proves who it is there. When absent, `private_key_jwt` with a key; with a secret \
                      `client_secret_basic` for an `issuer` and `client_secret_post` for endpoints.",
        },
        Key {
            name: "scope",
            kind: "scope words",
            preset: Preset::Unset("\"read:user user:email\""),
            meaning: "What is asked for; when absent `openid profile email` for an `issuer`, and nothing for endpoints.",
        },
        Key {
            name: "prompt",
            kind: "text",
            preset: Preset::Unset("\"select_account\""),
            meaning: "What the provider is to show each time.",
        },
        Key {
            name: "form_post",
            kind: "true or false",
            preset: Preset::Is("false"),
            meaning: "Whether its answer is to come as a posted form; some tell names and addresses only so.",
        },
        Key {
            name: "trust_email",
            kind: "true or false",
            preset: Preset::Is("false"),
            meaning: "Whether its word that an e-mail address is verified counts here.",
        },
        Key {
            name: "sign_up",
            kind: "never, anybody, invited, or a list of domains",
            preset: Preset::Is("\"never\""),
            meaning: "Who may open an account by coming from there. A list, as `[\"example.com\"]`, is for people whose verified \
                      address is in one of the domains (what lies below a domain is another). It and `invited` need \
                      `trust_email`.",
        },
    ],
};

/// One `[[provider]]` as it was written.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct Raw {
    id: Option<String>,
    label: Option<String>,
    issuer: Option<String>,
    authorization_endpoint: Option<String>,
    token_endpoint: Option<String>,
    userinfo_endpoint: Option<String>,
    emails_endpoint: Option<String>,
    claims: Option<RawClaims>,
    client_id: Option<String>,
    client_secret_file: Option<String>,
    client_key_file: Option<String>,
    client_auth: Option<String>,
    scope: Option<String>,
    prompt: Option<String>,
    form_post: bool,
    trust_email: bool,
    sign_up: Option<RawSignUp>,
}

#[derive(Debug, Deserialize)]
#[serde(untagged)]
enum RawSignUp {
    Word(String),
    Domains(Vec<String>),
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct RawClaims {
    subject: Option<String>,
    username: Option<String>,
    name: Option<String>,
    email: Option<String>,
    email_verified: Option<String>,
    picture: Option<String>,
}

/// Checks every `[[provider]]`. The files are read here, so that a missing one is known before anything starts; nobody is
/// asked yet.
pub(super) fn check(raw: &[Raw], checks: &mut Checks) -> Vec<ProviderSettings> {
    let mut providers: Vec<ProviderSettings> = Vec::new();
    for (index, raw) in raw.iter().enumerate() {
        let mut one = One { index, checks };
        let Some(provider) = one.provider(raw) else {
            continue;
        };
        if let Err(invalid) = provider.check() {
            one.refuse(invalid.key, invalid.why);
        }
        if providers.iter().any(|other| other.id == provider.id) {
            one.refuse("id", format!("{:?} is there twice", provider.id));
        }
        providers.push(provider);
    }
    providers
}

/// The checks of one `[[provider]]`.
struct One<'a> {
    index: usize,
    checks: &'a mut Checks,
}

impl One<'_> {
    fn refuse(&mut self, key: &str, why: impl std::fmt::Display) {
        self.checks.refuse_in(SECTION.name, self.index, key, why);
    }

    fn provider(&mut self, raw: &Raw) -> Option<ProviderSettings> {
        let kind = self.kind(raw);
        let authentication = self.authentication(raw);
        let sign_up = self.sign_up(raw);
        let is_openid = matches!(kind, Some(ProviderKind::OpenId { .. }));
        let scope = raw.scope.clone().unwrap_or_else(|| {
            let scope = if is_openid { "openid profile email" } else { "" };
            scope.to_owned()
        });
        Some(ProviderSettings {
            id: raw.id.clone().unwrap_or_default(),
            label: raw.label.clone().unwrap_or_default(),
            kind: kind?,
            client_id: raw.client_id.clone().unwrap_or_default(),
            authentication: authentication?,
            scope,
            prompt: raw.prompt.clone(),
            form_post: raw.form_post,
            trust_email: raw.trust_email,
            sign_up: sign_up?,
        })
    }

    fn kind(&mut self, raw: &Raw) -> Option<ProviderKind> {
        let endpoints = [
            ("authorization_endpoint", &raw.authorization_endpoint),
            ("token_endpoint", &raw.token_endpoint),
            ("userinfo_endpoint", &raw.userinfo_endpoint),
        ];
        let missing = |(_, endpoint): &(&str, &Option<String>)| endpoint.is_none();
        if endpoints.iter().all(missing) {
            for (key, is_there) in [
                ("emails_endpoint", raw.emails_endpoint.is_some()),
                ("claims", raw.claims.is_some()),
            ] {
                if is_there {
                    self.refuse(
                        key,
                        "is for a provider with endpoints; OpenID Connect has names of its own",
                    );
                }
            }
            let Some(issuer) = raw.issuer.clone() else {
                self.refuse(
                    "issuer",
                    "is missing; name the issuer, or the endpoints of a provider without OpenID Connect",
                );
                return None;
            };
            return Some(ProviderKind::OpenId { issuer });
        }
        for (key, _) in endpoints.into_iter().filter(missing) {
            self.refuse(
                key,
                "is missing; a provider without OpenID Connect needs all three endpoints",
            );
        }
        let authorization = raw.authorization_endpoint.clone()?;
        Some(ProviderKind::OAuth2(Arc::new(OAuth2 {
            // Any name will do that no other provider has.
            issuer: raw.issuer.clone().unwrap_or_else(|| authorization.clone()),
            endpoints: Endpoints {
                authorization,
                token: raw.token_endpoint.clone()?,
                userinfo: Some(raw.userinfo_endpoint.clone()?),
                sends_iss: raw.issuer.is_some(),
                ..Endpoints::default()
            },
            emails_endpoint: raw.emails_endpoint.clone(),
            mapping: mapping(raw.claims.as_ref()),
        })))
    }

    fn authentication(&mut self, raw: &Raw) -> Option<ClientAuthentication> {
        let usual = match (&raw.client_key_file, &raw.client_secret_file) {
            (Some(_), Some(_)) if raw.client_auth.is_none() => {
                let why = "and client_secret_file are both there; say by client_auth which one counts";
                self.refuse("client_key_file", why);
                return None;
            }
            (Some(_), _) => "private_key_jwt",
            (None, Some(_)) if raw.authorization_endpoint.is_some() => "client_secret_post",
            (None, Some(_)) => "client_secret_basic",
            (None, None) => "",
        };
        match raw.client_auth.as_deref().unwrap_or(usual) {
            "client_secret_basic" => self.secret(raw).map(ClientAuthentication::SecretBasic),
            "client_secret_post" => self.secret(raw).map(ClientAuthentication::SecretPost),
            "private_key_jwt" => self.key(raw).map(ClientAuthentication::PrivateKeyJwt),
            "none" => Some(ClientAuthentication::None),
            "" => {
                self.refuse(
                    "client_secret_file",
                    "is missing; a provider without secrets wants client_auth = \"none\"",
                );
                None
            }
            other => {
                let known = "client_secret_basic, client_secret_post, private_key_jwt and none";
                self.refuse("client_auth", format!("{other:?} is none of {known}"));
                None
            }
        }
    }

    fn secret(&mut self, raw: &Raw) -> Option<ClientSecret> {
        let Some(written) = &raw.client_secret_file else {
            self.refuse("client_secret_file", "is missing; it holds the secret");
            return None;
        };
        let path = self.checks.path(written);
        match secret_file::read(&path) {
            Ok(line) => Some(ClientSecret::new(line.as_str())),
            Err(why) => {
                self.refuse("client_secret_file", format!("{}: {why}", path.display()));
                None
            }
        }
    }

    fn key(&mut self, raw: &Raw) -> Option<Arc<SigningKey>> {
        let Some(written) = &raw.client_key_file else {
            self.refuse("client_key_file", "is missing; it holds the private key");
            return None;
        };
        let path = self.checks.path(written);
        let read = secret_file::refuse_open(&path)
            .and_then(|()| PrivatePkcs8KeyDer::from_pem_file(&path).map_err(|error| error.to_string()));
        let why = match read {
            Ok(der) => match signing_key(der.secret_pkcs8_der()) {
                Some(key) => return Some(Arc::new(key)),
                None => String::from("is no RSA, P-256, P-384 or Ed25519 key"),
            },
            Err(why) => why,
        };
        self.refuse("client_key_file", format!("{}: {why}", path.display()));
        None
    }

    fn sign_up(&mut self, raw: &Raw) -> Option<SignUp> {
        let sign_up = match &raw.sign_up {
            None => SignUp::Never,
            Some(RawSignUp::Domains(domains)) => SignUp::Domains(domains.clone()),
            Some(RawSignUp::Word(word)) => match word.as_str() {
                "never" => SignUp::Never,
                "anybody" => SignUp::Anybody,
                "invited" => SignUp::Invited,
                other => {
                    let why = format!(
                        "{other:?} is none of \"never\", \"anybody\", \"invited\" and [\"example.com\"]"
                    );
                    self.refuse("sign_up", why);
                    return None;
                }
            },
        };
        if matches!(&sign_up, SignUp::Domains(domains) if domains.is_empty() || !domains.iter().all(|domain| is_domain(domain)))
        {
            self.refuse("sign_up", "is a list of domains, as [\"example.com\"]");
        }
        if matches!(sign_up, SignUp::Domains(_) | SignUp::Invited) && !raw.trust_email {
            self.refuse(
                "sign_up",
                "goes by the verified address here, so it needs trust_email = true",
            );
        }
        Some(sign_up)
    }
}

fn mapping(raw: Option<&RawClaims>) -> Mapping {
    let usual = Mapping::openid();
    let Some(raw) = raw else {
        return usual;
    };
    Mapping {
        subject: raw.subject.clone().unwrap_or(usual.subject),
        username: raw.username.clone().or(usual.username),
        name: raw.name.clone().or(usual.name),
        email: raw.email.clone().or(usual.email),
        email_verified: raw.email_verified.clone().or(usual.email_verified),
        picture: raw.picture.clone().or(usual.picture),
    }
}

/// The key says what it is; of the algorithms that it serves the usual one is taken.
fn signing_key(pkcs8: &[u8]) -> Option<SigningKey> {
    [
        Algorithm::ES256,
        Algorithm::ES384,
        Algorithm::Ed25519,
        Algorithm::RS256,
    ]
    .into_iter()
    .find_map(|alg| SigningKey::from_pkcs8(alg, pkcs8).ok())
}

fn is_domain(text: &str) -> bool {
    let plain = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'.');
    !text.is_empty() && text.bytes().all(plain) && !text.starts_with('.') && !text.ends_with('.')
}

#[cfg(test)]
#[path = "providers_tests.rs"]
mod tests;
