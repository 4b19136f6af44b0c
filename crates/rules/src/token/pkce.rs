//! PKCE at the token endpoint (RFC 7636 §4.6): the verifier must be the one behind the challenge.

use valetkey_jose::{b64, hash};
use valetkey_protocol::pkce::{CodeChallenge, is_well_formed};
use valetkey_protocol::rule::{Refusal, Rule, Trail};
use valetkey_protocol::secret::{CodeVerifier, constant_time_eq};

/// Compares both sides. A verifier without a challenge is refused, or an attacker who takes the challenge
/// out of the authorization request would have switched PKCE off (RFC 9700 §2.1.1, PKCE downgrade).
pub(super) fn check(
    challenge: Option<&CodeChallenge>,
    verifier: Option<&CodeVerifier>,
    trail: &mut Trail,
) -> Result<(), Refusal> {
    let (challenge, verifier) = match (challenge, verifier) {
        (None, None) => {
            trail.passed(Rule::CodeVerifierUnexpected);
            return Ok(());
        }
        (None, Some(_)) => {
            return Err(trail.refuse(Refusal::new(
                Rule::CodeVerifierUnexpected,
                "no code_verifier, because the authorization request had no code_challenge",
                "a code_verifier",
            )));
        }
        (Some(challenge), None) => {
            return Err(trail.refuse(Refusal::new(
                Rule::CodeVerifierMissing,
                format!("the code_verifier of the code_challenge {}", challenge.as_str()),
                "none",
            )));
        }
        (Some(challenge), Some(verifier)) => (challenge, verifier),
    };
    trail.passed(Rule::CodeVerifierMissing);
    trail.require(Rule::CodeVerifierMalformed, is_well_formed(verifier), || {
        (
            "43 to 128 characters of A-Z a-z 0-9 - . _ ~".into(),
            described(verifier),
        )
    })?;
    let computed = b64::encode_url(&hash::sha256(verifier.expose().as_bytes()));
    let equal = constant_time_eq(computed.as_bytes(), challenge.as_str().as_bytes());
    trail.require(Rule::CodePkceMismatch, equal, || {
        let received = if constant_time_eq(verifier.expose().as_bytes(), challenge.as_str().as_bytes()) {
            "the code_challenge itself as code_verifier (method plain)".to_owned()
        } else {
            format!("a code_verifier whose challenge is {computed}")
        };
        (format!("the code_challenge {}", challenge.as_str()), received)
    })
}

/// Its form, never its text.
fn described(verifier: &CodeVerifier) -> String {
    let text = verifier.expose();
    let odd = text
        .chars()
        .any(|c| !(c.is_ascii_alphanumeric() || matches!(c, '-' | '.' | '_' | '~')));
    let count = text.chars().count();
    if odd {
        format!("{count} characters, one or more of them not allowed")
    } else {
        format!("{count} characters")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    // RFC 7636 appendix B.
    const VERIFIER: &str = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
    const CHALLENGE: &str = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";

    fn checked(challenge: Option<&str>, verifier: Option<&str>) -> Result<(), Refusal> {
        check(
            challenge.map(|text| CodeChallenge::parse(text).unwrap()).as_ref(),
            verifier.map(CodeVerifier::new).as_ref(),
            &mut Trail::off(),
        )
    }

    #[test]
    fn pkce_downgrade_a_verifier_without_a_challenge_is_refused() {
        let refusal = checked(None, Some(VERIFIER)).unwrap_err();
        assert_eq!(refusal.rule, Rule::CodeVerifierUnexpected);
    }

    #[test]
    fn a_stolen_code_without_its_verifier_is_refused() {
        let refusal = checked(Some(CHALLENGE), None).unwrap_err();
        assert_eq!(refusal.rule, Rule::CodeVerifierMissing);
    }

    #[test]
    fn a_verifier_of_another_form_is_refused_and_not_repeated() {
        for bad in [
            "short",
            &"a".repeat(129),
            &format!("{VERIFIER} "),
            &"ä".repeat(50),
        ] {
            let refusal = checked(Some(CHALLENGE), Some(bad)).unwrap_err();
            assert_eq!(refusal.rule, Rule::CodeVerifierMalformed);
            assert!(!refusal.received.contains(bad));
        }
    }

    #[test]
    fn another_verifier_is_refused_and_both_challenges_are_shown() {
        let other = "x".repeat(43);
        let refusal = checked(Some(CHALLENGE), Some(&other)).unwrap_err();
        assert_eq!(refusal.rule, Rule::CodePkceMismatch);
        assert!(refusal.expected.contains(CHALLENGE));
        let computed = b64::encode_url(&hash::sha256(other.as_bytes()));
        assert!(refusal.received.contains(&computed) && !refusal.received.contains(&other));
    }

    #[test]
    fn the_challenge_sent_as_verifier_is_told_apart() {
        let refusal = checked(Some(CHALLENGE), Some(CHALLENGE)).unwrap_err();
        assert_eq!(refusal.rule, Rule::CodePkceMismatch);
        assert!(refusal.received.contains("plain"));
    }

    #[test]
    fn the_right_verifier_passes_and_so_does_a_flow_without_pkce() {
        checked(Some(CHALLENGE), Some(VERIFIER)).unwrap();
        checked(None, None).unwrap();
    }
}
