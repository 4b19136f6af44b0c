//! The providers that an operator names.

use std::sync::Arc;
use valetkey_client::{ClientAuthentication, Endpoints};
use valetkey_protocol::redirect_uri::is_loopback_host;
use valetkey_rules::upstream::{Mapping, SignUp};

/// One provider that signs people in here.
#[derive(Debug, Clone)]
pub struct ProviderSettings {
    /// Its name in addresses and in the store: small letters, digits and hyphens. Links keep it, so it never changes.
    pub id: String,
    /// What its button says.
    pub label: String,
    /// How it is spoken to.
    pub kind: ProviderKind,
    /// This server's name there.
    pub client_id: String,
    /// How this server proves who it is there.
    pub authentication: ClientAuthentication,
    /// What is asked for.
    pub scope: String,
    /// What the provider is to show, as `select_account`; `None` leaves it to the provider.
    pub prompt: Option<String>,
    /// Whether its answer comes as a form that the browser posts, as some demand that tell the e-mail address.
    pub form_post: bool,
    /// Whether its word that an e-mail address is verified counts here.
    pub trust_email: bool,
    /// Who may open an account by coming from there.
    pub sign_up: SignUp,
}

/// How a provider is spoken to.
#[derive(Debug, Clone)]
pub enum ProviderKind {
    /// By OpenID Connect; the rest is found by discovery.
    OpenId {
        /// Its issuer, as its metadata writes it.
        issuer: String,
    },
    /// By OAuth 2.0 and an address that tells who signed in.
    OAuth2(Arc<OAuth2>),
}

/// A provider without discovery and ID tokens, as GitHub.
#[derive(Debug, Clone)]
pub struct OAuth2 {
    /// The name that it gives itself by `iss` in the redirect (RFC 9207), or any that no other provider has.
    pub issuer: String,
    /// Its addresses; `userinfo` is needed.
    pub endpoints: Endpoints,
    /// Where a list of the person's e-mail addresses is, with `primary` and `verified` for each, when the address tells no
    /// more than who it is.
    pub emails_endpoint: Option<String>,
    /// Where in the answer the claims stand.
    pub mapping: Mapping,
}

/// The provider cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("provider {id:?}: {key} {why}")]
pub struct InvalidProvider {
    /// Which.
    pub id: String,
    /// The key of the configuration that is wrong.
    pub key: &'static str,
    /// What is wrong with it.
    pub why: &'static str,
}

impl ProviderSettings {
    /// Checks what can be checked without asking the provider.
    ///
    /// # Errors
    /// Names the key that is wrong.
    pub fn check(&self) -> Result<(), InvalidProvider> {
        let invalid = |key, why| InvalidProvider {
            id: self.id.clone(),
            key,
            why,
        };
        if !is_id(&self.id) {
            return Err(invalid("id", "is 1 to 32 small letters, digits and hyphens"));
        }
        if self.label.trim().is_empty() {
            return Err(invalid("label", "is missing; the button says it"));
        }
        if self.client_id.is_empty() {
            return Err(invalid("client_id", "is missing"));
        }
        for (key, address) in self.addresses() {
            if !is_secure(address) {
                return Err(invalid(key, "is an https address; http only on this machine"));
            }
        }
        let has_openid = self.scope.split(' ').any(|word| word == "openid");
        match &self.kind {
            ProviderKind::OpenId { .. } if !has_openid => {
                Err(invalid("scope", "needs openid, without which nobody is named"))
            }
            ProviderKind::OAuth2(_) if has_openid => Err(invalid(
                "scope",
                "has openid; give the issuer instead of the endpoints",
            )),
            ProviderKind::OAuth2(oauth2) if oauth2.endpoints.userinfo.is_none() => {
                Err(invalid("userinfo_endpoint", "is missing; it says who signed in"))
            }
            _ => Ok(()),
        }
    }

    fn addresses(&self) -> Vec<(&'static str, &str)> {
        match &self.kind {
            ProviderKind::OpenId { issuer } => vec![("issuer", issuer)],
            ProviderKind::OAuth2(oauth2) => {
                let endpoints = &oauth2.endpoints;
                let mut addresses = vec![
                    ("authorization_endpoint", endpoints.authorization.as_str()),
                    ("token_endpoint", endpoints.token.as_str()),
                ];
                let userinfo = endpoints.userinfo.as_deref();
                addresses.extend(userinfo.map(|address| ("userinfo_endpoint", address)));
                let emails = oauth2.emails_endpoint.as_deref();
                addresses.extend(emails.map(|address| ("emails_endpoint", address)));
                addresses
            }
        }
    }

