//! The way back: the redirect that the person's browser brings (RFC 6749 §4.1.2), checked before anything of it is used.
//! First that this browser was sent away (state), then that the right server answers (RFC 9207, against mix-up), and
//! only then what it says.

use valetkey_protocol::params::{InvalidParams, Params};
use valetkey_protocol::rule::{Refusal, Rule, Trail};
use valetkey_protocol::secret::{AuthorizationCode, constant_time_eq};

use crate::ask::Pending;
use crate::{Client, Error};

const CALLBACK: &str = "redirect";

/// Reads the query of the redirect; a leading `?` may stand or not.
pub(crate) fn read(query: &str) -> Result<Params, Error> {
    let query = query.strip_prefix('?').unwrap_or(query);
    Params::parse(query.as_bytes())
        .map_err(|error: InvalidParams| Error::malformed(CALLBACK, error.to_string()))
}

/// Checks the redirect and gives the code it brings.
pub(crate) fn check(
    client: &Client,
    pending: &Pending,
    params: &Params,
    trail: &mut Trail,
) -> Result<AuthorizationCode, Error> {
    check_state(pending, params, trail)?;
    check_issuer(client, pending, params, trail)?;
    check_success(params, trail)?;
    let code = params.get("code");
    code.map(AuthorizationCode::new)
        .ok_or_else(|| Error::malformed(CALLBACK, "neither a code nor an error"))
}

fn check_state(pending: &Pending, params: &Params, trail: &mut Trail) -> Result<(), Refusal> {
    let received = params.get("state");
    let same = received.is_some_and(|state| constant_time_eq(state.as_bytes(), pending.state.as_bytes()));
    trail.require(Rule::ClientStateMismatch, same, || {
        let received = if received.is_some() {
            "another state"
        } else {
            "no state"
        };
        ("the state that was sent".to_owned(), received.to_owned())
    })
}

/// The issuer that the request was sent to is compared before the code goes anywhere: a person may have begun at one
/// server and come back from another.
fn check_issuer(
    client: &Client,
    pending: &Pending,
    params: &Params,
    trail: &mut Trail,
) -> Result<(), Refusal> {
    let received = params.get("iss");
    let promised = client.metadata().authorization_response_iss_parameter_supported;
    trail.require(Rule::ClientIssMissing, received.is_some() || !promised, || {
        (format!("iss={}", pending.issuer), "no iss".to_owned())
    })?;
    let received = received.unwrap_or_else(|| client.issuer());
    let same = received == pending.issuer && client.issuer() == pending.issuer;
    trail.require(Rule::ClientIssMismatch, same, || {
        let other = if received == pending.issuer {
            client.issuer()
        } else {
            received
        };
        (pending.issuer.clone(), other.to_owned())
    })
}

fn check_success(params: &Params, trail: &mut Trail) -> Result<(), Error> {
    let Some(error) = params.get("error") else {
        trail.passed(Rule::ClientErrorResponse);
        return Ok(());
    };
    // The refusal is for the trail; the caller gets the server's own words.
    let _ = trail.refuse(Refusal::new(Rule::ClientErrorResponse, "a code", error));
    Err(Error::Wire {
        error: error.to_owned(),
        description: params.get_owned("error_description"),
        uri: params.get_owned("error_uri"),
    })
}
