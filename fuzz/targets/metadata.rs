//! Metadata documents and resource indicators (RFC 8414, RFC 9728, RFC 8707): any JSON is read or refused, and the
//! well-known address of an identifier stays on its host.
#![no_main]

use libfuzzer_sys::fuzz_target;
use valetkey_protocol::metadata::{AuthorizationServer, ProtectedResource, well_known_by_insertion};
use valetkey_protocol::resource::ResourceIndicator;

fuzz_target!(|text: &str| {
    if let Ok(document) = serde_json::from_str::<AuthorizationServer>(text) {
        let written = serde_json::to_string(&document).expect("what was read can be written");
        assert!(serde_json::from_str::<AuthorizationServer>(&written).is_ok());
    }
    if let Ok(document) = serde_json::from_str::<ProtectedResource>(text) {
        assert!(serde_json::to_string(&document).is_ok());
    }
    if let Ok(resource) = ResourceIndicator::parse(text) {
        assert_eq!(resource.as_str(), text, "a resource is compared letter by letter");
        assert!(!text.contains('#'));
    }
    if let (Ok(identifier), Some(address)) = (
        url::Url::parse(text),
        well_known_by_insertion(text, "oauth-authorization-server"),
    ) && matches!(identifier.scheme(), "http" | "https")
    {
        let address = url::Url::parse(&address).expect("it is an address");
        assert_eq!(address.origin(), identifier.origin(), "{text:?}");
        assert!(
            address
                .path()
                .starts_with("/.well-known/oauth-authorization-server"),
            "{address}"
        );
    }
});
