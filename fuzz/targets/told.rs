//! What another provider tells of a person, in an ID token or at its userinfo address: whatever it says, an address is
//! proved only when the operator believes that provider, and what is taken over is short and plain.
#![no_main]

use libfuzzer_sys::fuzz_target;
use serde_json::Value;
use valetkey_protocol::rule::Trail;
use valetkey_rules::upstream::{Mapping, primary_email, suggested_username, told};

fuzz_target!(|text: &str| {
    let Ok(claims) = serde_json::from_str::<Value>(text) else {
        return;
    };
    if let Some((email, _)) = primary_email(&claims) {
        assert!(email.contains('@') && !email.contains(['\r', '\n', ' ']));
    }
    let github = Mapping {
        subject: String::from("data.id"),
        username: Some(String::from("login")),
        picture: None,
        ..Mapping::openid()
    };
    for (mapping, trusted) in [
        (Mapping::openid(), true),
        (Mapping::openid(), false),
        (github, true),
    ] {
        let Ok(told) = told("other", &claims, (&mapping, trusted), &mut Trail::off()) else {
            continue;
        };
        assert!(trusted || !told.email_verified);
        assert!(told.verified_email().is_none() || (told.email.is_some() && trusted));
        assert!(!told.subject.trim().is_empty() && !told.subject.chars().any(char::is_control));
        assert!(!told.label().is_empty());
        if let Some(email) = &told.email {
            assert!(email.len() <= 254 && email.contains('@') && !email.contains(['\r', '\n']));
        }
        if let Some(picture) = &told.picture {
            assert!(picture.starts_with("https:"), "{picture}");
        }
        let username = suggested_username(&told);
        assert!(!username.contains(['@', '/', ' ', '<', '\n']) && username.chars().count() <= 96);
        let sealed = serde_json::to_string(&told).expect("it travels with the browser");
        assert_eq!(serde_json::from_str(&sealed).ok(), Some(told));
    }
});
