//! The redirect URI must be registered (RFC 6749 §3.1.2, RFC 9700 §2.1), character by character; only the
//! port of a native app's loopback redirect may differ (RFC 8252 §7.3).

use super::RedirectError;
use super::redirect_uri_hint::difference;
use super::request_object::Meant;
use super::response_type::mode;
use crate::shown::{listed, shown};
use valetkey_model::Client;
use valetkey_model::client::ApplicationType;
use valetkey_protocol::authorize::Request;
use valetkey_protocol::redirect_uri::RedirectUri;
use valetkey_protocol::rule::{Refusal, Rule, Trail};
use valetkey_protocol::scope::OPENID;

/// A request whose answer may be redirected, errors included.
pub(super) struct Trusted<'a> {
    pub(super) request: &'a Request,
    pub(super) client: &'a Client,
    pub(super) redirect_uri: &'a str,
    pub(super) was_given: bool,
}

impl Trusted<'_> {
    pub(super) fn refused(&self, refusal: Refusal) -> RedirectError {
        RedirectError {
            refusal,
            client_id: self.client.id.clone(),
            redirect_uri: self.redirect_uri.to_owned(),
            state: self.request.state.clone(),
            mode: mode(self.request, self.redirect_uri),
            silent: has_word(self.request.prompt.as_deref(), "none"),
        }
    }
}

pub(super) fn trusted<'a>(meant: &'a Meant<'_>, trail: &mut Trail) -> Result<Trusted<'a>, Refusal> {
    let (request, client) = (meant.request.as_ref(), meant.client);
    let registered = &client.redirect_uris;
    let Some(received) = request.redirect_uri.as_deref() else {
        return Ok(Trusted {
            redirect_uri: only_one(request, registered, trail)?,
            request,
            client,
            was_given: false,
        });
    };
    trail.passed(Rule::AuthorizeRedirectUriMissing);
    registered_still(client, received, trail)?;
    Ok(Trusted {
        request,
        client,
        redirect_uri: received,
        was_given: true,
    })
}

/// The redirect URI is registered. Asked again before the answer goes out: sign-in and consent take their time,
/// and an operator may have taken the URI from the client meanwhile.
///
/// # Errors
/// The rule that refused; its answer is a page.
pub fn registered_still(client: &Client, redirect_uri: &str, trail: &mut Trail) -> Result<(), Refusal> {
    let registered = &client.redirect_uris;
    let any_loopback_port = client.application_type == ApplicationType::Native;
    let is_registered = registered
        .iter()
        .any(|uri| uri.matches(redirect_uri, any_loopback_port));
    trail.require(Rule::AuthorizeRedirectUriUnregistered, is_registered, || {
        (list(registered), explained(redirect_uri, registered))
    })
}

/// RFC 6749 §3.1.2.3: without `redirect_uri` there must be only one that can be meant. OpenID Connect
/// (Core §3.1.2.1) always requires it.
fn only_one<'a>(
    request: &Request,
    registered: &'a [RedirectUri],
    trail: &mut Trail,
) -> Result<&'a str, Refusal> {
    let is_openid = has_word(request.scope.as_deref(), OPENID);
    match registered {
        [only] if !is_openid => {
            trail.passed(Rule::AuthorizeRedirectUriMissing);
            Ok(only.as_str())
        }
        _ => {
            let received = if is_openid {
                "none, in an OpenID Connect request"
            } else {
                "none"
            };
            Err(trail.refuse(Refusal::new(
                Rule::AuthorizeRedirectUriMissing,
                list(registered),
                received,
            )))
        }
    }
}

/// What came, and what sets it apart from a registered one that it is close to.
fn explained(received: &str, registered: &[RedirectUri]) -> String {
    let close = registered
        .iter()
        .find_map(|uri| difference(uri.as_str(), received).map(|what| (uri, what)));
    match close {
        Some((uri, what)) => format!("{}, which differs from {} {what}", shown(received), uri.as_str()),
        None => shown(received),
    }
}

fn list(registered: &[RedirectUri]) -> String {
    listed(registered.iter().map(RedirectUri::as_str))
}

fn has_word(text: Option<&str>, word: &str) -> bool {
    text.is_some_and(|text| text.split(' ').any(|w| w == word))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::samples;
    #[test]
    fn a_redirect_uri_that_was_taken_from_the_client_is_not_answered_any_more() {
        let mut client = samples::web_client();
        let uri = samples::REDIRECT;
        registered_still(&client, uri, &mut Trail::off()).unwrap();
        client.redirect_uris.clear();
        let refusal = registered_still(&client, uri, &mut Trail::off()).unwrap_err();
        assert_eq!(refusal.rule, Rule::AuthorizeRedirectUriUnregistered);
    }
}
