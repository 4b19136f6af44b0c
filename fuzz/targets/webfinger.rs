//! WebFinger resources (RFC 7033, OpenID Connect Discovery §2): an account or a web address belongs to the issuer only when
//! its host is the issuer's, whatever stands around it.
#![no_main]

use libfuzzer_sys::fuzz_target;
use url::Url;
use valetkey_protocol::webfinger::{Descriptor, Place};

const ISSUER: &str = "https://as.example:8443";

fuzz_target!(|resource: &str| {
    let descriptor = Descriptor::of_issuer(resource, ISSUER, &[]);
    let written = serde_json::to_string(&descriptor).expect("it can be written");
    assert_eq!(
        serde_json::from_str::<Descriptor>(&written).ok(),
        Some(descriptor)
    );

    let Some(place) = Place::of(resource) else { return };
    assert_eq!(Place::of(resource), Some(place.clone()));
    if !place.is_of(ISSUER) {
        return;
    }
    let is_account = resource
        .get(..5)
        .is_some_and(|start| start.eq_ignore_ascii_case("acct:"));
    let address = if is_account {
        let (_, host) = resource.rsplit_once('@').expect("an account has one");
        format!("https://{host}")
    } else {
        resource.to_owned()
    };
    let url = Url::parse(&address).expect("it is an address");
    assert_eq!(url.host_str(), Some("as.example"));
    assert!(matches!(url.port(), None | Some(8443)));
});
