//! Signing out. The app sends the browser to the server (OpenID Connect RP-Initiated Logout 1.0 §2), or the server tells the
//! app that a session has ended: by a token of its own (Back-Channel Logout 1.0 §2.5) or through the browser (Front-Channel
//! Logout 1.0 §2). Which of the app's own sessions end then is the app's to say, by `sid` and `sub`.

use serde::Deserialize;
use serde_json::{Map, Value};
use url::Url;
use valetkey_jose::jwt;
use valetkey_protocol::observe::Step;
use valetkey_protocol::params::Params;
use valetkey_protocol::rule::{Refusal, Rule, Trail};
use valetkey_protocol::time::Timestamp;

use crate::id_token::{LEEWAY_SECONDS, signature_refusal};
use crate::tokens::one_or_many;
use crate::watch::Note;
use crate::{Client, Error};

/// The member of `events` that makes a token a logout token.
const EVENT: &str = "http://schemas.openid.net/event/backchannel-logout";

/// What a logout token says (Back-Channel Logout 1.0 §2.4), checked: whose sessions have ended at the server.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LogoutToken {
    /// The one session that ended, as the `sid` of its ID token.
    pub sid: Option<String>,
    /// The person. Without [`LogoutToken::sid`] all their sessions ended.
    pub sub: Option<String>,
    /// Names this token. Remember it until [`LogoutToken::exp`] and refuse it the second time.
    pub jti: String,
    /// When the token was made.
    pub iat: Timestamp,
    /// When it stops to count.
    pub exp: Timestamp,
}

#[derive(Deserialize)]
struct Claims {
    iss: String,
    #[serde(deserialize_with = "one_or_many")]
    aud: Vec<String>,
    iat: Timestamp,
    exp: Timestamp,
    jti: String,
    events: Map<String, Value>,
    sub: Option<String>,
    sid: Option<String>,
    #[serde(flatten)]
    more: Map<String, Value>,
}

impl Client {
    /// The address to send the browser to for signing out at the server as well. The ID token as the hint lets the server
    /// tell whose sign-out this is without asking; `post_logout_redirect_uri` must be registered there, and `state` comes
    /// back with it. End the app's own session first.
    ///
    /// # Errors
    /// [`Error::NotOffered`] when the metadata names no `end_session_endpoint`.
    pub fn end_session_url(
        &self,
        id_token_hint: Option<&str>,
        post_logout_redirect_uri: Option<&str>,
        state: Option<&str>,
    ) -> Result<Url, Error> {
        let offered = self
            .end_session_endpoint()
            .and_then(|endpoint| Url::parse(endpoint).ok());
        let mut url = offered.ok_or(Error::NotOffered("end session endpoint"))?;
        let members = [
            ("id_token_hint", id_token_hint),
            ("client_id", Some(self.client_id())),
            ("post_logout_redirect_uri", post_logout_redirect_uri),
            ("state", state),
        ];
        let given = members
            .into_iter()
            .filter_map(|(name, value)| Some((name, value?)));
        url.query_pairs_mut().extend_pairs(given);
        Ok(url)
    }

    /// Reads what the server posted to the back-channel logout address: a form with a logout token. Answer 200 when the
    /// sessions have ended, 400 to an error, both with `Cache-Control: no-store` (§2.8).
    ///
    /// # Errors
    /// Those of [`Client::verify_logout_token`], and [`Error::Malformed`] when it is no form.
    pub async fn back_channel_logout(&self, form: &[u8], now: Timestamp) -> Result<LogoutToken, Error> {
        let params = Params::parse(form);
        let params = params.map_err(|error| Error::malformed("back-channel logout", error.to_string()))?;
        let Some(token) = params.get("logout_token") else {
            let refusal = Refusal::new(Rule::ClientLogoutTokenMalformed, "logout_token", "none");
            return Err(Error::Refused(refusal));
        };
        self.verify_logout_token(token, now).await
    }

    /// Checks a logout token (Back-Channel Logout 1.0 §2.6). Whether its `jti` was seen before is the caller's to know.
    ///
    /// # Errors
    /// [`Error::Refused`] by a rule; those of the transport when the issuer's keys cannot be had.
    pub async fn verify_logout_token(&self, token: &str, now: Timestamp) -> Result<LogoutToken, Error> {
        let mut trail = self.trail();
        let outcome = self.check_logout_token(token, now, &mut trail).await;
        let note = Note {
            title: "Logout token checked",
            step: Step::Other,
            state: None,
            tokens: &[token],
            claims: None,
        };
        self.tell_answer(note, trail, now);
        outcome
    }

