//! The pages of sign-out: what they frame, where they lead, and what they allow.

use super::*;
use axum::body::to_bytes;

fn last_page(frames: &[&str], onward: Option<&str>) -> Response {
    let view = SignedOut {
        apps: vec![
            String::from("MySweetApp"),
            String::from("<b>"),
            String::from("MySweetApp"),
        ],
        frames: frames.iter().map(|url| (*url).to_owned()).collect(),
        onward: onward.map(|href| Onward {
            name: String::from("MySweetApp"),
            href: href.to_owned(),
        }),
    };
    signed_out(&Brand::default(), &view)
}

fn policy_of(response: &Response) -> &str {
    response.headers()[header::CONTENT_SECURITY_POLICY]
        .to_str()
        .unwrap()
}

async fn text_of(response: Response) -> String {
    let bytes = to_bytes(response.into_body(), 1 << 20).await.unwrap();
    String::from_utf8(bytes.to_vec()).unwrap()
}

#[test]
fn the_frames_of_the_last_page_are_of_these_origins_and_no_others() {
    let page = last_page(
        &[
            "https://b.example:8443/out?a=1&iss=x",
            "https://a.example/out",
            "https://a.example/other",
            "data:text/html,x",
        ],
        None,
    );
    assert_eq!(
        policy_of(&page),
        "default-src 'none'; style-src 'self'; img-src 'self'; script-src 'self'; frame-src https://a.example https://b.example:8443; base-uri 'none'; frame-ancestors 'none'; form-action 'self'"
    );
}

#[tokio::test]
async fn without_a_frame_the_last_page_has_no_script_and_may_frame_nobody() {
    let page = last_page(&[], Some("https://a.example/"));
    assert!(!policy_of(&page).contains("script-src") && !policy_of(&page).contains("frame-src"));
    let html = text_of(page).await;
    assert!(!html.contains("<script") && !html.contains("<iframe") && !html.contains("id=\"told\""));
    assert!(html.contains("id=\"continue\" href=\"https://a.example/\""));
}

#[tokio::test]
async fn the_last_page_names_each_app_that_it_tells_once_and_goes_on_by_a_link_too() {
    let page = last_page(
        &["https://a.example/out?x=1&sid=s"],
        Some("https://a.example/?state=%22"),
    );
    let html = text_of(page).await;
    assert_eq!(html.matches("<li>").count(), 2, "{html}");
    assert!(html.contains("&#60;b&#62;"), "{html}");
    assert!(
        html.contains("<iframe hidden src=\"https://a.example/out?x=1&#38;sid=s\""),
        "{html}"
    );
    assert!(html.contains("href=\"https://a.example/?state=%22\""), "{html}");
    assert!(html.contains("signed-out-"), "{html}");
}
