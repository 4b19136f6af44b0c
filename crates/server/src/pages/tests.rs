//! The pages as they go out: hostile texts first, then what each must hold.

use super::*;
use axum::body::to_bytes;
use axum::http::{Request, StatusCode, header};
use std::sync::Arc;
use tower::ServiceExt;
use valetkey_protocol::rule::{Refusal, Rule};
use valetkey_protocol::time::Timestamp;

const LARGEST_PAGE: usize = 20 * 1024;
/// The catalogue of all rules is for reading, not for the ten seconds of a sign-in.
const LARGEST_CATALOGUE: usize = valetkey_protocol::rule::Rule::ALL.len() * 200;

fn brand() -> Brand {
    Brand {
        dev: true,
        ..Brand::default()
    }
}

fn hostile() -> String {
    format!("<script>alert('1')</script>\"\u{202e}'&{}", "x".repeat(300))
}

fn app(name: &str) -> AppView {
    AppView {
        name: name.to_owned(),
        host: Some(String::from("app.example:8443")),
        ..AppView::default()
    }
}

fn login(name: &str) -> Response {
    let view = login::View {
        client: Some(app(name)),
        flow: String::from("sealed-request"),
        username: name.to_owned(),
        problem: Some(format!(
            "No entry for {}",
            name.chars().take(40).collect::<String>()
        )),
        ..login::View::default()
    };
    login::render(&brand(), &view)
}

fn ask(scope: &str, says: &str, resource: Option<&str>) -> consent::Ask {
    consent::Ask {
        scope: scope.to_owned(),
        says: says.to_owned(),
        resource_name: resource.map(str::to_owned),
        already: false,
    }
}

fn consent(name: &str) -> Response {
    let view = consent::View {
        client: app(name),
        username: name.to_owned(),
        asks: vec![
            ask("openid", "Know who you are", None),
            ask(
                "photos.read",
                &name.chars().take(40).collect::<String>(),
                Some("Photos"),
            ),
            ask("email", "See your e-mail address", None),
        ],
        device: None,
        carries_code: false,
        lasts: true,
        flow: String::from("sealed-request"),
    };
    consent::render(&brand(), &view)
}

fn consent_of_device(name: &str) -> Response {
    let view = consent::View {
        client: app(name),
        username: name.to_owned(),
        asks: vec![ask("photos.read", "See your photos", Some("Photos"))],
        device: Some(consent::Device {
            user_code: String::from("WDJB-MJHT"),
            asked_from: name.to_owned(),
            is_same_network: Some(false),
            asked_at: Timestamp(1_795_355_010),
            expires_at: Timestamp(1_795_355_610),
            now: Timestamp(1_795_355_140),
        }),
        carries_code: false,
        lasts: false,
        flow: String::from("sealed-request"),
    };
    consent::render(&brand(), &view)
}

#[tokio::test]
async fn who_carries_a_code_to_an_app_is_warned_of_who_may_ask_for_it() {
    let view = consent::View {
        client: AppView {
            name: String::from("Printer"),
            ..AppView::default()
        },
        carries_code: true,
        ..consent::View::default()
    };
    let page = text_of(consent::render(&brand(), &view)).await;
    assert!(page.contains("If somebody sent you here") && page.contains("an app that gets a code from you"));
    let ordinary = text_of(consent("Printer")).await;
    assert!(!ordinary.contains("If somebody sent you here"));
}

fn device(name: &str, problem: Option<device::Problem>) -> Response {
    let view = device::View {
        user_code: name.to_owned(),
        is_from_link: problem.is_none(),
        problem,
    };
    device::render(&brand(), &view)
}

fn device_ended(name: &str, allowed: bool) -> Response {
    let view = device::Ended {
        client: app(name),
        allowed,
        is_device: true,
    };
    device::ended(&brand(), &view)
}

fn account(name: &str) -> Response {
    let app = account::App {
        client_id: String::from("mysweetapp"),
        name: name.to_owned(),
        open: Some(String::from(
            "https://app.example/login?iss=https%3A%2F%2Fid.example",
        )),
        says: vec![name.to_owned()],
        since: Timestamp(1_795_355_010),
        live_grants: 1,
        ways: vec![account::Way::SignedIn],
        until: None,
    };
    let view = account::View {
        username: name.to_owned(),
        display_name: name.to_owned(),
        email: Some((name.to_owned(), false)),
        apps: vec![app],
        csrf: String::from("proof"),
        notice: Some(name.to_owned()),
    };
    account::render(&brand(), &view)
}

