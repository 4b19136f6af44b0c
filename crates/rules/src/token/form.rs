//! The body of a POST to the token, revocation and introspection endpoints: a form (RFC 6749 §4.1.3, §3.2).

use crate::shown::{shown, shown_or_none};
use valetkey_protocol::params::{FORM, InvalidParams, MAX_PARAMETERS, Params, is_form};
use valetkey_protocol::rule::{Refusal, Rule, Trail};

/// Reads the body. How many bytes it may have is the server's to bound.
///
/// # Errors
/// The rule that refused.
pub fn form(content_type: Option<&[u8]>, body: &[u8], trail: &mut Trail) -> Result<Params, Refusal> {
    let says_form = content_type.is_some_and(is_form);
    trail.require(Rule::TokenRequestNotForm, says_form, || {
        let received = content_type.map(String::from_utf8_lossy);
        (FORM.into(), shown_or_none(received.as_deref()))
    })?;
    let refusal = match Params::parse(body) {
        Ok(params) => {
            trail.passed(Rule::ParameterNul);
            trail.passed(Rule::TokenParameterRepeated);
            return Ok(params);
        }
        Err(InvalidParams::Repeated(name)) => Refusal::new(
            Rule::TokenParameterRepeated,
            format!("{} once", shown(&name)),
            format!("{} more than once", shown(&name)),
        ),
        Err(InvalidParams::TooMany) => Refusal::new(
            Rule::RequestTooLarge,
            format!("at most {MAX_PARAMETERS} parameters"),
            "more",
        ),
        Err(InvalidParams::NotUtf8) => Refusal::new(Rule::TokenRequestNotForm, "UTF-8", "other bytes"),
        Err(InvalidParams::Nul) => Refusal::new(Rule::ParameterNul, "text without NUL", "a NUL"),
    };
    Err(trail.refuse(refusal))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(content_type: Option<&str>, body: &[u8]) -> Rule {
        form(content_type.map(str::as_bytes), body, &mut Trail::off())
            .unwrap_err()
            .rule
    }

    #[test]
    fn json_queries_and_broken_bytes_are_no_form() {
        for content_type in [None, Some("application/json"), Some("text/plain"), Some("")] {
            assert_eq!(refused(content_type, b"a=1"), Rule::TokenRequestNotForm);
        }
        assert_eq!(refused(Some(FORM), b"a=%ff"), Rule::TokenRequestNotForm);
    }

    #[test]
    fn a_nul_is_refused_before_anybody_could_store_it() {
        assert_eq!(refused(Some(FORM), b"code=x%00"), Rule::ParameterNul);
        assert_eq!(refused(Some(FORM), b"code=1&code=%00"), Rule::ParameterNul);
    }

    #[test]
    fn parameter_pollution_is_refused() {
        assert_eq!(
            refused(Some(FORM), b"client_id=a&client_id=b"),
            Rule::TokenParameterRepeated
        );
        let flood = "a&".repeat(MAX_PARAMETERS + 1);
        assert_eq!(refused(Some(FORM), flood.as_bytes()), Rule::RequestTooLarge);
    }

    #[test]
    fn a_form_is_read_whatever_its_content_types_case_and_charset() {
        for content_type in [FORM, "Application/X-WWW-Form-Urlencoded; charset=UTF-8"] {
            let mut trail = Trail::recording();
            let params = form(
                Some(content_type.as_bytes()),
                b"a=1&resource=x&resource=y",
                &mut trail,
            )
            .unwrap();
            assert_eq!(params.get("a"), Some("1"));
            assert_eq!(trail.into_checks().len(), 3);
        }
    }
}
