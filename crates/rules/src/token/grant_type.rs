//! Which grant type a token request uses, and whether the client may (RFC 6749 §4, §5.2).

use crate::shown::{listed, shown};
use valetkey_model::Client;
use valetkey_model::client::GrantType;
use valetkey_protocol::rule::{Refusal, Rule, Trail};
use valetkey_protocol::token::Request;

/// The grant type of the request.
///
/// # Errors
/// The rule that refused.
pub fn grant_type(request: &Request, client: &Client, trail: &mut Trail) -> Result<GrantType, Refusal> {
    let Some(received) = request.grant_type.as_deref() else {
        return Err(trail.refuse(Refusal::new(
            Rule::TokenGrantTypeMissing,
            listed(GrantType::ALL.map(GrantType::as_str)),
            "none",
        )));
    };
    trail.passed(Rule::TokenGrantTypeMissing);
    let Some(grant_type) = GrantType::ALL
        .into_iter()
        .find(|known| known.as_str() == received)
    else {
        return Err(trail.refuse(Refusal::new(
            Rule::TokenGrantTypeUnsupported,
            listed(GrantType::ALL.map(GrantType::as_str)),
            shown(received),
        )));
    };
    trail.passed(Rule::TokenGrantTypeUnsupported);
    // RFC 6749 §4.4: only a client that can prove who it is may act for itself.
    let may =
        client.may_use(grant_type) && !(grant_type == GrantType::ClientCredentials && client.is_public());
    trail.require(Rule::TokenGrantTypeNotAllowed, may, || {
        let allowed = client.grant_types.iter().map(|allowed| allowed.as_str());
        (listed(allowed), received.into())
    })?;
    Ok(grant_type)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::samples;

    fn asks(grant_type: Option<&str>) -> Request {
        Request {
            grant_type: grant_type.map(str::to_owned),
            ..Request::default()
        }
    }

    fn refused(request: Option<&str>, client: &Client) -> Rule {
        grant_type(&asks(request), client, &mut Trail::off())
            .unwrap_err()
            .rule
    }

    #[test]
    fn a_request_without_a_grant_type_is_refused() {
        assert_eq!(refused(None, &samples::web_client()), Rule::TokenGrantTypeMissing);
    }

    #[test]
    fn the_password_grant_and_unknown_ones_are_refused() {
        for unknown in [
            "password",
            "Authorization_Code",
            "implicit",
            "authorization_code ",
        ] {
            assert_eq!(
                refused(Some(unknown), &samples::web_client()),
                Rule::TokenGrantTypeUnsupported
            );
        }
    }

    #[test]
    fn a_grant_type_that_the_client_is_not_registered_for_is_refused() {
        assert_eq!(
            refused(Some("client_credentials"), &samples::web_client()),
            Rule::TokenGrantTypeNotAllowed
        );
        assert_eq!(
            refused(Some("authorization_code"), &samples::service_client()),
            Rule::TokenGrantTypeNotAllowed
        );
    }

    #[test]
    fn a_public_client_never_acts_for_itself_even_when_registered_so() {
        let mut client = samples::native_client();
        client.grant_types.insert(GrantType::ClientCredentials);
        assert_eq!(
            refused(Some("client_credentials"), &client),
            Rule::TokenGrantTypeNotAllowed
        );
    }

    #[test]
    fn a_registered_grant_type_is_taken() {
        for known in [GrantType::AuthorizationCode, GrantType::RefreshToken] {
            let mut trail = Trail::recording();
            assert_eq!(
                grant_type(&asks(Some(known.as_str())), &samples::web_client(), &mut trail),
                Ok(known)
            );
            assert_eq!(trail.into_checks().len(), 3);
        }
    }
}
