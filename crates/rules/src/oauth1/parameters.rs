//! The parameters of a signed request (RFC 5849 §3.1, §3.5): there, readable, once each and in one place.

use crate::shown::shown;
use valetkey_protocol::oauth1::{Collected, Invalid, Protocol};
use valetkey_protocol::params::MAX_PARAMETERS;
use valetkey_protocol::rule::{Refusal, Rule, Trail};

/// Reads the parameters: the value of the `Authorization` header, the query as it stands, and the body where its type is
/// `application/x-www-form-urlencoded`.
///
/// # Errors
/// The rule that refused.
pub fn read(
    authorization: Option<&[u8]>,
    query: Option<&str>,
    form: Option<&[u8]>,
    trail: &mut Trail,
) -> Result<Collected, Refusal> {
    let collected = Collected::read(authorization, query, form);
    let collected = collected.map_err(|invalid| unreadable(invalid, trail))?;
    // What a server compares, shows and stores as text holds no NUL, though an API's parameters may.
    let holds_nul = |(name, value): &(String, String)| name.contains('\0') || value.contains('\0');
    if collected.others.iter().any(holds_nul) {
        let why = Invalid::Unreadable("a parameter holds the character NUL");
        return Err(unreadable(why, trail));
    }
    for rule in [
        Rule::OAuth1ParametersUnreadable,
        Rule::OAuth1ParametersInTwoPlaces,
        Rule::OAuth1ParameterRepeated,
    ] {
        trail.passed(rule);
    }
    let signed = collected.protocol != Protocol::default();
    trail.require(Rule::OAuth1NotSigned, signed, || {
        ("the oauth_ parameters".into(), "none".into())
    })?;
    Ok(collected)
}

/// Why parameters cannot be read, as a refusal.
pub(super) fn unreadable(invalid: Invalid, trail: &mut Trail) -> Refusal {
    trail.refuse(match invalid {
        Invalid::Unreadable(why) => Refusal::new(
            Rule::OAuth1ParametersUnreadable,
            "parameters that are encoded as RFC 5849 says",
            why,
        ),
        Invalid::TooMany => Refusal::new(
            Rule::OAuth1ParametersUnreadable,
            format!("at most {MAX_PARAMETERS} parameters"),
            "more",
        ),
        Invalid::InTwoPlaces => Refusal::new(
            Rule::OAuth1ParametersInTwoPlaces,
            "the Authorization header, the form or the query",
            "more than one of them",
        ),
        Invalid::Repeated(name) => Refusal::new(
            Rule::OAuth1ParameterRepeated,
            format!("{} once", shown(&name)),
            format!("{} more than once", shown(&name)),
        ),
    })
}

/// A parameter that this step cannot do without.
pub(super) fn needed<'a>(name: &str, value: Option<&'a str>, trail: &mut Trail) -> Result<&'a str, Refusal> {
    let Some(value) = value else {
        return Err(trail.refuse(Refusal::new(Rule::OAuth1ParameterMissing, name, "none")));
    };
    trail.passed(Rule::OAuth1ParameterMissing);
    Ok(value)
}