fn account_of(ways: &[account::Way], until: Option<account::Until>) -> Response {
    let app = account::App {
        client_id: String::from("printer"),
        name: String::from("Printer"),
        open: None,
        says: vec![String::from("See your photos")],
        since: Timestamp(1_795_355_010),
        live_grants: ways.len(),
        ways: ways.to_vec(),
        until,
    };
    let view = account::View {
        username: String::from("alice"),
        display_name: String::from("Alice"),
        email: None,
        apps: vec![app],
        csrf: String::from("proof"),
        notice: None,
    };
    account::render(&brand(), &view)
}

fn oob(name: &str) -> Response {
    let view = oob::View {
        client: app(name),
        username: name.to_owned(),
        verifier: String::from("BCDFG-HJKLM"),
        seconds: 600,
    };
    oob::render(&brand(), &view)
}

fn refused(details: bool, received: &str) -> Response {
    let refusal = Refusal::new(
        Rule::AuthorizeRedirectUriUnregistered,
        "https://app.example/callback",
        received,
    );
    let view = error::View {
        refusal: Some(&refusal),
        status: 400,
        title: String::from("This link cannot be trusted"),
        text: String::from("The address to return to is not registered."),
        reference: String::from("ref-1"),
        details,
        ..error::View::default()
    };
    error::render(&brand(), &view)
}

fn logout(name: &str) -> Response {
    let view = logout::View {
        username: name.to_owned(),
        csrf: String::from("proof"),
        ..logout::View::default()
    };
    logout::render(&brand(), &view)
}

fn logout_for_an_app(name: &str) -> Response {
    let view = logout::View {
        username: name.to_owned(),
        csrf: String::from("proof"),
        request: Some(String::from("sealed-request")),
        asks: Some(app(name)),
    };
    logout::render(&brand(), &view)
}

fn signed_out(name: &str) -> Response {
    let onward = logout::Onward {
        name: name.to_owned(),
        href: String::from("https://app.example/signed-out?state=\"><script>"),
    };
    let view = logout::SignedOut {
        apps: vec![name.to_owned()],
        onward: Some(onward),
        ..logout::SignedOut::default()
    };
    logout::signed_out(&brand(), &view)
}

fn sessions(name: &str) -> Response {
    let session = sessions::Session {
        name: String::from("0199a1b2-0000-7000-8000-000000000001"),
        is_here: false,
        address: name.to_owned(),
        user_agent: name.to_owned(),
        since: Timestamp(1_795_355_010),
    };
    let view = sessions::View {
        sessions: vec![session],
        csrf: String::from("proof"),
        notice: Some(name.to_owned()),
    };
    sessions::render(&brand(), &view)
}

async fn text_of(response: Response) -> String {
    let bytes = to_bytes(response.into_body(), 1 << 20).await.unwrap();
    String::from_utf8(bytes.to_vec()).unwrap()
}

async fn get(path: &str) -> Response {
    let site = Site {
        brand: brand(),
        issuer: String::from("http://localhost:8080"),
        dev: None,
    };
    let router: axum::Router = routes(Arc::new(site));
    router
        .oneshot(Request::get(path).body(axum::body::Body::empty()).unwrap())
        .await
        .unwrap()
}

fn every_page(name: &str) -> Vec<(&'static str, Response)> {
    vec![
        ("login", login(name)),
        ("consent", consent(name)),
        ("consent of a device", consent_of_device(name)),
        ("device", device(name, None)),
        ("wrong code", device(name, Some(device::Problem::Unknown))),
        ("device allowed", device_ended(name, true)),
        ("device refused", device_ended(name, false)),
        ("account", account(name)),
        ("verifier", oob(name)),
        ("logout", logout(name)),
        ("logout for an app", logout_for_an_app(name)),
        ("signed out", signed_out(name)),
        ("sessions", sessions(name)),
        ("error", refused(true, name)),
        ("home", home::render(&brand(), name, None)),
        ("rules", rules::list(&brand())),
    ]
}

#[tokio::test]
async fn a_hostile_name_is_text_on_every_page() {
    for (page, response) in every_page(&hostile()) {
        let html = text_of(response).await;
        assert!(!html.contains("<script"), "{page}");
        assert!(!html.contains('\u{202e}'), "{page}");
        assert!(!html.contains("alert('1')"), "{page}: quotes must be escaped");
    }
}

