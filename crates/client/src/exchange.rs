//! Token exchange (RFC 8693): one token for another, for another API, with less scope, or in somebody's name.

use valetkey_protocol::scope::Scope;
use valetkey_protocol::time::Timestamp;
use valetkey_protocol::token::{ACCESS_TOKEN_TYPE, TOKEN_EXCHANGE};

use crate::grants::tokens;
use crate::token_endpoint::{Answer, TOKEN_ENDPOINT};
use crate::{Client, Error, Tokens};

/// What is given and what is asked for (§2.1).
///
/// ```
/// use valetkey_client::Exchange;
///
/// // The API that was called asks for a token of its own towards the next API.
/// let exchange = Exchange {
///     scope: "photos.read",
///     resource: Some("https://archive.example"),
///     ..Exchange::of("the access token that came in")
/// };
/// # let _ = exchange;
/// ```
#[derive(Clone, Copy)]
pub struct Exchange<'a> {
    /// On whose behalf.
    pub subject_token: &'a str,
    /// What kind of token that is (§3).
    pub subject_token_type: &'a str,
    /// Who acts, where that is not the client itself: delegation (§1.1).
    pub actor_token: Option<&'a str>,
    /// What kind of token that is; an access token unless said.
    pub actor_token_type: &'a str,
    /// The scope words; empty for what the server gives by itself.
    pub scope: &'a str,
    /// The API that the new token is for (RFC 8707).
    pub resource: Option<&'a str>,
    /// What kind of token is wanted; an access token unless said.
    pub requested_token_type: Option<&'a str>,
}

impl<'a> Exchange<'a> {
    /// An exchange of an access token for another, with nothing else asked for.
    #[must_use]
    pub const fn of(subject_token: &'a str) -> Self {
        Self {
            subject_token,
            subject_token_type: ACCESS_TOKEN_TYPE,
            actor_token: None,
            actor_token_type: ACCESS_TOKEN_TYPE,
            scope: "",
            resource: None,
            requested_token_type: None,
        }
    }

    pub(crate) fn form(&self) -> Vec<(&'static str, &'a str)> {
        let mut form = vec![
            ("grant_type", TOKEN_EXCHANGE),
            ("subject_token", self.subject_token),
            ("subject_token_type", self.subject_token_type),
        ];
        if let Some(actor_token) = self.actor_token {
            form.push(("actor_token", actor_token));
            form.push(("actor_token_type", self.actor_token_type));
        }
        form.extend((!self.scope.is_empty()).then_some(("scope", self.scope)));
        form.extend(self.resource.map(|resource| ("resource", resource)));
        form.extend(
            self.requested_token_type
                .map(|kind| ("requested_token_type", kind)),
        );
        form
    }
}

impl std::fmt::Debug for Exchange<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Exchange")
            .field("subject_token_type", &self.subject_token_type)
            .field("scope", &self.scope)
            .field("resource", &self.resource)
            .finish_non_exhaustive()
    }
}

/// What an exchange gave (§2.2.1).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Exchanged {
    /// The tokens; an ID token is never among them.
    pub tokens: Tokens,
    /// What kind of token [`Tokens::access_token`] is.
    pub issued_token_type: String,
}

impl Client {
    /// Exchanges a token for a bearer token.
    ///
    /// # Errors
    /// [`Error::Wire`] when the authorization server refuses, [`Error::Refused`] when what it issues is no bearer token,
    /// [`Error::Config`] for a scope that cannot be one.
    pub async fn exchange(&self, exchange: &Exchange<'_>, now: Timestamp) -> Result<Exchanged, Error> {
        let asked = Scope::parse(exchange.scope).map_err(|error| Error::Config(error.to_string()))?;
        let answer = self.ask_tokens(exchange.form(), now, &mut self.trail()).await?;
        Exchanged::from_answer(answer, &asked)
    }
}

impl Exchanged {
    pub(crate) fn from_answer(mut answer: Answer, asked: &Scope) -> Result<Self, Error> {
        let issued = answer.issued_token_type.take();
        Ok(Self {
            issued_token_type: issued
                .ok_or_else(|| Error::malformed(TOKEN_ENDPOINT, "no issued_token_type"))?,
            tokens: tokens(answer, asked, None),
        })
    }
}
