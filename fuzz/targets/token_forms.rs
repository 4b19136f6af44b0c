//! The revocation and introspection forms (RFC 7009 §2.1, RFC 7662 §2.1): a token that this server did not make is
//! neither told of nor revoked, whatever the form says about it, and a public client is told nothing.
#![no_main]

#[path = "../shared/samples.rs"]
#[expect(dead_code, reason = "shared with the other targets")]
mod samples;

use libfuzzer_sys::fuzz_target;
use std::sync::OnceLock;
use valetkey_model::client::Authentication;
use valetkey_protocol::introspect::Response;
use valetkey_protocol::params::Params;
use valetkey_protocol::revoke::Request;
use valetkey_protocol::rule::Trail;
use valetkey_protocol::secret::AnyToken;
use valetkey_rules::revoke::{Outcome, Shown};
use valetkey_rules::{HandleKeys, introspect, revoke};

fn keys() -> &'static HandleKeys {
    static KEYS: OnceLock<HandleKeys> = OnceLock::new();
    KEYS.get_or_init(|| HandleKeys::new(&[7; 32]))
}

fuzz_target!(|data: &[u8]| {
    let Ok(params) = Params::parse(data) else { return };
    let request = Request::from_params(&params);
    assert_eq!(
        request.token.as_ref().map(|token| token.expose()),
        params.get("token")
    );
    assert_eq!(request.token_type_hint.as_deref(), params.get("token_type_hint"));
    let client = samples::client();
    let public = valetkey_model::Client {
        authentication: Authentication::None,
        ..samples::client()
    };
    assert!(introspect::read(&request, &public, &mut Trail::off()).is_err());

    let asked = introspect::read(&request, &client, &mut Trail::off());
    let token = revoke::read(&request, &mut Trail::off());
    assert_eq!(asked.is_ok(), token.is_ok());
    let Ok(token) = token else {
        assert_eq!(params.get("token"), None);
        return;
    };
    let text = token.expose();
    assert_eq!(keys().read_refresh(text), None);
    assert!(keys().open_access(text).is_none());
    assert_eq!(
        revoke::decide(Shown::Unknown, &client, &mut Trail::off()),
        Outcome::Nothing
    );
    assert_eq!(introspect::decide(None, true, &client), Response::inactive());
    let other = Request {
        token: Some(AnyToken::new("another")),
        ..request.clone()
    };
    assert_eq!(format!("{request:?}"), format!("{other:?}"), "the token shows");
});
