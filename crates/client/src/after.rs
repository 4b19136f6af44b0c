//! What a client does with tokens afterwards: ask about the person (OpenID Connect Core §5.3) and give a token back
//! (RFC 7009).

use http::HeaderValue;
use http::header::{ACCEPT, AUTHORIZATION, USER_AGENT};
use serde_json::{Map, Value};
use valetkey_protocol::rule::{Rule, Trail};
use valetkey_protocol::time::Timestamp;

use crate::discovery::read;
use crate::transport::{self, HttpResponse};
use crate::{Client, Error, Tokens, UserInfo};

const USERINFO: &str = "userinfo endpoint";
const REVOCATION: &str = "revocation endpoint";

impl Client {
    /// Gives a token back: an access token or a refresh token. A server that does not know it says yes as well.
    ///
    /// # Errors
    /// [`Error::NotOffered`], or [`Error::Wire`] when the server refuses.
    pub async fn revoke(&self, token: &str, now: Timestamp) -> Result<(), Error> {
        let endpoint = self.metadata().revocation_endpoint.as_deref();
        let endpoint = endpoint.ok_or(Error::NotOffered(REVOCATION))?;
        let answer = self
            .post_form(REVOCATION, endpoint, vec![("token", token)], now)
            .await?;
        crate::discovery::expect_ok(REVOCATION, &answer)
    }

    /// Asks who signed in. The answer counts only for the person of the ID token (§5.3.2).
    ///
    /// # Errors
    /// [`Error::NoToken`] without an ID token; [`Error::Refused`] when the answer is about another person;
    /// [`Error::Status`] 401 when the access token no longer counts.
    pub async fn userinfo(&self, tokens: &Tokens) -> Result<UserInfo, Error> {
        let signed_in = tokens.id_claims.as_ref().ok_or(Error::NoToken("ID token"))?;
        let claims: Map<String, Value> = read(USERINFO, &self.ask_userinfo(tokens).await?)?;
        check_subject(&claims, &signed_in.sub, &mut Trail::off())?;
        Ok(UserInfo {
            sub: signed_in.sub.clone(),
            claims,
        })
    }

    /// Asks the userinfo endpoint of a server that speaks OAuth 2.0 alone ([`Client::with_endpoints`]). The answer is the
    /// server's own: it may call a person `id` or `login` and have no `sub`. Nothing ties it to a sign-in but the access
    /// token, so use it right after [`Client::finish`], and never with a token that came another way.
    ///
    /// # Errors
    /// [`Error::NotOffered`]; [`Error::Status`] when the access token does not count; [`Error::Malformed`] when the answer
    /// is no JSON object.
    pub async fn userinfo_json(&self, tokens: &Tokens) -> Result<Value, Error> {
        let answer = self.ask_userinfo(tokens).await?;
        read::<Map<String, Value>>(USERINFO, &answer).map(Value::Object)
    }

    /// Gets JSON from another address of such a server, as a list of the person's e-mail addresses. The access token goes
    /// there: the address must be the server's own, from its documentation and not from an answer.
    ///
    /// # Errors
    /// [`Error::Config`] when the address is neither https nor on this machine; [`Error::Status`], [`Error::Malformed`].
    pub async fn get_json(&self, address: &str, tokens: &Tokens) -> Result<Value, Error> {
        const API: &str = "API";
        crate::discovery::secure_url("address", address)?;
        let answer = self.get_with(API, address, tokens).await?;
        crate::discovery::expect_ok(API, &answer)?;
        serde_json::from_slice(answer.body()).map_err(|error| Error::malformed(API, error.to_string()))
    }

    async fn ask_userinfo(&self, tokens: &Tokens) -> Result<HttpResponse, Error> {
        let endpoint = self.metadata().userinfo_endpoint.as_deref();
        let endpoint = endpoint.ok_or(Error::NotOffered(USERINFO))?;
        self.get_with(USERINFO, endpoint, tokens).await
    }

    async fn get_with(&self, what: &'static str, url: &str, tokens: &Tokens) -> Result<HttpResponse, Error> {
        let malformed = |error: http::Error| Error::malformed(what, error.to_string());
        let bearer = HeaderValue::try_from(format!("Bearer {}", tokens.access_token.expose()));
        let mut bearer = bearer.map_err(|error| malformed(error.into()))?;
        bearer.set_sensitive(true);
        let request = http::Request::get(url)
            .header(ACCEPT, "application/json")
            .header(USER_AGENT, transport::USER_AGENT)
            .header(AUTHORIZATION, bearer)
            .body(Vec::new())
            .map_err(malformed)?;
        Ok(self.http().send(request).await?)
    }
}

fn check_subject(claims: &Map<String, Value>, signed_in: &str, trail: &mut Trail) -> Result<(), Error> {
    let received = claims.get("sub").and_then(Value::as_str);
    trail.require(Rule::IdTokenSubjectDiffers, received == Some(signed_in), || {
        (signed_in.to_owned(), received.unwrap_or("no sub").to_owned())
    })?;
    Ok(())
}