#[tokio::test]
async fn a_name_of_300_characters_does_not_fill_the_page() {
    for page in [
        login(&"n".repeat(300)),
        consent(&"n".repeat(300)),
        logout(&"n".repeat(300)),
    ] {
        assert!(!text_of(page).await.contains(&"n".repeat(100)));
    }
}

#[tokio::test]
async fn no_page_has_inline_script_or_style_or_loads_from_elsewhere() {
    for (page, response) in every_page("Alice") {
        let html = text_of(response).await;
        for forbidden in [
            "<script>",
            "<style",
            " style=",
            " onclick=",
            "src=\"http",
            "@import",
            "javascript:",
        ] {
            assert!(!html.contains(forbidden), "{page}: {forbidden}");
        }
        assert!(
            html.contains("<html lang=\"en\">") && html.contains("<title>"),
            "{page}"
        );
        assert_eq!(html.matches("<h1").count(), 1, "{page}");
        assert_eq!(html.matches("<main").count(), 1, "{page}");
    }
}

#[tokio::test]
async fn every_page_stays_under_20_kilobytes_and_the_catalogue_under_200_bytes_a_rule() {
    for (page, response) in every_page("Alice") {
        let size = text_of(response).await.len();
        let largest = if page == "rules" {
            LARGEST_CATALOGUE
        } else {
            LARGEST_PAGE
        };
        assert!(size < largest, "{page}: {size} bytes");
    }
}

#[tokio::test]
async fn the_clickjacking_of_a_page_is_refused_by_its_headers() {
    for (page, response) in every_page("Alice") {
        let headers = response.headers();
        let policy = headers[header::CONTENT_SECURITY_POLICY].to_str().unwrap();
        assert!(
            policy.contains("frame-ancestors 'none'") && policy.contains("default-src 'none'"),
            "{page}"
        );
        assert!(
            !policy.contains("unsafe") && !policy.contains("script-src"),
            "{page}"
        );
        assert_eq!(headers[header::X_FRAME_OPTIONS], "DENY", "{page}");
        assert_eq!(headers[header::CACHE_CONTROL], "no-store", "{page}");
        assert_eq!(headers[header::REFERRER_POLICY], "same-origin", "{page}");
        assert_eq!(headers[header::X_CONTENT_TYPE_OPTIONS], "nosniff", "{page}");
        let in_a_flow = ["login", "consent", "consent of a device", "logout for an app"].contains(&page);
        assert_eq!(policy.contains("form-action 'self'"), !in_a_flow, "{page}");
        assert_eq!(
            headers.contains_key("cross-origin-opener-policy"),
            !in_a_flow,
            "{page}"
        );
    }
}

#[tokio::test]
async fn an_error_page_tells_nothing_more_to_who_may_not_know() {
    let html = text_of(refused(false, "https://evil.example/callback")).await;
    assert!(html.contains("invalid_request") && html.contains("ref-1"));
    assert!(!html.contains("evil.example") && !html.contains("app.example"));
    assert!(!html.contains("href=\"http"), "no link leads elsewhere");
    assert!(!html.contains("VK-AUTHORIZE"));
}

#[tokio::test]
async fn an_error_page_shows_who_may_know_what_was_expected_and_received_the_rule_and_the_fix() {
    let html = text_of(refused(true, "https://app.example/callback/")).await;
    let rule = Rule::AuthorizeRedirectUriUnregistered.info();
    assert!(
        html.contains("https://app.example/callback<mark>/</mark>"),
        "the slash is marked"
    );
    assert!(html.contains(&format!("href=\"/rules/{}\"", rule.id)));
    assert!(html.contains(&format!("href=\"{}\"", rule.url)));
    assert!(html.contains("invalid_request") && html.contains("ref-1"));
}

#[tokio::test]
async fn an_error_page_says_whose_turn_it_is() {
    let turn = async |status: u16, rule: Option<Rule>| {
        let refusal = rule.map(Refusal::plain);
        let view = error::View {
            refusal: refusal.as_ref(),
            status,
            ..error::View::default()
        };
        text_of(error::render(&brand(), &view)).await
    };
    assert!(
        turn(400, Some(Rule::AuthorizeClientUnknown))
            .await
            .contains("the app’s turn")
    );
    assert!(
        turn(400, Some(Rule::InteractionExpired))
            .await
            .contains("your turn")
    );
    assert!(turn(503, Some(Rule::ServerBusy)).await.contains("our turn"));
    assert!(turn(404, None).await.contains("your turn"));
}

