//! Forms about accounts as they go out: hostile texts first.

use super::form::{self, Field, Other, View};
use super::{Brand, said};
use axum::body::to_bytes;
use axum::response::Response;

async fn text_of(response: Response) -> String {
    let bytes = to_bytes(response.into_body(), 64 * 1024).await.unwrap();
    String::from_utf8(bytes.to_vec()).unwrap()
}

fn view(text: &str) -> View {
    View {
        title: text.to_owned(),
        lead: text.to_owned(),
        facts: vec![("Now", text.to_owned())],
        notice: Some(String::from("Saved.")),
        action: String::from("/account/email"),
        hidden: vec![("csrf", String::from("proof"))],
        fields: vec![
            Field {
                value: text.to_owned(),
                hint: Some("As you like."),
                problem: Some(text.to_owned()),
                ..Field::required("email", "Address", "email")
            },
            Field {
                value: text.to_owned(),
                is_long: true,
                ..Field::required("street_address", "Street", "text")
            },
        ],
        button: ("save", "Save"),
        other: Some(Other {
            id: "elsewhere",
            before: "Or",
            href: String::from("/login"),
            label: "go on",
        }),
        ..View::default()
    }
}

#[tokio::test]
async fn what_somebody_typed_stays_text() {
    let hostile = "<script>alert(1)</script>\"\u{202e}' autofocus onfocus=alert(1) x=\"";
    for page in [form::card, form::account] {
        let html = text_of(page(&Brand::default(), &view(hostile))).await;
        assert!(
            !html.contains("<script>") && !html.contains("\" autofocus onfocus"),
            "{html}"
        );
    }
    let said = said::View {
        id: "sent",
        title: hostile.to_owned(),
        lines: vec![hostile.to_owned()],
        next: None,
    };
    let html = text_of(said::render(&Brand::default(), &said)).await;
    assert!(!html.contains("<script>") && !html.contains('\u{202e}'), "{html}");
}

#[tokio::test]
async fn what_is_wrong_stands_beside_its_field_and_in_the_status() {
    for page in [form::card, form::account] {
        let response = page(&Brand::default(), &view("nonsense"));
        assert_eq!(response.status(), 400);
        let html = text_of(response).await;
        assert!(html.contains("aria-invalid=\"true\" aria-describedby=\"email-hint email-problem\""));
        assert!(
            html.contains("role=\"alert\" id=\"email-problem\">nonsense<"),
            "{html}"
        );
        assert!(!html.contains("street_address-problem"));
        assert!(html.contains("<button class=\"primary\" id=\"save\" type=\"submit\">"));
    }
    let mut fine = view("fine");
    fine.fields.clear();
    assert_eq!(form::card(&Brand::default(), &fine).status(), 200);
}

#[tokio::test]
async fn only_a_form_of_a_sign_in_may_lead_to_another_site() {
    let policy = |leads_away: bool| {
        let view = View {
            leads_away,
            ..view("x")
        };
        let response = form::card(&Brand::default(), &view);
        let value = response.headers().get("content-security-policy").unwrap();
        value.to_str().unwrap().to_owned()
    };
    assert!(policy(false).contains("form-action 'self'"));
    assert!(!policy(true).contains("form-action"));
}

#[tokio::test]
async fn a_page_without_a_button_has_no_form() {
    let view = View {
        button: ("", ""),
        ..view("x")
    };
    let html = text_of(form::account(&Brand::default(), &view)).await;
    assert!(!html.contains("<form"), "{html}");
    assert!(html.contains("aria-label=\"Your account\""));
}

#[tokio::test]
async fn whoever_comes_back_stands_where_something_is_wrong() {
    let mut form = view("x");
    for field in &mut form.fields {
        field.problem = None;
        field.hint = None;
    }
    form.fields[0].is_first = true;
    let html = text_of(form::card(&Brand::default(), &form)).await;
    let focused = |html: &str, id: &str| {
        let (_, rest) = html.split_once(&format!("id=\"{id}\"")).unwrap();
        rest.split('>').next().unwrap().contains(" autofocus")
    };
    assert!(focused(&html, "email") && !focused(&html, "street_address"));
    form.fields[1].problem = Some(String::from("Too long."));
    let html = text_of(form::card(&Brand::default(), &form)).await;
    assert!(!focused(&html, "email") && focused(&html, "street_address"));
    assert_eq!(html.matches(" autofocus").count(), 1);
    assert!(html.contains("aria-describedby=\"street_address-problem\""));
}

#[tokio::test]
async fn the_navigation_of_the_account_says_where_one_is() {
    let html = text_of(form::account(&Brand::default(), &view("x"))).await;
    assert_eq!(html.matches("aria-current=\"page\"").count(), 1);
    assert!(
        html.contains("<a href=\"/account/email\" aria-current=\"page\">E-mail</a>"),
        "{html}"
    );
}
