//! Which grant type a token request uses, and whether the client may (RFC 6749 §4, §5.2).

use crate::shown::{listed, shown};
use valetkey_model::Client;
use valetkey_model::client::GrantType;
use valetkey_protocol::rule::{Refusal, Rule, Trail};
use valetkey_protocol::token::Request;

/// The grant types of this endpoint. `implicit` is the authorization endpoint's.
fn known() -> impl Iterator<Item = GrantType> {
    GrantType::ALL
        .into_iter()
        .filter(|known| *known != GrantType::Implicit)
}

/// Whether only a client that can prove who it is may use it, because the client is who acts: for itself (RFC 6749 §4.4), or
/// with others' tokens (RFC 8693 §2.1).
const fn is_for_confidential_clients(grant_type: GrantType) -> bool {
    matches!(
        grant_type,
        GrantType::ClientCredentials | GrantType::TokenExchange
    )
}

/// The grant type of the request.
///
/// # Errors
/// The rule that refused.
pub fn grant_type(request: &Request, client: &Client, trail: &mut Trail) -> Result<GrantType, Refusal> {
    let Some(received) = request.grant_type.as_deref() else {
        return Err(trail.refuse(Refusal::new(
            Rule::TokenGrantTypeMissing,
            listed(known().map(GrantType::as_str)),
            "none",
        )));
    };
    trail.passed(Rule::TokenGrantTypeMissing);
    let Some(grant_type) = known().find(|known| known.as_str() == received) else {
        return Err(trail.refuse(Refusal::new(
            Rule::TokenGrantTypeUnsupported,
            listed(known().map(GrantType::as_str)),
            shown(received),
        )));
    };
    trail.passed(Rule::TokenGrantTypeUnsupported);
    let may = client.may_use(grant_type) && !(client.is_public() && is_for_confidential_clients(grant_type));
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
    fn an_unknown_grant_type_is_refused_and_implicit_is_none_of_this_endpoint() {
        let mut client = samples::web_client();
        client.grant_types = GrantType::ALL.into();
        for unknown in [
            "Authorization_Code",
            "implicit",
            "token",
            "device_code",
            "token-exchange",
            "authorization_code ",
            "",
        ] {
            assert_eq!(
                refused(Some(unknown), &client),
                Rule::TokenGrantTypeUnsupported,
                "{unknown}"
            );
        }
        let refusal = grant_type(&asks(Some("implicit")), &client, &mut Trail::off()).unwrap_err();
        assert!(!refusal.expected.contains("implicit"));
    }

    #[test]
    fn the_password_grant_and_the_other_new_ones_are_off_until_they_are_allowed() {
        for off in [
            GrantType::Password,
            GrantType::DeviceCode,
            GrantType::TokenExchange,
        ] {
            let mut client = samples::web_client();
            assert_eq!(
                refused(Some(off.as_str()), &client),
                Rule::TokenGrantTypeNotAllowed
            );
            client.grant_types.insert(off);
            let request = asks(Some(off.as_str()));
            assert_eq!(grant_type(&request, &client, &mut Trail::off()), Ok(off));
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
    fn a_public_client_never_acts_for_itself_nor_exchanges_tokens_even_when_registered_so() {
        let mut client = samples::native_client();
        client.grant_types = GrantType::ALL.into();
        for never in [GrantType::ClientCredentials, GrantType::TokenExchange] {
            assert_eq!(
                refused(Some(never.as_str()), &client),
                Rule::TokenGrantTypeNotAllowed
            );
        }
        let devices = asks(Some(GrantType::DeviceCode.as_str()));
        assert!(grant_type(&devices, &client, &mut Trail::off()).is_ok());
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