#[tokio::test]
async fn a_throttled_sign_in_is_a_429_that_says_how_long_to_wait() {
    let view = login::View {
        retry_after_seconds: Some(840),
        ..login::View::default()
    };
    let response = login::render(&brand(), &view);
    assert_eq!(response.status(), StatusCode::TOO_MANY_REQUESTS);
    assert_eq!(response.headers()[header::RETRY_AFTER], "840");
    let html = text_of(response).await;
    assert!(html.contains("14 minutes") && html.contains("role=\"alert\""));
}

#[tokio::test]
async fn the_sign_in_form_keeps_its_public_names() {
    let html = text_of(login("alice")).await;
    for part in [
        "action=\"/login\"",
        "name=\"flow\" value=\"sealed-request\"",
        "name=\"username\"",
        "value=\"alice\"",
        "autocomplete=\"username\"",
        "name=\"password\"",
        "autocomplete=\"current-password\"",
        "<button class=\"primary\" id=\"login\" type=\"submit\">",
        "<label for=\"username\">",
        "<label for=\"password\">",
        "aria-describedby=\"problem\"",
        "app.example:8443",
    ] {
        assert!(html.contains(part), "{part}");
    }
    assert_eq!(html.matches("autofocus").count(), 1);
}

#[tokio::test]
async fn the_consent_form_keeps_its_public_names_and_says_who_asks_for_what_for_whom() {
    let html = text_of(consent("Alice")).await;
    for part in [
        "action=\"/consent\"",
        "name=\"flow\" value=\"sealed-request\"",
        "id=\"allow\" name=\"answer\" value=\"allow\"",
        "id=\"cancel\" name=\"answer\" value=\"cancel\"",
        "app.example:8443",
        "Know who you are",
        "href=\"/account\"",
    ] {
        assert!(html.contains(part), "{part}");
    }
    assert!(html.contains("The access lasts until you take it back"));
    assert!(!html.contains("autofocus"), "nobody allows by pressing Enter");
    let places: Vec<_> = html.match_indices("<h2>").collect();
    assert_eq!(places.len(), 2, "what belongs together stands together");
}

#[tokio::test]
async fn phishing_with_a_code_the_consent_page_of_a_device_says_who_asked_from_where_and_when() {
    let html = text_of(consent_of_device("203.0.113.7")).await;
    for part in [
        "Did you start this on a device in front of you?",
        "id=\"user_code\">WDJB-MJHT<",
        "203.0.113.7 (not the network you use now)",
        "2 minutes ago, at 13:43:30 UTC",
        "<dt>Ends in</dt><dd>8 minutes</dd>",
        "id=\"warning\"",
        "id=\"allow\" name=\"answer\" value=\"allow\"",
        "id=\"cancel\" name=\"answer\" value=\"cancel\"",
    ] {
        assert!(html.contains(part), "{part}");
    }
    assert!(!text_of(consent("Alice")).await.contains("id=\"warning\""));
}

#[tokio::test]
async fn guessing_codes_is_answered_by_a_429_that_says_how_long_to_wait() {
    let response = device("WDJB-MJHT", Some(device::Problem::Throttled(300)));
    assert_eq!(response.status(), StatusCode::TOO_MANY_REQUESTS);
    assert_eq!(response.headers()[header::RETRY_AFTER], "300");
    let html = text_of(response).await;
    assert!(html.contains("5 minutes") && html.contains("role=\"alert\""));
}

#[tokio::test]
async fn the_form_for_a_code_keeps_its_public_names() {
    let wrong = device("WDJB-MJHT", Some(device::Problem::Unknown));
    assert_eq!(wrong.status(), StatusCode::BAD_REQUEST);
    for html in [text_of(wrong).await, text_of(device("WDJB-MJHT", None)).await] {
        for part in [
            "action=\"/device\"",
            "<label for=\"user_code\">",
            "id=\"user_code\" name=\"user_code\" type=\"text\" value=\"WDJB-MJHT\"",
            "id=\"continue\" type=\"submit\"",
        ] {
            assert!(html.contains(part), "{part}");
        }
    }
}

