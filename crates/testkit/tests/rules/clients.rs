//! What the client library refuses. The server is the real one; where the library must not believe it, somebody on the
//! way changes the answer.

use super::stage::Stage;
use http::{Request, Response};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use url::Url;
use valetkey_client::{
    Ask, BoxFuture, Client, ClientAuthentication, HttpClient, HttpError, Pending, Registration, Tokens,
};
use valetkey_protocol::secret::ClientSecret;
use valetkey_testkit::{Answer, Asked, Browser, Site, TestServer, cast};

type Change = Box<dyn Fn(&mut serde_json::Value) + Send + Sync>;

/// Somebody between the client and the server, who may change token responses.
struct Between {
    site: Site,
    change: Option<Change>,
}

impl HttpClient for Between {
    fn send(&self, request: Request<Vec<u8>>) -> BoxFuture<'_, Result<Response<Vec<u8>>, HttpError>> {
        Box::pin(async move {
            let is_token = request.uri().path() == "/token";
            let mut response = HttpClient::send(&self.site, request).await?;
            if let (true, Some(change)) = (is_token, &self.change) {
                let mut body = serde_json::from_slice(response.body()).expect("a token response is JSON");
                change(&mut body);
                *response.body_mut() = serde_json::to_vec(&body).expect("JSON can be written");
            }
            Ok(response)
        })
    }
}

async fn discover(s: &Stage, site: Site, change: Option<Change>) -> Result<Client, valetkey_client::Error> {
    let registration = Registration {
        issuer: cast::ISSUER.to_owned(),
        client_id: cast::MYSWEETAPP.id.to_owned(),
        authentication: ClientAuthentication::SecretBasic(ClientSecret::new(cast::MYSWEETAPP.secret)),
        redirect_uri: Some(cast::MYSWEETAPP.redirect_uri.to_owned()),
    };
    let client = Client::discover(Arc::new(Between { site, change }), registration).await?;
    Ok(client.with_observer(s.recorder.clone()))
}

pub(super) async fn client(s: &Stage, change: Option<Change>) -> Client {
    discover(s, s.server.site.clone(), change)
        .await
        .expect("the metadata is good")
}

/// Sends a person on the way and gives the query that comes back.
pub(super) async fn come_back(person: &Browser, client: &Client, button: &str) -> (Pending, String) {
    let ask = Ask {
        scope: "openid photos.read offline_access",
        ..Ask::default()
    };
    let (url, pending) = client.begin(&ask).expect("the request can be made");
    (pending, arrive(person, &url, button).await)
}

async fn arrive(person: &Browser, url: &Url, button: &str) -> String {
    let asked = Asked::of_url(url, cast::ISSUER);
    let answer = person.answers(&asked, button).await;
    answer.callback().query().unwrap_or_default().to_owned()
}

async fn finish(s: &Stage, client: &Client, change: impl Fn(&str) -> String) -> Option<Tokens> {
    let (pending, query) = come_back(&s.alice, client, "allow").await;
    let outcome = client
        .finish(pending, &change(&query), s.server.clock.timestamp())
        .await;
    outcome.map_err(|error| s.saw(error.rule())).ok()
}

pub(super) async fn good_way(s: &Stage) {
    let client = client(s, None).await;
    let tokens = finish(s, &client, str::to_owned)
        .await
        .expect("the good way gives tokens");
    let now = s.server.clock.timestamp();
    let fresh = client.refresh(&tokens, now).await.expect("they can be refreshed");
    assert_eq!(
        client.userinfo(&fresh).await.expect("userinfo answers").sub,
        cast::ALICE.sub()
    );
    client
        .revoke(fresh.access_token.expose(), now)
        .await
        .expect("it can be revoked");
}

pub(super) async fn metadata_of_another(s: &Stage) -> Option<Answer> {
    let other =
        TestServer::start_with(|settings| settings.policy.issuer = "https://other.example".into()).await;
    let error = discover(s, other.site.clone(), None)
        .await
        .expect_err("it is refused");
    s.saw(error.rule());
    None
}

pub(super) async fn callback(s: &Stage, change: fn(&str) -> String) -> Option<Answer> {
    let client = client(s, None).await;
    assert!(finish(s, &client, change).await.is_none());
    None
}

pub(super) async fn cancelled(s: &Stage) -> Option<Answer> {
    let client = client(s, None).await;
    let (pending, query) = come_back(&s.alice, &client, "cancel").await;
    let error = client
        .finish(pending, &query, s.server.clock.timestamp())
        .await
        .expect_err("it is refused");
    s.saw(error.rule());
    None
}

async fn changed(s: &Stage, change: impl Fn(&mut serde_json::Value) + Send + Sync + 'static) {
    let client = client(s, Some(Box::new(change))).await;
    assert!(
        finish(s, &client, str::to_owned).await.is_none(),
        "a changed answer was believed"
    );
}

pub(super) async fn another_token_type(s: &Stage) -> Option<Answer> {
    changed(s, |body| body["token_type"] = "mac".into()).await;
    None
}

pub(super) async fn id_token(s: &Stage, change: fn(&str) -> String) -> Option<Answer> {
    changed(s, move |body| {
        let other = change(body["id_token"].as_str().expect("there is an ID token"));
        body["id_token"] = other.into();
    })
    .await;
    None
}

async fn with_id_token_of(s: &Stage, server: &TestServer, app: cast::Registered) -> Option<Answer> {
    let app = server.app(app);
    let code = server.browser(cast::ALICE).allows(&app.asks_for("openid")).await;
    let id = app.redeems(&code).await.tokens().id;
    changed(s, move |body| body["id_token"] = id.clone().into()).await;
    None
}

pub(super) async fn id_token_of_another_issuer(s: &Stage) -> Option<Answer> {
    let other =
        TestServer::start_with(|settings| settings.policy.issuer = "https://other.example".into()).await;
    with_id_token_of(s, &other, cast::MYSWEETAPP).await
}

pub(super) async fn id_token_for_another_app(s: &Stage) -> Option<Answer> {
    with_id_token_of(s, &s.server, cast::OTHERAPP).await
}

pub(super) async fn replayed_id_token(s: &Stage) -> Option<Answer> {
    with_id_token_of(s, &s.server, cast::MYSWEETAPP).await
}

pub(super) async fn old_id_token(s: &Stage) -> Option<Answer> {
    let client = client(s, None).await;
    let (pending, query) = come_back(&s.alice, &client, "allow").await;
    // The client's clock is two hours ahead.
    let later = s.server.clock.timestamp().plus_seconds(2 * 3600);
    let error = client
        .finish(pending, &query, later)
        .await
        .expect_err("it is refused");
    s.saw(error.rule());
    None
}

/// A refresh that brings Bob's tokens, complete and genuine, into Alice's session.
pub(super) async fn refreshed_to_somebody_else(s: &Stage) -> Option<Answer> {
    let of_bob = {
        let code = s
            .server
            .browser(cast::BOB)
            .allows(&s.app.asks_for("openid"))
            .await;
        s.app.redeems(&code).await.tokens()
    };
    let is_first = AtomicBool::new(true);
    let change = move |body: &mut serde_json::Value| {
        if !is_first.swap(false, Ordering::SeqCst) {
            body["id_token"] = of_bob.id.clone().into();
            body["access_token"] = of_bob.access.clone().into();
        }
    };
    let client = client(s, Some(Box::new(change))).await;
    let tokens = finish(s, &client, str::to_owned)
        .await
        .expect("the first answer is good");
    let error = client
        .refresh(&tokens, s.server.clock.timestamp())
        .await
        .expect_err("it is refused");
    s.saw(error.rule());
    None
}
