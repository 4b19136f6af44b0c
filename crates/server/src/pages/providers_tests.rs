//! The pages about other providers show what others chose to be called, and nothing of it acts.

use super::*;
use http_body_util::BodyExt as _;

async fn text_of(response: Response) -> String {
    let bytes = response.into_body().collect().await.unwrap().to_bytes();
    String::from_utf8(bytes.into()).unwrap()
}

const HOSTILE: &str = "<script>alert(1)</script>\u{202e}";

#[tokio::test]
async fn hostile_names_of_people_and_accounts_do_not_act() {
    let view = SignUp {
        provider: HOSTILE.to_owned(),
        name: Some(HOSTILE.to_owned()),
        email: Some(HOSTILE.to_owned()),
        username: HOSTILE.to_owned(),
        problem: Some(HOSTILE.to_owned()),
        ..SignUp::default()
    };
    let response = sign_up(&Brand::default(), &view);
    assert_eq!(response.status(), 400);
    let first = text_of(response).await;
    let view = Link {
        provider: HOSTILE.to_owned(),
        account: HOSTILE.to_owned(),
        username: Some(HOSTILE.to_owned()),
        ..Link::default()
    };
    let second = text_of(link(&Brand::default(), &view)).await;
    let linked = Linked {
        provider: String::from("x"),
        label: HOSTILE.to_owned(),
        subject: HOSTILE.to_owned(),
        account: HOSTILE.to_owned(),
        since: Timestamp(0),
        works: true,
        may_go: true,
    };
    let view = Account {
        links: vec![linked],
        ..Account::default()
    };
    let third = text_of(account(&Brand::default(), &view)).await;
    for page in [first, second, third] {
        assert!(
            !page.contains("<script>") && page.contains("&#60;script"),
            "{page}"
        );
        assert!(page.len() < 20 * 1024);
    }
}

#[tokio::test]
async fn the_page_says_whom_it_would_link_or_who_must_sign_in_first() {
    let before = Link {
        provider: String::from("Corner"),
        account: String::from("al@corner.example"),
        sign_in_href: String::from("/login?flow=x"),
        ..Link::default()
    };
    let asks = text_of(link(&Brand::default(), &before)).await;
    assert!(
        asks.contains("href=\"/login?flow=x\"") && !asks.contains("<form"),
        "{asks}"
    );
    let after = Link {
        username: Some(String::from("alice")),
        ..before
    };
    let offers = text_of(link(&Brand::default(), &after)).await;
    for part in ["al@corner.example", "alice", "value=\"link\"", "value=\"skip\""] {
        assert!(offers.contains(part), "{part}: {offers}");
    }
}

#[tokio::test]
async fn the_last_way_to_sign_in_has_no_button_to_unlink_it() {
    let linked = |may_go| Linked {
        provider: String::from("corner"),
        label: String::from("Corner"),
        subject: String::from("42"),
        account: String::from("al"),
        since: Timestamp(0),
        works: true,
        may_go,
    };
    let page = |links| Account {
        links,
        ..Account::default()
    };
    let last = text_of(account(&Brand::default(), &page(vec![linked(false)]))).await;
    assert!(!last.contains("<form") && last.contains("only way"), "{last}");
    let more = text_of(account(&Brand::default(), &page(vec![linked(true)]))).await;
    assert!(more.contains("id=\"unlink-corner-42\""), "{more}");
    let none = text_of(account(&Brand::default(), &page(Vec::new()))).await;
    assert!(none.contains("No account"), "{none}");
}