#[tokio::test]
async fn the_account_and_sign_out_forms_keep_their_public_names() {
    let html = text_of(account("Alice")).await;
    for part in [
        "action=\"/account/apps/revoke\"",
        "name=\"csrf\" value=\"proof\"",
        "name=\"client_id\" value=\"mysweetapp\"",
        "id=\"revoke-mysweetapp\"",
        "22 November 2026",
    ] {
        assert!(html.contains(part), "{part}");
    }
    let html = text_of(logout("alice")).await;
    assert!(html.contains("action=\"/logout\"") && html.contains("id=\"logout\""));
}

#[tokio::test]
async fn links_and_forms_stand_below_the_path_of_the_issuer() {
    let brand = Brand {
        base_path: String::from("/auth"),
        ..Brand::default()
    };
    let html = text_of(login::render(&brand, &login::View::default())).await;
    assert!(html.contains("action=\"/auth/login\"") && html.contains("href=\"/auth/assets/valetkey-"));
}

#[tokio::test]
async fn every_rule_has_a_page_and_an_unknown_one_has_none() {
    let list = text_of(get("/rules").await).await;
    for rule in Rule::ALL {
        let info = rule.info();
        assert!(
            list.contains(&format!("href=\"/rules/{}\"", info.id)),
            "{}",
            info.id
        );
        assert!(
            text_of(rules::one(&brand(), info.id).unwrap())
                .await
                .contains(info.url),
            "{}",
            info.id
        );
    }
    assert_eq!(get("/rules/VK-CODE-PKCE-MISMATCH").await.status(), 200);
    assert_eq!(get("/rules/VK-NO-SUCH-RULE").await.status(), 404);
}

#[tokio::test]
async fn every_asset_that_a_page_links_to_is_there() {
    let html = text_of(get("/").await).await;
    let links: Vec<&str> = html
        .split('"')
        .filter(|part| part.starts_with("/assets/"))
        .collect();
    assert!(links.len() >= 2);
    for link in links {
        assert_eq!(get(link).await.status(), 200, "{link}");
    }
}

#[tokio::test]
async fn only_the_development_server_shows_passwords_and_secrets() {
    let person = home::Person {
        username: String::from("alice"),
        password: String::from("wonderland"),
    };
    let dev = home::Dev {
        people: vec![person],
        ..home::Dev::default()
    };
    let serving = text_of(home::render(&Brand::default(), "https://id.example", Some(&dev))).await;
    assert!(!serving.contains("wonderland"));
    assert!(
        text_of(home::render(&brand(), "http://localhost:8080", Some(&dev)))
            .await
            .contains("wonderland")
    );
}

#[tokio::test]
async fn an_app_that_holds_the_password_is_never_said_not_to_know_it() {
    let html = text_of(account_of(&[account::Way::Password], None)).await;
    assert!(!html.contains("None of them knows your password"), "{html}");
    assert!(html.contains("with your password") && html.contains("change your password too"));
    let html = text_of(account_of(&[account::Way::SignedIn], None)).await;
    assert!(html.contains("None of them knows your password") && !html.contains("change your password"));
}

#[tokio::test]
async fn the_account_says_how_each_app_got_in_and_how_long_oauth_1_lasts() {
    use account::{Until, Way};
    let all = [Way::SignedIn, Way::Device, Way::OAuth1, Way::Moved];
    let html = text_of(account_of(&all, Some(Until::TakenBack))).await;
    assert!(html.contains("signed in here, on a device, OAuth 1.0a, moved from OAuth 1.0a"));
    assert!(html.contains("until you take it back"));
    let day = Until::Day(Timestamp(1_795_355_010));
    let html = text_of(account_of(&[Way::OAuth1], Some(day))).await;
    assert!(html.contains("until 22 November 2026") && !html.contains("take it back<"));
    let html = text_of(account_of(&[], None)).await;
    assert!(!html.contains("How it got in") && !html.contains("Lasts"));
}

#[tokio::test]
async fn the_verifier_is_there_once_as_text_to_copy_and_spelled_for_who_hears_it() {
    let html = text_of(oob("Printer")).await;
    assert_eq!(html.matches("BCDFG-HJKLM").count(), 1);
    assert!(html.contains("id=\"verifier\"") && html.contains("B C D F G H J K L M"));
    assert!(html.contains("Go back to") && html.contains("10 minutes"));
    assert!(!html.contains("<script"));
}
