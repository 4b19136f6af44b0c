//! From OAuth 1.0a to OAuth 2: token credentials exchanged for tokens (RFC 8693). The signature of the request proves
//! both the app and its token, so neither secret is in it.

use valetkey_protocol::observe::{Role, Step};
use valetkey_protocol::rule::Trail;
use valetkey_protocol::scope::Scope;
use valetkey_protocol::time::Timestamp;
use valetkey_protocol::token::OAUTH1_TOKEN_TYPE;

use super::TokenCredentials;
use super::consumer::{Consumer, Signed};
use super::flow::problem_of;
use super::watch::{self, Told};
use crate::exchange::Exchanged;
use crate::token_endpoint::{TOKEN_ENDPOINT, check_status, form_request, read_tokens};
use crate::{Client, Error, Exchange, HttpRequest};

impl Client {
    /// Exchanges OAuth 1.0a token credentials for tokens of OAuth 2, without asking the person again. `scope` may name less
    /// than the credentials carry; empty, it asks for all of it. The credentials stay good until they are revoked or
    /// retired, so this may be done again.
    ///
    /// ```
    /// # use valetkey_client::{Client, Error, Timestamp, oauth1::{Consumer, TokenCredentials}};
    /// # async fn example(client: Client, consumer: Consumer, old: TokenCredentials, now: Timestamp) -> Result<(), Error> {
    /// let moved = client.migrate(&consumer, &old, "photos.read", now).await?;
    /// // Keep `moved.tokens` in place of `old`.
    /// # let _ = moved.tokens.refresh_token;
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// [`Error::Wire`] when the authorization server refuses, in the words of OAuth 2 or of OAuth 1.0a; [`Error::Config`]
    /// for a scope that cannot be one; as [`Consumer::sign_request`]; those of the transport.
    pub async fn migrate(
        &self,
        consumer: &Consumer,
        old: &TokenCredentials,
        scope: &str,
        now: Timestamp,
    ) -> Result<Exchanged, Error> {
        let asked = Scope::parse(scope).map_err(|error| Error::Config(error.to_string()))?;
        let exchange = Exchange {
            subject_token_type: OAUTH1_TOKEN_TYPE,
            scope,
            ..Exchange::of(&old.token)
        };
        let url = &self.metadata().token_endpoint;
        let mut request = form_request(TOKEN_ENDPOINT, url, exchange.form().into_iter())?;
        let signed = consumer.sign_request(&mut request, Some(old), now)?;
        let outcome = self.send_migration(request, &asked, now).await;
        self.tell_migration(&signed, outcome.as_ref().ok(), now);
        outcome
    }

    async fn send_migration(
        &self,
        request: HttpRequest,
        asked: &Scope,
        now: Timestamp,
    ) -> Result<Exchanged, Error> {
        let answer = self.http().send(request).await?;
        check_status(TOKEN_ENDPOINT, &answer).map_err(|error| match error {
            Error::Status { .. } => problem_of(&answer).unwrap_or(error),
            other => other,
        })?;
        let read = read_tokens(&answer, now, &mut Trail::off())?;
        Exchanged::from_answer(read, asked)
    }

    fn tell_migration(&self, signed: &Signed, moved: Option<&Exchanged>, now: Timestamp) {
        if self.observer().is_none() {
            return;
        }
        let told = Told {
            to: Role::AuthorizationServer,
            step: Step::TokenRequest,
            title: "Exchange of OAuth 1.0a credentials signed",
            line: "POST token".to_owned(),
        };
        let issued = moved.map(|moved| moved.tokens.access_token.expose());
        self.tell(watch::event(told, signed, issued, Trail::off(), now));
    }
}
