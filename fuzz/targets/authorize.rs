//! Authorization requests: whatever comes in, an accepted one is bound to the client, its redirect URI and PKCE, and a
//! refusal that redirects goes to a registered URI alone (RFC 6749 §4.1.2.1, RFC 9700 §4.11).
#![no_main]

#[path = "../shared/samples.rs"]
#[expect(dead_code, reason = "shared with the other targets")]
mod samples;

use libfuzzer_sys::fuzz_target;
use valetkey_protocol::authorize::{Request, ResponseType};
use valetkey_protocol::params::Params;
use valetkey_protocol::rule::Trail;
use valetkey_rules::SecretKeys;
use valetkey_rules::authorize::{Denied, Facts, Loaded, Respond, needs, validate};

fuzz_target!(|data: &[u8]| {
    let Ok(params) = Params::parse_raw(data) else {
        return;
    };
    let request = Request::from_params(&params);
    let (client, policy) = (samples::client(), samples::policy());
    let known = request.client_id.as_deref() == Some(client.id.as_str());
    let mut trail = Trail::recording();
    let facts = Facts {
        client: known.then_some(&client),
        loaded: Loaded::default(),
        secrets: &SecretKeys::new(&[7; 32]),
        policy: &policy,
        now: samples::NOW,
    };
    // This client has registered no address, and nothing is fetched for anybody else.
    let _ = needs(&request, facts.client, &facts.loaded);
    match validate(&request, &facts, &mut trail) {
        Ok(valid) => {
            assert!(known && params.repeated().is_none());
            assert!(request.request.is_none() && request.request_uri.is_none());
            assert_eq!(valid.redirect_uri, samples::REDIRECT);
            assert!(valid.code_challenge.is_some(), "PKCE is required");
            let alone = Respond::Redirect {
                response_type: ResponseType::CODE,
                mode: valid.respond.mode(),
            };
            assert_eq!(valid.respond, alone, "the client may have no tokens here");
            assert!(valid.scope.is_subset(&client.scope));
            assert_eq!(valid.state, request.state);
        }
        Err(Denied::Redirect(error)) => {
            assert!(known);
            assert_eq!(error.redirect_uri, samples::REDIRECT);
            assert!(
                trail
                    .into_checks()
                    .iter()
                    .any(|check| check.refused.as_ref() == Some(&error.refusal))
            );
        }
        Err(Denied::ShowPage(refusal)) => {
            assert!(
                trail
                    .into_checks()
                    .iter()
                    .any(|check| check.refused.as_ref() == Some(&refusal))
            );
        }
    }
});
