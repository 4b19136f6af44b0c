//! Whole requests to what browsers open, through the real router and a real store: nothing makes the server fail, nobody is
//! sent to an address that is not registered, and nobody who is not signed in brings a code or a token away (RFC 6749
//! §4.1.2.1, RFC 9700 §4.11).
//!
//! The first byte chooses the page; up to a NUL the query follows, then the cookies.
#![no_main]

#[path = "../shared/samples.rs"]
#[expect(dead_code, reason = "shared with the other targets")]
mod samples;
#[path = "../shared/whole.rs"]
#[expect(dead_code, reason = "shared with the other targets")]
mod whole;

use http::{HeaderValue, Request, Uri};
use libfuzzer_sys::fuzz_target;
use whole::world;

const PATHS: [&str; 10] = [
    "/authorize",
    "/verify-email",
    "/forgot-password",
    "/login",
    "/consent",
    "/end_session",
    "/oauth1/authorize",
    "/device",
    "/reset-password",
    "/.well-known/webfinger",
];

fuzz_target!(init: { world(); }, |data: &[u8]| {
    let Some((choice, rest)) = data.split_first() else {
        return;
    };
    let path = PATHS[usize::from(*choice) % PATHS.len()];
    let posted = *choice >= 128;
    let mut parts = rest.splitn(2, |byte| *byte == 0);
    let query = parts.next().unwrap_or_default();
    let cookies = parts
        .next()
        .and_then(|cookies| HeaderValue::from_bytes(cookies).ok());
    let world = world();
    world.tick();
    let request = if posted {
        let form = Request::post(path).header("content-type", "application/x-www-form-urlencoded");
        form.header("origin", "https://as.example")
            .header("sec-fetch-site", "same-origin")
    } else {
        let Ok(uri) = Uri::try_from([path.as_bytes(), b"?", query].concat()) else {
            return;
        };
        Request::get(uri)
    };
    let request = match cookies {
        Some(cookies) => request.header("cookie", cookies),
        None => request,
    };
    let body = if posted { query.to_vec() } else { Vec::new() };
    let answer = world.send(request.body(body).expect("it is a request"));

    assert!(
        answer.status.as_u16() < 500,
        "{path}: {} {}",
        answer.status,
        answer.body
    );
    if let Some(location) = &answer.location {
        assert!(is_ours(location) || is_of_the_app(location), "{location}");
        for secret in ["code=", "access_token=", "id_token="] {
            assert!(!is_of_the_app(location) || !named(location, secret), "{location}");
        }
    }
    // `form_post` and every form of a page: where it goes. What others wrote holds neither `<` nor `>` there.
    for form in answer.body.split("<form").skip(1) {
        let tag = form.split('>').next().unwrap_or_default();
        let action = tag.split("action=\"").nth(1).and_then(|rest| rest.split('"').next());
        assert!(action.is_some_and(|to| is_ours(to) || to == samples::REDIRECT), "{tag}");
    }
});

/// A page of this server, and not of a host that a slash or a backslash brings in.
fn is_ours(location: &str) -> bool {
    let path = location.strip_prefix("https://as.example").unwrap_or(location);
    path.starts_with('/') && !path.starts_with("//") && !path.starts_with("/\\")
}

fn is_of_the_app(location: &str) -> bool {
    location
        .strip_prefix(samples::REDIRECT)
        .is_some_and(|rest| rest.starts_with(['?', '#']))
}

/// Whether a parameter of that name stands in it.
fn named(location: &str, name: &str) -> bool {
    location
        .split(['?', '#', '&'])
        .skip(1)
        .any(|pair| pair.starts_with(name))
}
