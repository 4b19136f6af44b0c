//! Signed requests to APIs (RFC 5849 §3): what the token credentials allow at the API that asks about them. The body of
//! the request never comes here.
//!
//! Which API a request went to is read from its base string URI: it must lie below the identifier of an API that the
//! caller is. So an API whose identifier is no http or https URI cannot take signed requests.

use super::consumer::may_still_use;
use super::parameters::needed;
use crate::handle::HandleKeys;
use crate::policy::{NEVER, Policy};
use crate::shown::{listed, shown};
use crate::subject::SubjectKeys;
use valetkey_model::grant::{GrantState, GrantedBy};
use valetkey_model::{Client, Grant, GrantId};
use valetkey_protocol::introspect::Response;
use valetkey_protocol::oauth1::{Protocol, base_uri};
use valetkey_protocol::resource::ResourceIndicator;
use valetkey_protocol::rule::{Refusal, Rule, Trail};
use valetkey_protocol::time::Timestamp;

/// The `token_type` of the answer.
pub const TOKEN_TYPE: &str = "oauth1";

/// What the decision is made from.
#[derive(Debug, Clone, Copy)]
pub struct Facts<'a> {
    /// The grant that the token names, when it is there.
    pub grant: Option<&'a Grant>,
    /// The consumer that signed.
    pub client: &'a Client,
    /// The API that asks, which has authenticated.
    pub caller: &'a Client,
    /// Says who a person is to the consumer.
    pub subjects: &'a SubjectKeys,
}

/// Whether the caller, who has authenticated, may ask at all.
///
/// # Errors
/// The rule that refused.
pub fn may_ask(caller: &Client, trail: &mut Trail) -> Result<(), Refusal> {
    trail.require(Rule::IntrospectNotAllowed, !caller.is_public(), || {
        (
            "a confidential client".into(),
            format!("{}, a public client", caller.id),
        )
    })
}

/// The grant whose token the request names. Temporary credentials are none: they sign no request to an API.
///
/// # Errors
/// The rule that refused.
pub fn read(protocol: &Protocol, handles: &HandleKeys, trail: &mut Trail) -> Result<GrantId, Refusal> {
    let token = needed("oauth_token", protocol.token.as_deref(), trail)?;
    handles.read_oauth1_token(token).ok_or_else(|| {
        trail.refuse(Refusal::new(
            Rule::OAuth1TokenUnknown,
            "the oauth_token of token credentials of this server",
            "a text that is none (not shown)",
        ))
    })
}

/// What the API learns about a request whose signature was verified.
///
/// # Errors
/// The rule that refused; [`inactive`] is the answer to the API.
pub fn decide(
    facts: &Facts<'_>,
    base_uri: &str,
    policy: &Policy,
    now: Timestamp,
    trail: &mut Trail,
) -> Result<Response, Refusal> {
    let grant = usable(facts.grant, facts.client, now, trail)?;
    let api = api(facts.caller, grant, base_uri, policy, trail)?;
    let there = policy
        .resource(api)
        .map(crate::Resource::scope)
        .unwrap_or_default();
    let ends = Some(grant.expires_at).filter(|end| *end < NEVER);
    Ok(Response {
        active: true,
        // What the operator has since taken from the client is gone.
        scope: Some(grant.scope.intersection(&facts.client.scope).intersection(&there)),
        client_id: Some(grant.client.to_string()),
        token_type: Some(TOKEN_TYPE.to_owned()),
        exp: ends.map(|end| end.0),
        iat: Some(grant.created_at.0),
        sub: Some(facts.subjects.subject(facts.client, grant.user)),
        aud: Some(api.to_string()),
        iss: Some(policy.issuer.clone()),
        grant_id: Some(grant.id.to_string()),
        ..Response::inactive()
    })
}

/// The answer to the API when a request was refused: it may tell its client which rule it was.
#[must_use]
pub fn inactive(refusal: &Refusal) -> Response {
    Response {
        rule: Some(refusal.rule.id().to_owned()),
        ..Response::inactive()
    }
}

