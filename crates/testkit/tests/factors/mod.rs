//! What people show beside a password: codes of an authenticator app, recovery codes, passkeys; how they are set up, how they
//! sign in, and what clients hear of it.

mod codes;
mod guessing;
mod letters;
mod passkeys;
mod set_up;
mod step_up;

use std::collections::BTreeSet;
use valetkey_rules::totp::{self, TotpSecret};
use valetkey_testkit::{Answer, Authenticator, Browser, TestServer, cast};

pub(crate) const SECOND_FACTOR: &str = "/account/second-factor";
pub(crate) const PASSKEYS: &str = "/account/passkeys";

/// An authenticator app, with the secret that it was given.
pub(crate) struct Phone {
    secret: TotpSecret,
}

impl Phone {
    /// Reads the secret from the page.
    pub(crate) fn scans(page: &Answer) -> Self {
        let text = page.text();
        let (_, rest) = text
            .split_once("id=\"secret\">")
            .expect("the page shows a secret");
        let shown = rest.split('<').next().unwrap_or_default();
        Self {
            secret: TotpSecret::from_shown(shown).expect("it is a secret"),
        }
    }

    /// What it shows now.
    pub(crate) fn shows(&self, server: &TestServer) -> String {
        totp::code_at(&self.secret, totp::step_at(server.clock.timestamp()))
    }

    /// What it showed or will show, some steps away.
    fn shows_at(&self, server: &TestServer, steps: i64) -> String {
        totp::code_at(&self.secret, totp::step_at(server.clock.timestamp()) + steps)
    }
}

/// The browser of somebody who has just signed in, and set up an app; time goes on to the next code.
pub(crate) async fn with_phone(server: &TestServer, who: cast::Person) -> (Browser, Phone, Vec<String>) {
    let browser = server.browser(who);
    browser.signs_in_for_the_account().await;
    let page = browser.get(SECOND_FACTOR, &[]).await;
    let phone = Phone::scans(&page);
    let kept = browser.submits(&page, &[("code", &phone.shows(server))]).await;
    assert_eq!(kept.status, 200, "{}", kept.text());
    let codes = recovery_codes(&kept);
    server.clock.advance(30);
    (browser, phone, codes)
}

/// The recovery codes that a page shows.
fn recovery_codes(page: &Answer) -> Vec<String> {
    let text = page.text();
    let (_, rest) = text
        .split_once("id=\"recovery-codes\">")
        .expect("the page shows codes");
    let list = rest.split("</ul>").next().unwrap_or_default();
    let codes: Vec<String> = list
        .split("<li>")
        .skip(1)
        .map(|item| item.split('<').next().unwrap_or_default().to_owned())
        .collect();
    assert_eq!(codes.iter().collect::<BTreeSet<_>>().len(), 10, "{codes:?}");
    codes
}

/// The browser of somebody who has just signed in, and added a passkey.
pub(crate) async fn with_passkey(server: &TestServer, who: cast::Person) -> (Browser, Authenticator) {
    let browser = server.browser(who);
    browser.signs_in_for_the_account().await;
    let mut device = Authenticator::new(who.username);
    let added = adds(&browser, &mut device).await;
    assert_eq!(added.location().as_deref(), Some("/account/passkeys?added=1"));
    (browser, device)
}

/// Adds a passkey in a browser whose person has just signed in.
pub(crate) async fn adds(browser: &Browser, device: &mut Authenticator) -> Answer {
    let page = browser.get(PASSKEYS, &[]).await;
    let credential = device.makes(&page);
    let fields = [("credential", credential.as_str()), ("name", "Pocket")];
    browser
        .submits_the("data-passkey=\"create\"", &page, &fields)
        .await
}

/// Uses a passkey on a page of the sign-in.
pub(crate) async fn uses_passkey(browser: &Browser, page: &Answer, credential: &str) -> Answer {
    let answer = browser
        .submits_the("data-passkey=\"get\"", page, &[("credential", credential)])
        .await;
    browser.follows(answer).await
}

/// The sign-in page that an app's request leads to.
pub(crate) async fn login_page(server: &TestServer, browser: &Browser) -> Answer {
    let page = browser
        .opens(&server.app(cast::MYSWEETAPP).asks_for("openid"))
        .await;
    assert!(page.text().contains("id=\"login\""));
    page
}

/// The second step, once name and password were right.
pub(crate) async fn second_step(server: &TestServer, browser: &Browser) -> Answer {
    let page = browser.signs_in(&login_page(server, browser).await).await;
    assert!(page.text().contains("One more step"), "{}", page.text());
    page
}

fn is_signed_in(answer: &Answer) -> bool {
    answer.text().contains("id=\"allow\"")
}
