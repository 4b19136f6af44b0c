//! `X-Forwarded-For` and the operator's networks: whatever a stranger writes, failures are counted by an address that
//! the nearest untrusted hop really has, and never by one that stands further left.
#![no_main]

#[path = "../../crates/server/src/address.rs"]
#[expect(
    dead_code,
    reason = "the server's own file; its last step is for the throttle"
)]
mod address;

use address::{Network, Peer, of_client};
use http::{HeaderMap, HeaderValue};
use libfuzzer_sys::fuzz_target;
use std::net::IpAddr;

fuzz_target!(|data: &[u8]| {
    if let Ok(text) = std::str::from_utf8(data) {
        network(text);
    }
    let Ok(header) = HeaderValue::from_bytes(data) else {
        return;
    };
    let trusted = ["10.0.0.0/8", "::1"].map(|text| text.parse::<Network>().expect("it is a network"));
    let proxy = "10.1.1.1:1".parse().expect("it is an address");
    let stranger = "203.0.113.5:1".parse().expect("it is an address");
    let mut headers = HeaderMap::new();
    headers.append("x-forwarded-for", HeaderValue::from_static("198.51.100.1"));
    headers.append("x-forwarded-for", header);

    assert_eq!(
        of_client(Some(Peer(stranger)), &headers, &trusted),
        stranger.ip(),
        "a peer that is no proxy is not believed"
    );
    let counted = of_client(Some(Peer(proxy)), &headers, &trusted);
    assert_eq!(counted, counted.to_canonical());

    // What the proxy itself appends is the last word, whatever came before.
    headers.append("x-forwarded-for", HeaderValue::from_static("203.0.113.9"));
    let appended = of_client(Some(Peer(proxy)), &headers, &trusted);
    assert_eq!(appended, IpAddr::from([203, 0, 113, 9]));
});

/// A network holds its own address, and says so again for the same text.
fn network(text: &str) {
    if let Ok(network) = text.parse::<Network>() {
        let own = text.split('/').next().and_then(|own| own.parse::<IpAddr>().ok());
        let own = own.expect("it begins with an address");
        assert!(network.contains(own) || own != own.to_canonical(), "{text}");
        assert_eq!(text.parse::<Network>(), Ok(network));
    }
}
