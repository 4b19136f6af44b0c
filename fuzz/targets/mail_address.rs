//! Addresses that letters go to (RFC 5321 §4.1.2): whatever somebody types, what is accepted is one address and can bring
//! no second receiver, header or command into the conversation with the mail server.
#![no_main]

#[path = "../../crates/server/src/mail/address.rs"]
#[expect(
    dead_code,
    reason = "the server's own file; the sender's name is the operator's"
)]
mod address;

use address::Address;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    let Ok(address) = Address::parse(text) else { return };
    let shown = address.to_string();
    assert!(shown.is_ascii() && shown.len() <= 254);
    assert!(
        !shown.contains(|c: char| c.is_control() || " <>,;:\"()[]\\".contains(c)),
        "{shown:?}"
    );
    assert_eq!(shown.matches('@').count(), 1);
    assert!(address.domain().contains('.'));
    assert_eq!(Address::parse(&shown), Ok(address.clone()));
    let local = address.local();
    assert!(local.len() < 8 || address.domain().contains(local) || !format!("{address:?}").contains(local));
});
