//! Violations of the rules of OAuth 1.0a (RFC 5849), and of its client library.

use super::stage::{Stage, Told};
use http::{Method, Request, Response};
use std::sync::Arc;
use valetkey_client::oauth1::{self as library, Callback, Provider, Signing};
use valetkey_client::{BoxFuture, HttpClient, HttpError};
use valetkey_protocol::oauth1::{Protocol, SignatureMethod};
use valetkey_protocol::rule::Rule;
use valetkey_protocol::token::{OAUTH1_TOKEN_TYPE, TOKEN_EXCHANGE};
use valetkey_testkit::{Answer, Consumer, Draft, Signed, Site, Temporary, cast};

fn printer(s: &Stage) -> Consumer {
    s.server.consumer(cast::PRINTER)
}

/// A good request for temporary credentials, made wrong.
pub(super) fn sent(s: &Stage, change: fn(Draft) -> Signed) -> Told<'_> {
    Box::pin(async move {
        let printer = printer(s);
        let draft = printer.initiate(cast::PRINTER.redirect_uri, "photos.read");
        Some(printer.sends(change(draft)).await)
    })
}

/// The same, where only a protocol parameter is wrong, and that is signed.
pub(super) fn initiated(s: &Stage, change: fn(&mut Protocol)) -> Told<'_> {
    Box::pin(async move {
        let printer = printer(s);
        let draft = printer.initiate(cast::PRINTER.redirect_uri, "photos.read");
        Some(printer.tries(draft.but(change)).await)
    })
}

pub(super) fn in_two_places(draft: Draft) -> Signed {
    draft.form(&[("oauth_nonce", "x")]).signed()
}

/// Asks as the Photos API about a request, and finds it refused by the rule.
async fn refused_at_verify(s: &Stage, signed: &Signed, rule: Rule) {
    let api = s.server.app(cast::PHOTOS_API);
    let answer = api.posts("/oauth1/verify", &signed.to_verify()).await;
    assert_eq!(answer.status, 200, "{}", answer.text());
    assert_eq!(answer.json()["active"], false);
    assert_eq!(answer.member("rule"), rule.info().id);
}

pub(super) async fn plaintext_in_clear(s: &Stage) -> Option<Answer> {
    let printer = printer(s).by(SignatureMethod::Plaintext);
    let token = printer.is_allowed_by(&s.alice, "photos.read").await;
    let signed = printer
        .asks(Method::GET, "http://photos.example/photos", &token)
        .signed();
    refused_at_verify(s, &signed, Rule::OAuth1PlaintextWithoutTls).await;
    None
}

pub(super) async fn at_another_api(s: &Stage) -> Option<Answer> {
    let printer = printer(s);
    let token = printer.is_allowed_by(&s.alice, "photos.read").await;
    let signed = printer
        .asks(Method::GET, "https://bank.example/photos", &token)
        .signed();
    refused_at_verify(s, &signed, Rule::OAuth1OtherResource).await;
    None
}

pub(super) async fn replayed(s: &Stage) -> Option<Answer> {
    let printer = printer(s);
    let signed = printer.initiate("oob", "photos.read").signed();
    assert_eq!(printer.sends(signed.clone()).await.status, 200);
    Some(printer.sends(signed).await)
}

pub(super) async fn invented_token(s: &Stage) -> Option<Answer> {
    let invented = Temporary {
        token: "vkt_x".into(),
        secret: "x".into(),
    };
    let printer = printer(s);
    Some(printer.tries(printer.redeem(&invented, "x")).await)
}

/// Temporary credentials that Alice has allowed, with the verifier.
async fn allowed(s: &Stage) -> (Temporary, String) {
    let printer = printer(s);
    let temporary = printer.begins("photos.read").await;
    let answer = s.alice.answers_oauth1(&temporary.token, "allow").await;
    let verifier = printer.verifier_from(&temporary, &answer);
    (temporary, verifier)
}

pub(super) async fn token_of_another(s: &Stage) -> Option<Answer> {
    let (temporary, verifier) = allowed(s).await;
    let other = s.server.consumer(cast::OTHERPRINTER);
    Some(other.tries(other.redeem(&temporary, &verifier)).await)
}

pub(super) async fn late(s: &Stage) -> Option<Answer> {
    let (temporary, verifier) = allowed(s).await;
    s.server.clock.advance(600);
    Some(printer(s).tries(printer(s).redeem(&temporary, &verifier)).await)
}

pub(super) async fn taken_back(s: &Stage) -> Option<Answer> {
    let (temporary, verifier) = allowed(s).await;
    let page = s.alice.get("/account", &[]).await;
    s.alice.submits(&page, &[]).await;
    Some(printer(s).tries(printer(s).redeem(&temporary, &verifier)).await)
}

pub(super) async fn redeemed_twice(s: &Stage) -> Option<Answer> {
    let (temporary, verifier) = allowed(s).await;
    let _ = printer(s)
        .tries(printer(s).redeem(&temporary, &verifier))
        .await
        .credentials();
    Some(printer(s).tries(printer(s).redeem(&temporary, &verifier)).await)
}

