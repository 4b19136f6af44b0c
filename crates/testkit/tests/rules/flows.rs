//! Violations of the rules of assertions, passwords, devices and token exchange.

use super::stage::{Stage, Told};
use valetkey_jose::{Algorithm, SigningKey};
use valetkey_protocol::token::TOKEN_EXCHANGE;
use valetkey_testkit::{Answer, Assertion, Begun, cast};

pub(super) const DEVICE_GRANT: &[(&str, &str)] =
    &[("grant_type", "urn:ietf:params:oauth:grant-type:device_code")];
pub(super) const EXCHANGE: &[(&str, &str)] = &[("grant_type", TOKEN_EXCHANGE)];

/// A good assertion of `key-backup`, signed as the test wants it.
pub(super) fn assertion(s: &Stage, sign: fn(Assertion) -> String) -> Told<'_> {
    Box::pin(async move {
        let text = sign(s.server.assertion(cast::KEY_BACKUP));
        Some(
            s.server
                .asserts_with(&text, &[("client_id", cast::KEY_BACKUP.id)])
                .await,
        )
    })
}

pub(super) fn by_a_stranger(assertion: Assertion) -> String {
    let key = SigningKey::generate(Algorithm::ES256).expect("a key can be made");
    assertion.signed_by(&key)
}

pub(super) async fn another_assertion_type(s: &Stage) -> Option<Answer> {
    let text = s.server.assertion(cast::KEY_BACKUP).signed();
    let pairs = [
        ("grant_type", "client_credentials"),
        (
            "client_assertion_type",
            "urn:ietf:params:oauth:client-assertion-type:saml2-bearer",
        ),
        ("client_assertion", text.as_str()),
    ];
    Some(s.server.site.post("/token", &pairs).await)
}

pub(super) async fn assertion_twice(s: &Stage) -> Option<Answer> {
    let text = s.server.assertion(cast::HS_BACKUP).signed();
    s.server.asserts(&text).await.tokens();
    Some(s.server.asserts(&text).await)
}

pub(super) async fn guessed_passwords(s: &Stage, times: usize) -> Option<Answer> {
    let app = s.server.app(cast::OLDMOBILE);
    let pairs = [
        ("grant_type", "password"),
        ("username", "alice"),
        ("password", "guess"),
        ("scope", "photos.read"),
    ];
    let mut answer = None;
    for _ in 0..times {
        answer = Some(app.posts("/token", &pairs).await);
    }
    answer
}

pub(super) async fn invented_device_code(s: &Stage) -> Option<Answer> {
    let invented = Begun {
        device_code: "vkd_x".into(),
        user_code: String::new(),
        json: serde_json::Value::Null,
    };
    Some(s.server.app(cast::TV).polls(&invented).await)
}

async fn begun(s: &Stage) -> Begun {
    s.server.app(cast::TV).shows_a_code("photos.read").await
}

pub(super) async fn device_code_of_another(s: &Stage) -> Option<Answer> {
    Some(s.server.app(cast::KIOSK).polls(&begun(s).await).await)
}

pub(super) async fn polls(s: &Stage, times: usize) -> Option<Answer> {
    let (tv, begun) = (s.server.app(cast::TV), begun(s).await);
    let mut answer = None;
    for _ in 0..times {
        answer = Some(tv.polls(&begun).await);
    }
    answer
}

pub(super) async fn late_poll(s: &Stage) -> Option<Answer> {
    let begun = begun(s).await;
    s.server.clock.advance(600);
    Some(s.server.app(cast::TV).polls(&begun).await)
}

pub(super) async fn answered_poll(s: &Stage, button: &str, times: usize) -> Option<Answer> {
    let (tv, begun) = (s.server.app(cast::TV), begun(s).await);
    s.alice.answers_the_device(&begun.user_code, button).await;
    let mut answer = None;
    for _ in 0..times {
        answer = Some(tv.polls(&begun).await);
    }
    answer
}

pub(super) async fn many_devices(s: &Stage) -> Option<Answer> {
    let tv = s.server.app(cast::TV);
    for _ in 0..60 {
        tv.shows_a_code("photos.read").await;
    }
    Some(tv.begins_on_a_device("photos.read").await)
}

pub(super) async fn wrong_codes(s: &Stage, times: usize) -> Option<Answer> {
    let mut answer = None;
    for _ in 0..times {
        answer = Some(s.alice.types_the_code("BCDF-GHJK").await);
    }
    answer
}

/// Alice's token from `mysweetapp`, exchanged.
pub(super) fn exchanges<'a>(
    s: &'a Stage,
    app: cast::Registered,
    more: &'static [(&'static str, &'static str)],
) -> Told<'a> {
    Box::pin(async move {
        let tokens = s.tokens().await;
        Some(s.exchange(app, &tokens.access, more).await)
    })
}

pub(super) async fn actor_of_another(s: &Stage) -> Option<Answer> {
    let (tokens, actor) = (s.tokens().await, s.own(cast::PHOTO_BACKUP).await);
    Some(s.exchange(cast::GALLERY, &tokens.access, &acting(&actor)).await)
}

pub(super) async fn token_of_a_stranger(s: &Stage) -> Option<Answer> {
    let other = s.server.app(cast::OTHERAPP);
    let code = s.alice.allows(&other.asks_for("photos.read")).await;
    let tokens = other.redeems(&code).await.tokens();
    Some(s.exchange(cast::SUPPORT, &tokens.access, &[]).await)
}

/// The parameters that name an actor.
pub(super) fn acting(token: &str) -> [(&str, &str); 2] {
    [
        ("actor_token", token),
        ("actor_token_type", valetkey_protocol::token::ACCESS_TOKEN_TYPE),
    ]
}

/// Everything that these rules are satisfied by.
pub(super) async fn good_ways(s: &Stage) {
    for registered in [cast::HS_BACKUP, cast::KEY_BACKUP] {
        let text = s.server.assertion(registered).signed();
        s.server.asserts(&text).await.tokens();
    }
    let by_password = [
        ("grant_type", "password"),
        ("username", "alice"),
        ("password", "wonderland"),
    ];
    let app = s.server.app(cast::OLDMOBILE);
    let more = [("scope", "photos.read")];
    app.posts("/token", &[&by_password[..], &more].concat())
        .await
        .tokens();

    let (tv, begun) = (s.server.app(cast::TV), begun(s).await);
    s.alice.answers_the_device(&begun.user_code, "allow").await;
    tv.polls(&begun).await.tokens();

    let (tokens, actor) = (s.tokens().await, s.own(cast::GALLERY).await);
    let narrow = [("scope", "photos.read"), ("resource", cast::PHOTOS)];
    let delegation = [&acting(&actor)[..], &narrow].concat();
    s.exchange(cast::GALLERY, &tokens.access, &delegation)
        .await
        .tokens();
    s.exchange(cast::SUPPORT, &tokens.access, &narrow).await.tokens();
}
