//! The three ways to tokens: a code (RFC 6749 §4.1.3), a refresh token (§6) and the client's own credentials (§4.4).

use valetkey_protocol::observe::Step;
use valetkey_protocol::rule::{Refusal, Rule};
use valetkey_protocol::scope::Scope;
use valetkey_protocol::secret::AuthorizationCode;
use valetkey_protocol::time::Timestamp;

use crate::ask::Pending;
use crate::id_token::{self, Expected, Nonce};
use crate::token_endpoint::Answer;
use crate::watch::Note;
use crate::{Client, Error, IdClaims, Tokens, callback};

impl Client {
    /// Takes the query of the redirect (with [`crate::ResponseMode::FormPost`]: the form that was posted), checks it, and
    /// exchanges its code for tokens. `pending` is used up: a second redirect for the same request finds none.
    ///
    /// # Errors
    /// [`Error::Refused`] by a rule; [`Error::Wire`] when the authorization server refused; those of the transport.
    pub async fn finish(
        &self,
        pending: Pending,
        callback_query: &str,
        now: Timestamp,
    ) -> Result<Tokens, Error> {
        let params = callback::read(callback_query)?;
        let mut trail = self.trail();
        let code = callback::check(self, &pending, &params, &mut trail);
        self.tell_callback((&pending, &params), code.as_ref().ok(), trail, now);
        self.redeem(&pending, &code?, now).await
    }

    async fn redeem(
        &self,
        pending: &Pending,
        code: &AuthorizationCode,
        now: Timestamp,
    ) -> Result<Tokens, Error> {
        let mut form = vec![
            ("grant_type", "authorization_code"),
            ("code", code.expose()),
            ("redirect_uri", self.redirect_uri()?),
            ("code_verifier", &pending.verifier),
        ];
        form.extend(pending.resource.as_deref().map(|resource| ("resource", resource)));
        let answer = self.ask_tokens(form, now, &mut self.trail()).await?;
        let expected = Expected {
            access_token: &answer.access_token,
            nonce: Nonce::Sent(pending.nonce.as_deref().unwrap_or_default()),
            max_age: pending.max_age,
            acr: pending.acr.as_ref(),
            sub: pending.sub.as_deref(),
            earlier: None,
            now,
        };
        let note = Note {
            title: "ID token checked",
            step: Step::TokenResponse,
            state: Some(&pending.state),
            tokens: &[answer.access_token.expose(), code.expose()],
            claims: None,
        };
        let id_claims = match (&pending.nonce, &answer.id_token) {
            (None, _) => None,
            (Some(_), None) => return Err(no_id_token()),
            (Some(_), Some(token)) => Some(self.check_id_token(token, &expected, note).await?),
        };
        Ok(tokens(answer, &pending.scope, id_claims))
    }

    /// Gets a new access token. The refresh token and the ID token are kept where the answer brings no new one; use the
    /// result from now on, for the old refresh token may be used up.
    ///
    /// # Errors
    /// [`Error::NoToken`] without a refresh token; [`Error::Wire`] with `invalid_grant` when the access was taken back;
    /// [`Error::Refused`] when a refreshed ID token is not about the same person.
    pub async fn refresh(&self, tokens: &Tokens, now: Timestamp) -> Result<Tokens, Error> {
        let used = tokens
            .refresh_token
            .as_ref()
            .ok_or(Error::NoToken("refresh token"))?;
        let form = vec![("grant_type", "refresh_token"), ("refresh_token", used.expose())];
        let answer = self.ask_tokens(form, now, &mut self.trail()).await?;
        let earlier = tokens.id_claims.as_ref();
        let expected = Expected {
            access_token: &answer.access_token,
            nonce: Nonce::Earlier(earlier.and_then(|claims| claims.nonce.as_deref())),
            max_age: None,
            acr: None,
            sub: None,
            earlier,
            now,
        };
        let note = Note {
            title: "Refreshed ID token checked",
            step: Step::Other,
            state: None,
            tokens: &[answer.access_token.expose(), used.expose()],
            claims: None,
        };
        let id_claims = match (earlier, &answer.id_token) {
            // Without a sign-in there is nobody to compare with: an ID token out of nowhere is not used.
            (Some(_), Some(token)) => Some(self.check_id_token(token, &expected, note).await?),
            _ => earlier.cloned(),
        };
        let mut next = self::tokens(answer, &tokens.scope, id_claims);
        next.refresh_token = next.refresh_token.or_else(|| tokens.refresh_token.clone());
        next.id_token = next.id_token.or_else(|| tokens.id_token.clone());
        Ok(next)
    }

    /// Gets an access token for the client itself.
    ///
    /// # Errors
    /// [`Error::Wire`] when the authorization server refuses, [`Error::Config`] for a scope that cannot be one.
    pub async fn client_credentials(
        &self,
        scope: &str,
        resource: Option<&str>,
        now: Timestamp,
    ) -> Result<Tokens, Error> {
        let asked = Scope::parse(scope).map_err(|error| Error::Config(error.to_string()))?;
        let mut form = vec![("grant_type", "client_credentials")];
        form.extend((!asked.is_empty()).then_some(("scope", scope)));
        form.extend(resource.map(|resource| ("resource", resource)));
        let answer = self.ask_tokens(form, now, &mut self.trail()).await?;
        Ok(tokens(answer, &asked, None))
    }

    pub(crate) async fn check_id_token(
        &self,
        token: &str,
        expected: &Expected<'_>,
        note: Note<'_>,
    ) -> Result<IdClaims, Error> {
        let mut trail = self.trail();
        let outcome = id_token::check(self, token, expected, &mut trail).await;
        let note = Note {
            claims: outcome.as_ref().ok(),
            ..note
        };
        self.tell_answer(note, trail, expected.now);
        outcome
    }
}

pub(crate) fn no_id_token() -> Error {
    let expected = "an ID token, for the scope openid was asked for";
    Error::Refused(Refusal::new(Rule::IdTokenMalformed, expected, "none"))
}

/// An answer without `scope` carries the scope that was asked for (RFC 6749 §5.1). An ID token that was not checked is
/// not handed on.
pub(crate) fn tokens(answer: Answer, asked: &Scope, id_claims: Option<IdClaims>) -> Tokens {
    Tokens {
        access_token: answer.access_token,
        expires_at: answer.expires_at,
        scope: answer.scope.unwrap_or_else(|| asked.clone()),
        refresh_token: answer.refresh_token,
        id_token: answer.id_token.filter(|_| id_claims.is_some()),
        id_claims,
    }
}