pub(super) async fn nobody_asked(s: &Stage) -> Option<Answer> {
    let temporary = printer(s).begins("photos.read").await;
    Some(printer(s).tries(printer(s).redeem(&temporary, "x")).await)
}

pub(super) async fn guessed_verifier(s: &Stage) -> Option<Answer> {
    let (temporary, _) = allowed(s).await;
    Some(printer(s).tries(printer(s).redeem(&temporary, "guess")).await)
}

pub(super) async fn declined(s: &Stage) -> Option<Answer> {
    let temporary = printer(s).begins("photos.read").await;
    Some(s.alice.answers_oauth1(&temporary.token, "cancel").await)
}

pub(super) async fn adds_with_read_only(s: &Stage) -> Option<Answer> {
    let token = printer(s).is_allowed_by(&s.alice, "photos.read").await;
    let signed = printer(s)
        .asks(Method::POST, "https://photos.example/add", &token)
        .signed();
    Some(s.server.photos_by_both(&s.recorder).takes(signed.request).await)
}

pub(super) async fn migration_without_a_signature(s: &Stage) -> Option<Answer> {
    let token = printer(s).is_allowed_by(&s.alice, "photos.read").await;
    let pairs = [
        ("grant_type", TOKEN_EXCHANGE),
        ("subject_token", token.token.as_str()),
        ("subject_token_type", OAUTH1_TOKEN_TYPE),
    ];
    Some(s.server.app(cast::PRINTER).posts("/token", &pairs).await)
}

pub(super) async fn migration_of_the_bank(s: &Stage) -> Option<Answer> {
    let bank = s.server.consumer(cast::BANK);
    let token = bank.is_allowed_by(&s.alice, "photos.read").await;
    Some(bank.tries(bank.migrate(&token, &[])).await)
}

/// Somebody between the client and a server of OAuth Core 1.0, which knew no confirmation.
struct WithoutConfirmation(Site);

impl HttpClient for WithoutConfirmation {
    fn send(&self, request: Request<Vec<u8>>) -> BoxFuture<'_, Result<Response<Vec<u8>>, HttpError>> {
        Box::pin(async move {
            let mut response = HttpClient::send(&self.0, request).await?;
            let text = String::from_utf8_lossy(response.body()).replace("&oauth_callback_confirmed=true", "");
            *response.body_mut() = text.into_bytes();
            Ok(response)
        })
    }
}

fn library(s: &Stage, http: Arc<dyn HttpClient>) -> library::Client {
    let consumer = library::Consumer {
        key: cast::PRINTER.id.into(),
        signing: Signing::HmacSha256(cast::PRINTER.secret.to_owned().into()),
    };
    library::Client::new(http, Provider::of_issuer(cast::ISSUER), consumer).with_observer(s.recorder.clone())
}

async fn begun(
    s: &Stage,
    client: &library::Client,
) -> Result<(url::Url, library::Pending), valetkey_client::Error> {
    let callback = Callback::Url(cast::PRINTER.redirect_uri);
    let now = s.server.clock.timestamp();
    client
        .temporary_credentials(callback, &[("scope", "photos.read")], now)
        .await
}

pub(super) async fn unconfirmed_callback(s: &Stage) -> Option<Answer> {
    let client = library(s, Arc::new(WithoutConfirmation(s.server.site.clone())));
    s.saw(begun(s, &client).await.expect_err("it is refused").rule());
    None
}

/// Somebody lures Alice's browser to the callback of an authorization that somebody else began.
pub(super) async fn callback_of_another(s: &Stage) -> Option<Answer> {
    let client = library(s, Arc::new(s.server.site.clone()));
    let (_, pending) = begun(s, &client).await.expect("the printer may ask");
    let (temporary, verifier) = allowed(s).await;
    let token = temporary.token;
    let query = format!("oauth_token={token}&oauth_verifier={verifier}");
    let now = s.server.clock.timestamp();
    let outcome = client.finish(pending, &query, now).await;
    s.saw(outcome.expect_err("it is refused").rule());
    None
}

/// Everything that these rules are satisfied by.
pub(super) async fn good_ways(s: &Stage) {
    let photos = s.server.photos_by_both(&s.recorder);
    let printer = printer(s).by(SignatureMethod::Plaintext);
    let token = printer.is_allowed_by(&s.alice, "photos.read photos.write").await;
    let signed = printer
        .asks(Method::POST, "https://photos.example/add", &token)
        .signed();
    assert_eq!(photos.takes(signed.request).await.status, 200);
    printer.tries(printer.migrate(&token, &[])).await.tokens();

    let client = library(s, Arc::new(s.server.site.clone()));
    let (url, pending) = begun(s, &client).await.expect("the printer may ask");
    let first = s.alice.get(url.as_str(), &[]).await;
    let answer = s.alice.goes_on(first, "allow").await;
    let query = answer.callback().query().unwrap_or_default().to_owned();
    let now = s.server.clock.timestamp();
    client
        .finish(pending, &query, now)
        .await
        .expect("it comes to token credentials");
}
