//! What a client does with tokens afterwards: ask about the person (OpenID Connect Core §5.3) and give a token back
//! (RFC 7009).

use serde_json::{Map, Value};
use valetkey_protocol::rule::{Rule, Trail};
use valetkey_protocol::time::Timestamp;

use crate::discovery::read;
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
        let endpoint = self.metadata().userinfo_endpoint.as_deref();
        let endpoint = endpoint.ok_or(Error::NotOffered(USERINFO))?;
        let signed_in = tokens.id_claims.as_ref().ok_or(Error::NoToken("ID token"))?;
        let request = http::Request::get(endpoint)
            .header(http::header::ACCEPT, "application/json")
            .header(
                http::header::AUTHORIZATION,
                format!("Bearer {}", tokens.access_token.expose()),
            )
            .body(Vec::new())
            .map_err(|error| Error::malformed(USERINFO, error.to_string()))?;
        let claims: Map<String, Value> = read(USERINFO, &self.http().send(request).await?)?;
        check_subject(&claims, &signed_in.sub, &mut Trail::off())?;
        Ok(UserInfo {
            sub: signed_in.sub.clone(),
            claims,
        })
    }
}

fn check_subject(claims: &Map<String, Value>, signed_in: &str, trail: &mut Trail) -> Result<(), Error> {
    let received = claims.get("sub").and_then(Value::as_str);
    trail.require(Rule::IdTokenSubjectDiffers, received == Some(signed_in), || {
        (signed_in.to_owned(), received.unwrap_or("no sub").to_owned())
    })?;
    Ok(())
}
