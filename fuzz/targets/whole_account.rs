//! Whole requests of somebody who is signed in, to the pages behind a sign-in (account, consent, device, sign-out), through
//! the real router and a real store: nothing makes the server fail, nothing of another person shows, nothing of theirs is
//! changed by a form that did not come from a page of this session, and a code goes out only to the app, after "allow" on
//! the page that asked (RFC 6749 §10.12, RFC 9700 §4.11).
//!
//! The first byte chooses the page and whether a form is sent; the rest is the query or the form. In it `{me}`, `{csrf}`,
//! `{flow}` and `{code}` stand for the person's name, the hidden field of their pages, a request that waits for their consent,
//! and the code of a device. Every input has a person of its own.
#![no_main]

#[path = "../shared/samples.rs"]
#[expect(dead_code, reason = "shared with the other targets")]
mod samples;
#[path = "../shared/whole.rs"]
#[expect(dead_code, reason = "shared with the other targets")]
mod whole;

use http::{Request, Uri};
use libfuzzer_sys::fuzz_target;
use valetkey_protocol::params::Params;
use whole::{Answer, World, world};

const PATHS: [&str; 18] = [
    "/account",
    "/account/apps/revoke",
    "/account/sessions",
    "/account/second-factor",
    "/account/passkeys",
    "/account/providers",
    "/account/profile",
    "/account/password",
    "/account/email",
    "/account/delete",
    "/consent",
    "/consent",
    "/device",
    "/device",
    "/logout",
    "/authorize",
    "/end_session",
    "/login",
];

const ASKED: &str = "response_type=code&client_id=app&redirect_uri=https%3A%2F%2Fapp.example%2Fcallback&scope=openid+photos.read\
    &state=s&code_challenge=E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM&code_challenge_method=S256";

fuzz_target!(init: { world(); }, |data: &[u8]| {
    let Some((choice, rest)) = data.split_first() else {
        return;
    };
    let Ok(rest) = std::str::from_utf8(rest) else { return };
    let path = PATHS[usize::from(*choice) % PATHS.len()];
    let posted = *choice >= 128;
    let world = world();
    world.tick();
    let person = world.sign_in();
    let mut cookies = person.cookie.clone();
    let (mut csrf, mut flow) = (String::new(), None);
    let mut said = rest.replace("{me}", &person.username);
    if rest.contains("{csrf}") {
        csrf = field(&get(world, "/account/profile", &cookies).body, "csrf");
        said = said.replace("{csrf}", &csrf);
    }
    if rest.contains("{flow}") {
        let (sealed, browser) = asks(world, &cookies);
        cookies = format!("{cookies}; {browser}");
        said = said.replace("{flow}", &sealed);
        flow = Some(sealed);
    }
    if rest.contains("{code}") {
        said = said.replace("{code}", &world.device());
    }
    let before = world.person(&person);
    let answer = if posted {
        post(world, path, &cookies, &said)
    } else {
        match Uri::try_from(format!("{path}?{said}")) {
            Ok(uri) => get(world, &uri.to_string(), &cookies),
            Err(_) => return,
        }
    };

    assert!(answer.status.as_u16() < 500, "{path}: {} {}", answer.status, answer.body);
    assert!(!answer.body.contains(whole::BOBS), "what is another person's");
    let form = Params::parse_raw(said.as_bytes()).unwrap_or_default();
    let from_a_page = posted && !csrf.is_empty() && form.get("csrf") == Some(&csrf);
    let allowed = posted && allowed(path, &form, flow.as_deref());
    // The person is as they were, unless a page of theirs said so, with what only it has.
    assert!(
        from_a_page || allowed || world.person(&person) == before,
        "{path}"
    );
    leads(&answer, allowed);
});

/// A redirect stays here or goes to the app, and there with a code only after "allow".
fn leads(answer: &Answer, allowed: bool) {
    let Some(location) = &answer.location else { return };
    let path = location.strip_prefix("https://as.example").unwrap_or(location);
    let is_ours = path.starts_with('/') && !path.starts_with("//") && !path.starts_with("/\\");
    let is_of_the_app = location
        .strip_prefix(samples::REDIRECT)
        .is_some_and(|rest| rest.starts_with(['?', '#']));
    assert!(is_ours || is_of_the_app, "{location}");
    let carries = |name: &str| {
        location
            .split(['?', '#', '&'])
            .skip(1)
            .any(|pair| pair.starts_with(name))
    };
    let carries_something = ["code=", "access_token=", "id_token="]
        .iter()
        .any(|name| carries(name));
    assert!(is_ours || allowed || !carries_something, "{location}");
}

fn allowed(path: &str, form: &Params, flow: Option<&str>) -> bool {
    path == "/consent" && flow.is_some() && form.get("flow") == flow && form.get("answer") == Some("allow")
}

fn get(world: &World, address: &str, cookies: &str) -> Answer {
    let request = Request::get(address).header("cookie", cookies);
    world.send(request.body(Vec::new()).expect("it is a request"))
}

fn post(world: &World, path: &str, cookies: &str, form: &str) -> Answer {
    let request = Request::post(path)
        .header("content-type", "application/x-www-form-urlencoded")
        .header("origin", "https://as.example")
        .header("sec-fetch-site", "same-origin")
        .header("cookie", cookies);
    world.send(request.body(form.as_bytes().to_vec()).expect("it is a request"))
}

/// An authorization request of the app that waits on the consent page, and the cookie of its browser.
fn asks(world: &World, cookies: &str) -> (String, String) {
    let answer = get(world, &format!("/authorize?{ASKED}"), cookies);
    let location = answer.location.expect("it leads to the consent page");
    let flow = location
        .strip_prefix("/consent?flow=")
        .expect("nobody has consented yet");
    let browser = answer.cookies.first().expect("the browser gets a cookie");
    (flow.to_owned(), browser.clone())
}

/// The value of a hidden field of a page.
fn field(page: &str, name: &str) -> String {
    let start = format!("name=\"{name}\" value=\"");
    let (_, rest) = page.split_once(&start).expect("the page has the field");
    rest.split('"').next().unwrap_or_default().to_owned()
}
