//! Signing in with other providers: a second Valetkey, and a provider of the test's own that can lie, both over real HTTP on
//! the loopback interface.

pub(crate) mod account;
mod attacks;
mod down;
pub(crate) mod first_time;
mod fresh;
mod hub;
pub(crate) mod provider;
mod together;
mod valetkey;

pub(crate) use provider::Provider;
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;
use url::Url;
use valetkey_model::{Link, User, UserId};
use valetkey_protocol::rule::Rule;
use valetkey_server::Settings;
use valetkey_server::upstream::ProviderSettings;
use valetkey_testkit::cast::{self, Person};
use valetkey_testkit::{Answer, Asked, Browser, TestServer};

/// Who has the account at the provider.
pub(crate) const SUB: &str = "upstream-alice";

/// A server with these providers.
pub(crate) async fn server_with(providers: Vec<ProviderSettings>) -> TestServer {
    TestServer::start_with(|settings| declare(settings, providers)).await
}

pub(crate) fn declare(settings: &mut Settings, providers: Vec<ProviderSettings>) {
    settings.providers = providers;
    settings.outbound.allow_private = vec!["127.0.0.0/8".parse().unwrap()];
}

/// A server with one provider, `corner`, that this test decides about.
pub(crate) async fn with_corner() -> (TestServer, Provider) {
    with_corner_as(|_| ()).await
}

pub(crate) async fn with_corner_as(change: impl FnOnce(&mut ProviderSettings)) -> (TestServer, Provider) {
    let provider = Provider::start().await;
    let mut corner = provider.openid("corner");
    change(&mut corner);
    (server_with(vec![corner]).await, provider)
}

/// A sign-in that the browser was sent to a provider with.
pub(crate) struct Begun {
    /// The address there.
    pub(crate) url: Url,
    pub(crate) provider: String,
}

impl Begun {
    pub(crate) fn parameter(&self, name: &str) -> String {
        let found = self.url.query_pairs().find(|(key, _)| key == name);
        found.map(|(_, value)| value.into_owned()).unwrap_or_default()
    }

    /// Claims of an honest ID token.
    pub(crate) fn claims(&self, provider: &Provider, now: i64) -> Map<String, Value> {
        let claims = json!({
            "iss": provider.issuer, "sub": SUB, "aud": "valetkey", "iat": now, "exp": now + 300,
            "nonce": self.parameter("nonce"), "auth_time": now, "amr": ["mfa", "hwk"],
        });
        claims.as_object().unwrap().clone()
    }

    /// The provider's answer, as it stands in the query.
    pub(crate) fn answer(&self, provider: &Provider) -> BTreeMap<&'static str, String> {
        BTreeMap::from([
            ("code", String::from("upstream-code")),
            ("state", self.parameter("state")),
            ("iss", provider.issuer.clone()),
        ])
    }
}

/// Opens an authorization request; it ends at the sign-in page. Gives the sealed request.
pub(crate) async fn flow_of(browser: &Browser, asked: &Asked) -> String {
    let page = browser.opens(asked).await;
    assert_eq!(page.status, 200, "{}", page.text());
    flow_in(&page)
}

/// The sealed request that stands in a form of the page.
pub(crate) fn flow_in(page: &Answer) -> String {
    let hidden = page.form().hidden;
    let found = hidden.into_iter().find(|(name, _)| name == "flow");
    found.expect("the form holds the request").1
}

/// Presses the button of a provider.
pub(crate) async fn presses(browser: &Browser, id: &str, flow: &str) -> Answer {
    browser.get(&format!("/login/with/{id}"), &[("flow", flow)]).await
}

/// The same, where it leads to the provider.
pub(crate) async fn begins(browser: &Browser, id: &str, flow: &str) -> Begun {
    let answer = presses(browser, id, flow).await;
    assert_eq!(answer.status, 303, "{}", answer.text());
    Begun {
        url: answer.callback(),
        provider: id.to_owned(),
    }
}

/// Brings an answer to the redirect URI of the provider that was asked.
pub(crate) async fn brings(browser: &Browser, begun: &Begun, answer: &BTreeMap<&str, String>) -> Answer {
    let pairs: Vec<(&str, &str)> = answer
        .iter()
        .map(|(name, value)| (*name, value.as_str()))
        .collect();
    let path = format!("/login/with/{}/callback", begun.provider);
    browser.get(&path, &pairs).await
}

/// Comes back from a provider that is honest about [`SUB`].
pub(crate) async fn comes_back(
    server: &TestServer,
    browser: &Browser,
    begun: &Begun,
    provider: &Provider,
) -> Answer {
    let claims = begun.claims(provider, server.clock.timestamp().0);
    provider.claims(Value::Object(claims));
    brings(browser, begun, &begun.answer(provider)).await
}

/// The same from the authorization request on.
pub(crate) async fn signs_in_at(
    server: &TestServer,
    browser: &Browser,
    (id, provider): (&str, &Provider),
    asked: &Asked,
) -> Answer {
    let flow = flow_of(browser, asked).await;
    let begun = begins(browser, id, &flow).await;
    comes_back(server, browser, &begun, provider).await
}

/// What the app asks for in these tests.
pub(crate) fn asked(server: &TestServer) -> Asked {
    server.app(cast::MYSWEETAPP).asks_for("openid photos.read")
}

/// Links the provider's account to somebody, as they did before.
pub(crate) async fn linked(server: &TestServer, person: Person, provider: &str, subject: &str) -> User {
    let user = record(server, person.username).await;
    let link = Link {
        provider: provider.to_owned(),
        subject: subject.to_owned(),
        user: user.id,
        label: String::from("al"),
        created_at: server.clock.timestamp(),
    };
    server.store.insert_link(link).await.unwrap();
    user
}

pub(crate) async fn record(server: &TestServer, username: &str) -> User {
    let found = server.store.find_user_by_username(username).await.unwrap();
    found.expect("the person is there")
}

pub(crate) async fn links_of(server: &TestServer, user: UserId) -> Vec<Link> {
    server.store.list_links(user).await.unwrap()
}

/// A page that refuses by this rule, with nobody signed in.
pub(crate) async fn is_refused(server: &TestServer, browser: &Browser, answer: &Answer, rule: Rule) {
    let text = answer.text();
    assert_eq!(answer.status.as_u16(), rule.info().status, "{rule:?}: {text}");
    assert!(text.contains(rule.info().error.as_str()), "{rule:?}: {text}");
    assert_eq!(server.refusals(rule).await, 1, "{rule:?}: {text}");
    assert!(
        browser.cookie("vk_session").is_empty(),
        "{rule:?}: nobody is signed in"
    );
}

/// The claims of the ID token that the app gets after consent.
pub(crate) async fn id_claims(server: &TestServer, browser: &Browser, asked: &Asked, here: Answer) -> Value {
    let answer = browser.goes_on(here, "allow").await;
    let code = asked.code_from(&answer);
    let tokens = server.app(cast::MYSWEETAPP).redeems(&code).await.tokens();
    let payload = tokens.id.split('.').nth(1).unwrap();
    serde_json::from_slice(&valetkey_jose::b64::decode_url(payload).unwrap()).unwrap()
}
