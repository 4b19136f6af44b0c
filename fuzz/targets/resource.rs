//! Resource indicators in a request (RFC 8707 §2): one that stands in an accepted request is an absolute URI without a
//! fragment, known to the operator and letter by letter what was sent; anything else is refused with the rule.
#![no_main]

#[path = "../shared/samples.rs"]
#[expect(dead_code, reason = "shared with the other targets")]
mod samples;

use libfuzzer_sys::fuzz_target;
use valetkey_protocol::authorize::Request;
use valetkey_protocol::params::{InvalidParams, Params};
use valetkey_protocol::resource::ResourceIndicator;
use valetkey_protocol::rule::Trail;
use valetkey_rules::SecretKeys;
use valetkey_rules::authorize::{Facts, Loaded, validate};

fuzz_target!(|text: &str| {
    // One indicator a line.
    let mut form = url::form_urlencoded::Serializer::new(String::new());
    form.extend_pairs([
        ("response_type", "code"),
        ("client_id", "app"),
        ("redirect_uri", samples::REDIRECT),
        ("scope", "photos.read"),
        ("code_challenge", samples::CHALLENGE),
        ("code_challenge_method", "S256"),
    ]);
    form.extend_pairs(text.lines().take(20).map(|line| ("resource", line)));
    let params = match Params::parse(form.finish().as_bytes()) {
        Ok(params) => params,
        Err(InvalidParams::Nul) if text.contains('\0') => return,
        Err(invalid) => panic!("resource may stand several times: {invalid}"),
    };
    let sent: Vec<&str> = params.all("resource").collect();
    for text in &sent {
        if let Ok(resource) = ResourceIndicator::parse(text) {
            assert_eq!(resource.as_str(), *text);
            let url = url::Url::parse(text).expect("it is an absolute URI");
            assert!(url.fragment().is_none() && !text.contains('#'));
        }
    }
    let request = Request::from_params(&params);
    let (client, policy) = (samples::client(), samples::policy());
    let known = |text: &str| {
        policy
            .resources
            .iter()
            .any(|known| known.indicator.as_str() == text)
    };
    let facts = Facts {
        client: Some(&client),
        loaded: Loaded::default(),
        secrets: &SecretKeys::new(&[7; 32]),
        policy: &policy,
        now: samples::NOW,
    };
    match validate(&request, &facts, &mut Trail::off()) {
        Ok(valid) => {
            assert!(sent.iter().all(|text| known(text)), "{sent:?}");
            assert!(valid.resources.iter().all(|resource| known(resource.as_str())));
        }
        Err(_) => assert!(sent.iter().any(|text| !known(text)), "{sent:?}"),
    }
});
