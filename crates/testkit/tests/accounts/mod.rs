//! Accounts: opening one, proving an address, a forgotten password, what people change by themselves, and the end. Letters
//! go to a real mail server on the loopback interface.

pub(crate) mod changes;
mod delete;
pub(crate) mod invitations;
mod profile;
mod reset;
pub(crate) mod sign_up;

use valetkey_model::User;
use valetkey_rules::account::{AccountsPolicy, SignUp};
use valetkey_server::Settings;
use valetkey_testkit::{Answer, Browser, Mailbox, TestServer, cast};

/// A password that nobody guesses soon.
pub(crate) const GOOD: &str = "seven lanterns over quiet harbours";
/// Another one.
const BETTER: &str = "violet engines hum beneath glaciers";

/// A server that sends letters, with this policy.
pub(crate) async fn server(change: impl FnOnce(&mut AccountsPolicy)) -> (TestServer, Mailbox) {
    let mailbox = Mailbox::open().await;
    let mail = mailbox.settings();
    let server = TestServer::start_with(|settings: &mut Settings| {
        settings.mail = Some(mail);
        change(&mut settings.policy.accounts);
    })
    .await;
    (server, mailbox)
}

/// The same, where everybody may sign up.
pub(crate) async fn open_server() -> (TestServer, Mailbox) {
    server(|accounts| accounts.sign_up = SignUp::Open).await
}

pub(crate) async fn person(server: &TestServer, username: &str) -> Option<User> {
    let found = server.store.find_user_by_username(username).await;
    found.expect("the store answers")
}

/// Whether name and password open the account, in a browser of their own.
async fn can_sign_in(server: &TestServer, username: &str, password: &str) -> bool {
    let browser = server.browser(cast::BOB);
    let login = browser.get("/login", &[]).await;
    let answer = browser
        .submits(&login, &[("username", username), ("password", password)])
        .await;
    answer.status == 303
}

/// Opens the link of a letter and presses its button.
pub(crate) async fn presses(browser: &Browser, link: &str) -> Answer {
    let page = browser.get(link, &[]).await;
    assert_eq!(page.status, 200, "{}", page.text());
    browser.submits(&page, &[]).await
}

/// What an outsider can compare: the status, the body without what is new in every answer, and the names of the headers.
fn looks(answer: &Answer) -> (u16, String, Vec<String>) {
    let text = answer.text();
    let steady: Vec<&str> = text.split('"').filter(|part| part.len() < 200).collect();
    let mut names: Vec<String> = answer.headers.keys().map(ToString::to_string).collect();
    names.sort();
    (answer.status.as_u16(), steady.join("\""), names)
}
