//! Settings that cannot work are refused before the first request.

use valetkey_protocol::secret::ClientSecret;

use super::{API, ISSUER};
use crate::{ConfigError, ResourceServer};

#[test]
fn an_api_without_identifier_or_a_safe_issuer_is_refused() {
    for resource in ["", "photos", "/photos", "https://photos.example/#x", "urn:photos"] {
        let built = ResourceServer::builder(resource, ISSUER).jwt().build();
        assert_eq!(built.unwrap_err(), ConfigError::Resource(resource.into()));
    }
    for issuer in [
        "",
        "login.example",
        "http://login.example",
        "https://login.example?x=1",
        "https://login.example/#",
    ] {
        let built = ResourceServer::builder(API, issuer).jwt().build();
        assert_eq!(built.unwrap_err(), ConfigError::Issuer(issuer.into()));
    }
}

#[test]
fn an_api_must_say_how_it_checks_tokens() {
    let builder = || ResourceServer::builder(API, "http://localhost:8080");
    assert_eq!(builder().build().unwrap_err(), ConfigError::NoWay);
    let offline = builder().jwt().online(0).build();
    assert_eq!(offline.unwrap_err(), ConfigError::OnlineWithoutIntrospection);
    let built = builder()
        .jwt()
        .introspect("api", ClientSecret::new("s"))
        .online(0)
        .build()
        .unwrap();
    assert!(!format!("{built:?}").contains("\"s\""));
}
