//! Signed requests (RFC 5849 §3.4.1, §3.5): what is read is written again to the same signature base string, a parameter
//! never hides from the signature, and a base string has one spelling.
#![no_main]

use libfuzzer_sys::fuzz_target;
use valetkey_protocol::oauth1::{
    BaseString, Collected, Protocol, TemporaryCredentials, TokenCredentials, authorization_header,
    base_string, base_uri, decode, encode,
};

const URI: &str = "https://photos.example/photos";

fuzz_target!(|data: &[u8]| {
    if let Ok(text) = std::str::from_utf8(data) {
        text_alone(text);
    }
    answers(data);
    // Header, query and body, with a zero byte between.
    let mut parts = data.split(|byte| *byte == 0);
    let header = parts.next();
    let query = parts.next().and_then(|query| std::str::from_utf8(query).ok());
    let form = parts.next();
    if let Ok(request) = Collected::read(header, query, form) {
        collected(&request);
    }
});

fn text_alone(text: &str) {
    assert_eq!(decode(&encode(text)).as_deref(), Some(text));
    if let Some(uri) = base_uri(text) {
        assert_eq!(base_uri(&uri).as_deref(), Some(uri.as_str()), "{text:?}");
    }
    if let Some(parsed) = BaseString::parse(text) {
        let again = base_string(&parsed.method, &parsed.base_uri, &parsed.parameters);
        assert_eq!(again.as_deref(), Some(text));
    }
}

/// What the endpoints answer with, as an app reads it (§2.1, §2.3).
fn answers(body: &[u8]) {
    let token = TokenCredentials::from_form(body);
    if let Ok(temporary) = TemporaryCredentials::from_form(body) {
        let token = token.as_ref().expect("it has what a token has");
        assert_eq!(
            (&temporary.token, &temporary.secret),
            (&token.token, &token.secret)
        );
        let again = TemporaryCredentials::from_form(temporary.to_form().as_bytes());
        assert_eq!(again, Ok(temporary));
    }
    if let Ok(token) = token {
        assert!(!token.token.is_empty());
        assert_eq!(TokenCredentials::from_form(token.to_form().as_bytes()), Ok(token));
    }
}

fn collected(request: &Collected) {
    assert!(request.signed.iter().all(|(name, _)| name != "oauth_signature"));
    for (name, value) in request.protocol.pairs() {
        let pair = (name.to_owned(), value.to_owned());
        assert!(
            name == "oauth_signature" || request.signed.contains(&pair),
            "{name} is not signed"
        );
    }
    assert!(request.others.iter().all(|other| request.signed.contains(other)));

    let text = base_string("GET", URI, &request.signed).expect("the address is good");
    let parsed = BaseString::parse(&text).expect("what was written can be read");
    let sorted = |pairs: &[(String, String)]| {
        let mut pairs = pairs.to_vec();
        pairs.sort_unstable();
        pairs
    };
    assert_eq!(sorted(&parsed.parameters), sorted(&request.signed));
    let unsigned = Protocol {
        signature: None,
        ..request.protocol.clone()
    };
    assert_eq!(parsed.protocol(), Ok(unsigned));

    let header = authorization_header(request.realm.as_deref(), &request.protocol);
    let again = Collected::read(Some(header.as_bytes()), None, None).expect("our own header");
    assert_eq!(again.protocol, request.protocol, "{header}");
    let other = Protocol {
        signature: request
            .protocol
            .signature
            .as_ref()
            .map(|_| String::from("another")),
        ..request.protocol.clone()
    };
    assert_eq!(
        format!("{:?}", request.protocol),
        format!("{other:?}"),
        "it shows"
    );
}