/// The grant, when its token credentials are this consumer's and still work.
pub(super) fn usable<'a>(
    grant: Option<&'a Grant>,
    client: &Client,
    now: Timestamp,
    trail: &mut Trail,
) -> Result<&'a Grant, Refusal> {
    let Some(grant) = grant.filter(|grant| grant.by == GrantedBy::OAuth1) else {
        return Err(unknown("one whose grant is long over", trail));
    };
    trail.require(Rule::OAuth1TokenOtherConsumer, grant.client == client.id, || {
        (
            "the consumer that the token was issued to".into(),
            client.id.to_string(),
        )
    })?;
    match &grant.state {
        GrantState::CodeIssued(_) => return Err(unknown("one that was not issued yet", trail)),
        GrantState::Revoked { why, at } => {
            return Err(trail.refuse(Refusal::new(
                Rule::OAuth1TokenRevoked,
                "token credentials whose grant is not over",
                format!("ones whose grant ended at {at} ({})", why.as_str()),
            )));
        }
        GrantState::Active(_) => trail.passed(Rule::OAuth1TokenRevoked),
    }
    let retired = !may_still_use(client, now);
    let works = grant.is_active(now) && !retired;
    trail.require(Rule::OAuth1TokenExpired, works, || {
        let received = if retired {
            "a client that is retired from OAuth 1.0a".to_owned()
        } else {
            format!("at {now}")
        };
        (
            format!("before {}, and before the client retires", grant.expires_at),
            received,
        )
    })?;
    Ok(grant)
}

fn unknown(received: &str, trail: &mut Trail) -> Refusal {
    trail.refuse(Refusal::new(
        Rule::OAuth1TokenUnknown,
        "token credentials that are still remembered",
        received,
    ))
}

/// The API that the request went to, which the caller must be and the person must have allowed. Where one API lies below
/// another the longest identifier wins, whoever asks: an API is not told about requests to the one below it.
fn api<'a>(
    caller: &Client,
    grant: &Grant,
    uri: &str,
    policy: &'a Policy,
    trail: &mut Trail,
) -> Result<&'a ResourceIndicator, Refusal> {
    let there = policy.resources.iter().map(|resource| &resource.indicator);
    let is_caller = |api: &ResourceIndicator| caller.introspects.contains(api);
    let found = there
        .filter_map(|api| Some((root_above(api, uri)?, is_caller(api), api)))
        .max_by_key(|(root, is_caller, _)| (root.len(), *is_caller))
        .filter(|(_, is_caller, api)| *is_caller && grant.resources.contains(*api));
    let Some((_, _, api)) = found else {
        return Err(trail.refuse(Refusal::new(
            Rule::OAuth1OtherResource,
            listed(caller.introspects.iter().map(ResourceIndicator::as_str)),
            shown(uri),
        )));
    };
    trail.passed(Rule::OAuth1OtherResource);
    Ok(api)
}

/// The API's identifier as a base string URI, when the URI lies below it, segment by segment: `https://a/photos-old` does
/// not lie below `https://a/photos`.
fn root_above(api: &ResourceIndicator, uri: &str) -> Option<String> {
    let root = base_uri(api.as_str())?;
    let rest = uri.strip_prefix(root.trim_end_matches('/'))?;
    let below = rest.is_empty() || rest.starts_with('/');
    (below && !goes_up(rest)).then_some(root)
}

/// Whether a path goes up and down again, by any reading: servers do not agree where such a path leads, so it leads
/// nowhere here.
fn goes_up(path: &str) -> bool {
    let mut plain = path.to_ascii_lowercase();
    for (written, read) in [
        ("%2e", "."),
        ("%2f", "/"),
        ("%5c", "/"),
        ("\\", "/"),
        ("%3b", ";"),
    ] {
        plain = plain.replace(written, read);
    }
    plain
        .split('/')
        .any(|segment| matches!(segment.split(';').next(), Some("." | "..")))
}