    /// Whether the provider says when somebody signed in (`auth_time`).
    pub(crate) const fn tells_auth_time(&self) -> bool {
        matches!(self.kind, ProviderKind::OpenId { .. })
    }

    /// Where the claims stand.
    pub(crate) fn mapping(&self) -> Mapping {
        match &self.kind {
            ProviderKind::OpenId { .. } => Mapping::openid(),
            ProviderKind::OAuth2(oauth2) => oauth2.mapping.clone(),
        }
    }
}

/// It stands in addresses, in names of HTML elements and in the store.
fn is_id(text: &str) -> bool {
    let plain = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-';
    (1..=32).contains(&text.len()) && text.bytes().all(plain)
}

fn is_secure(address: &str) -> bool {
    url::Url::parse(address).is_ok_and(|url| {
        let is_bare = url.username().is_empty() && url.password().is_none() && url.fragment().is_none();
        let is_way = url.scheme() == "https" || (url.scheme() == "http" && is_loopback_host(&url));
        is_bare && is_way
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use valetkey_protocol::secret::ClientSecret;

    fn openid(issuer: &str) -> ProviderSettings {
        ProviderSettings {
            id: String::from("corner"),
            label: String::from("Corner"),
            kind: ProviderKind::OpenId {
                issuer: issuer.to_owned(),
            },
            client_id: String::from("valetkey"),
            authentication: ClientAuthentication::SecretBasic(ClientSecret::new("s")),
            scope: String::from("openid email"),
            prompt: None,
            form_post: false,
            trust_email: false,
            sign_up: SignUp::Never,
        }
    }

    fn oauth2(userinfo: Option<&str>) -> ProviderSettings {
        let endpoints = Endpoints {
            authorization: String::from("https://code.example/authorize"),
            token: String::from("https://code.example/token"),
            userinfo: userinfo.map(str::to_owned),
            ..Endpoints::default()
        };
        ProviderSettings {
            kind: ProviderKind::OAuth2(Arc::new(OAuth2 {
                issuer: String::from("https://code.example"),
                endpoints,
                emails_endpoint: None,
                mapping: Mapping::openid(),
            })),
            scope: String::from("read:user"),
            ..openid("")
        }
    }

    fn wrong(settings: &ProviderSettings) -> &'static str {
        settings.check().unwrap_err().key
    }

    #[test]
    fn a_provider_that_cannot_be_used_is_refused_with_its_key() {
        for issuer in [
            "",
            "accounts.example",
            "http://accounts.example",
            "https://user@accounts.example",
            "https://accounts.example/#x",
        ] {
            assert_eq!(wrong(&openid(issuer)), "issuer", "{issuer}");
        }
        let good = openid("https://accounts.example");
        for id in ["", "Corner", "a b", "a/b", "..", "é", &"a".repeat(33)] {
            let settings = ProviderSettings {
                id: id.to_owned(),
                ..good.clone()
            };
            assert_eq!(wrong(&settings), "id", "{id}");
        }
        let no_openid = ProviderSettings {
            scope: String::from("email openid2"),
            ..good.clone()
        };
        assert_eq!(wrong(&no_openid), "scope");
        assert_eq!(wrong(&oauth2(None)), "userinfo_endpoint");
        assert_eq!(
            wrong(&oauth2(Some("http://code.example/user"))),
            "userinfo_endpoint"
        );
        let unnamed = ProviderSettings {
            client_id: String::new(),
            ..good.clone()
        };
        assert_eq!(wrong(&unnamed), "client_id");
        let silent = ProviderSettings {
            label: String::from(" "),
            ..good
        };
        assert_eq!(wrong(&silent), "label");
    }

    #[test]
    fn good_providers_are_taken() {
        for issuer in [
            "https://accounts.example",
            "http://127.0.0.1:8080",
            "http://localhost/a",
        ] {
            assert_eq!(openid(issuer).check(), Ok(()), "{issuer}");
        }
        assert_eq!(oauth2(Some("https://api.code.example/user")).check(), Ok(()));
    }
}
