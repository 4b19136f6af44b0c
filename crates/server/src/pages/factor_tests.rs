//! The pages of second factors and passkeys as they go out: hostile texts first.

use super::account_passkeys::{self, Adding, Passkey};
use super::account_second_factor::{self as codes, NewApp, Shown};
use super::login::{self, ProviderButton, Why};
use super::login_second_factor::{self as step, Problem};
use super::{AppView, Brand};
use axum::body::to_bytes;
use axum::http::header;
use axum::response::Response;
use valetkey_protocol::time::Timestamp;

const LARGEST_PAGE: usize = 20 * 1024;

fn hostile() -> String {
    format!("<script>alert('1')</script>\"\u{202e}'&{}", "x".repeat(300))
}

async fn text_of(response: Response) -> String {
    let bytes = to_bytes(response.into_body(), usize::MAX).await.unwrap();
    String::from_utf8(bytes.to_vec()).unwrap()
}

fn client() -> AppView {
    AppView {
        name: hostile(),
        ..AppView::default()
    }
}

fn login_view() -> login::View {
    login::View {
        client: Some(client()),
        flow: "f".repeat(2000),
        username: hostile(),
        notice: Some(hostile()),
        passkey: Some(format!("{{\"x\":\"{}\"}}", hostile())),
        providers: vec![ProviderButton {
            name: String::from("work"),
            label: hostile(),
            href: String::from("/login/with/work?flow=f"),
        }],
        sign_up: Some(String::from("/sign-up?flow=f")),
        forgot: Some(String::from("/forgot-password?flow=f")),
        ..login::View::default()
    }
}

fn login_page(why: Option<Why>) -> Response {
    let view = login::View { why, ..login_view() };
    login::render(&Brand::default(), &view)
}

fn step_page(problem: Option<Problem>) -> Response {
    let view = step::View {
        client: Some(client()),
        flow: "f".repeat(2000),
        username: hostile(),
        passkey: Some(format!("{{\"x\":\"{}\"}}", hostile())),
        problem,
    };
    step::render(&Brand::default(), &view)
}

fn passkeys_page() -> Response {
    let passkey = Passkey {
        handle: String::from("AAAA"),
        name: hostile(),
        since: Timestamp(1_795_355_010),
        last_used: Some(Timestamp(1_795_355_610)),
        is_backed_up: true,
    };
    let view = account_passkeys::View {
        passkeys: vec![passkey; 3],
        adding: Some(Adding {
            options: format!("{{\"x\":\"{}\"}}", hostile()),
            challenge: String::from("sealed"),
        }),
        ..account_passkeys::View::default()
    };
    account_passkeys::render(&Brand::default(), &view)
}

fn codes_page(shown: Shown) -> Response {
    let view = codes::View {
        csrf: String::from("csrf"),
        shown,
        notice: Some("Done."),
    };
    codes::render(&Brand::default(), &view)
}

fn new_app() -> NewApp {
    let uri = "otpauth://totp/Valetkey:alice?secret=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ&issuer=Valetkey";
    NewApp {
        picture: crate::qr::svg(uri, &hostile()).unwrap(),
        secret: String::from("GEZD GNBV"),
        link: format!("otpauth://totp/{}", hostile()),
        set_up: String::from("sealed"),
        problem: None,
    }
}

#[tokio::test]
async fn no_name_becomes_markup_and_every_page_stays_small() {
    let on = Shown::On {
        since: Timestamp(1_795_355_010),
        recovery_codes: 3,
    };
    for page in [
        login_page(None),
        login_page(Some(Why::Surer)),
        step_page(None),
        passkeys_page(),
        codes_page(Shown::Off(new_app())),
        codes_page(on),
        codes_page(Shown::RecoveryCodes(vec![hostile(); 10])),
    ] {
        let text = text_of(page).await;
        assert!(!text.contains("<script>"), "{text}");
        assert!(!text.contains(" style=") && !text.contains(" onclick="), "{text}");
        assert!(text.len() < LARGEST_PAGE, "{}", text.len());
    }
}

#[tokio::test]
async fn a_page_takes_a_script_only_where_a_passkey_can_be_used() {
    let policy = |response: &Response| {
        let policy = response.headers()[header::CONTENT_SECURITY_POLICY].to_str();
        policy.unwrap().to_owned()
    };
    let with = login_page(None);
    assert!(policy(&with).contains("script-src 'self'"));
    let view = login::View {
        passkey: None,
        ..login_view()
    };
    let without = login::render(&Brand::default(), &view);
    assert!(!policy(&without).contains("script-src"));
    let text = text_of(without).await;
    assert!(!text.contains("<script") && !text.contains("webauthn"), "{text}");
    assert!(
        text.contains("id=\"with-work\"")
            && text.contains("id=\"sign-up\"")
            && text.contains("id=\"forgot\"")
    );
}

#[tokio::test]
async fn the_sign_in_page_says_why() {
    for (why, headline) in [
        (Why::Change, "Confirm that it is you"),
        (Why::Again, "Confirm that it is you"),
        (Why::Lately, "Confirm that it is you"),
        (Why::Surer, "Confirm that it is you"),
        (Why::Choose, "Choose an account"),
        (Why::Other, "Sign in with the other account"),
    ] {
        let text = text_of(login_page(Some(why))).await;
        assert!(text.contains(headline) && text.contains("id=\"why\""), "{why:?}");
    }
    let text = text_of(login_page(None)).await;
    assert!(text.contains("Sign in to continue") && !text.contains("id=\"why\""));
}

#[tokio::test]
async fn a_wrong_code_is_a_400_and_too_many_are_a_429_with_the_time_to_wait() {
    let wrong = step_page(Some(Problem::Told("No.")));
    assert_eq!(wrong.status(), 400);
    assert!(text_of(wrong).await.contains("aria-describedby=\"problem\""));
    let throttled = step_page(Some(Problem::Throttled(90)));
    assert_eq!(throttled.status(), 429);
    assert_eq!(throttled.headers()[header::RETRY_AFTER], "90");
    assert!(text_of(throttled).await.contains("in 2 minutes"));
}

#[test]
fn what_holds_secrets_does_not_print_itself() {
    let view = codes::View {
        csrf: String::from("csrf"),
        shown: Shown::Off(new_app()),
        notice: None,
    };
    let all = format!("{view:?} {:?} {:?}", view.shown, new_app());
    assert!(!all.contains("GEZD") && !all.contains("csrf"), "{all}");
}