    async fn check_logout_token(
        &self,
        token: &str,
        now: Timestamp,
        trail: &mut Trail,
    ) -> Result<LogoutToken, Error> {
        let verified = self.verify::<Claims>(token, now).await?;
        let verified = verified.map_err(|error| {
            let algs = self.id_token_algorithms();
            let refusal = signature_refusal(&error, &algs, Rule::ClientLogoutTokenSignature);
            trail.refuse(refusal.unwrap_or_else(|| malformed("a logout token", error.to_string())))
        })?;
        trail.passed(Rule::ClientLogoutTokenSignature);
        check_is_logout_token(&verified, trail)?;
        self.check_direction(&verified.claims, trail)?;
        check_times(&verified.claims, now, trail)?;
        let claims = verified.claims;
        Ok(LogoutToken {
            sid: claims.sid,
            sub: claims.sub,
            jti: claims.jti,
            iat: claims.iat,
            exp: claims.exp,
        })
    }

    fn check_direction(&self, claims: &Claims, trail: &mut Trail) -> Result<(), Refusal> {
        let for_me = claims.aud.iter().any(|aud| aud == self.client_id());
        let holds = claims.iss == self.issuer() && for_me;
        trail.require(Rule::ClientLogoutTokenMisdirected, holds, || {
            (
                format!("iss {}, aud {}", self.issuer(), self.client_id()),
                format!("iss {}, aud {}", claims.iss, claims.aud.join(" ")),
            )
        })
    }

    /// The `sid` that a request to the front-channel logout address names, when it comes from this client's issuer. The
    /// request proves nothing but that the sender knows the `sid`, which nobody can guess: without one, end nothing.
    #[must_use]
    pub fn front_channel_sid(&self, query: &str) -> Option<String> {
        let params = Params::parse(query.as_bytes()).ok()?;
        let from_issuer = params.get("iss") == Some(self.issuer());
        params.get_owned("sid").filter(|_| from_issuer)
    }
}

/// What tells a logout token from every other JWT of the issuer. An ID token has no event, a logout token no nonce.
fn check_is_logout_token(verified: &jwt::Verified<Claims>, trail: &mut Trail) -> Result<(), Refusal> {
    let claims = &verified.claims;
    let typ = verified.header.typ.as_deref();
    let missing = if !may_be_logout_token(typ) {
        Some(("typ logout+jwt", typ.unwrap_or_default()))
    } else if !claims.events.get(EVENT).is_some_and(Value::is_object) {
        Some(("the event of back-channel logout", "another event, or none"))
    } else if claims.sub.is_none() && claims.sid.is_none() {
        Some(("sub or sid", "neither"))
    } else if claims.more.contains_key("nonce") {
        Some(("no nonce", "a nonce"))
    } else {
        None
    };
    trail.require(Rule::ClientLogoutTokenMalformed, missing.is_none(), || {
        let (expected, received) = missing.unwrap_or_default();
        (expected.to_owned(), received.to_owned())
    })
}

/// Servers from before the type was named send `JWT`, or none (§2.4 recommends it, and no more).
fn may_be_logout_token(typ: Option<&str>) -> bool {
    const TYPES: [&str; 4] = ["logout+jwt", "application/logout+jwt", "JWT", "application/jwt"];
    typ.is_none_or(|typ| TYPES.iter().any(|known| known.eq_ignore_ascii_case(typ)))
}

fn check_times(claims: &Claims, now: Timestamp, trail: &mut Trail) -> Result<(), Refusal> {
    let alive = now < claims.exp.plus_seconds(LEEWAY_SECONDS);
    let born = claims.iat <= now.plus_seconds(LEEWAY_SECONDS);
    trail.require(Rule::ClientLogoutTokenExpired, alive && born, || {
        (
            format!("iat before and exp after {now}"),
            format!("iat {}, exp {}", claims.iat, claims.exp),
        )
    })
}

fn malformed(expected: &str, received: String) -> Refusal {
    Refusal::new(Rule::ClientLogoutTokenMalformed, expected, received)
}
