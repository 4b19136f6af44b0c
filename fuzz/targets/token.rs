//! Token requests: a code is redeemed only with its redirect URI and its verifier, in time (RFC 6749 §4.1.3, RFC 7636
//! §4.6), and never for more than was granted.
#![no_main]

#[path = "../shared/samples.rs"]
mod samples;

use libfuzzer_sys::fuzz_target;
use valetkey_protocol::params::Params;
use valetkey_protocol::rule::Trail;
use valetkey_protocol::token::Request;
use valetkey_rules::token::authorization_code::{Outcome, decide};
use valetkey_rules::token::{Facts, client_credentials, grant_type};

fuzz_target!(|data: &[u8]| {
    let Some((age, body)) = data.split_first() else {
        return;
    };
    let Ok(params) = Params::parse(body) else { return };
    let request = Request::from_params(&params);
    let (client, grant, policy) = (samples::client(), samples::code_grant(), samples::policy());
    let facts = Facts {
        client: &client,
        grant: Some(&grant),
    };
    let now = samples::NOW.plus_seconds(i64::from(*age));
    drop(grant_type(&request, &client, &mut Trail::off()));
    match decide(&request, &facts, &policy, now, &mut Trail::off()) {
        Outcome::Redeem { issue, .. } => {
            assert!(*age <= 60);
            assert_eq!(request.redirect_uri.as_deref(), Some(samples::REDIRECT));
            assert_eq!(
                request.code_verifier.as_ref().map(|verifier| verifier.expose()),
                Some(samples::VERIFIER)
            );
            assert!(issue.scope.is_subset(&grant.scope));
            assert!(issue.ttl_seconds > 0);
        }
        Outcome::RevokeGrant { .. } => panic!("nothing was replayed"),
        Outcome::Refuse(_) => {}
    }
    assert!(
        client_credentials::decide(&request, &client, &policy, &mut Trail::off()).is_err(),
        "not allowed to this client"
    );
});
