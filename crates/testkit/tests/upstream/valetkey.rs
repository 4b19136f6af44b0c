//! A second Valetkey as the provider: both ends are real, and speak over HTTP.

use super::*;
use std::sync::Arc;
use tokio::net::TcpListener;
use valetkey_jose::{Algorithm, SigningKey};
use valetkey_protocol::redirect_uri::RedirectUri;
use valetkey_protocol::secret::ClientSecret;
use valetkey_rules::upstream::SignUp;
use valetkey_server::listen::Limits;
use valetkey_server::upstream::{ClientAuthentication, ProviderKind};

/// The server under test, and the one that it sends people to; `MYSWEETAPP` there is the server here.
struct Pair {
    here: TestServer,
    there: TestServer,
}

impl Pair {
    async fn start(authentication: ClientAuthentication) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let issuer = format!("http://{}", listener.local_addr().unwrap());
        let there = TestServer::start_with(|settings| settings.policy.issuer.clone_from(&issuer)).await;
        there.listen_on(listener, Limits::default());
        there
            .changes(cast::MYSWEETAPP, |client| {
                let uri = format!("{}/login/with/other/callback", cast::ISSUER);
                client.redirect_uris = [RedirectUri::parse(&uri).unwrap()].into();
            })
            .await;
        let settings = ProviderSettings {
            id: String::from("other"),
            label: String::from("Other"),
            kind: ProviderKind::OpenId { issuer },
            client_id: cast::MYSWEETAPP.id.to_owned(),
            authentication,
            scope: String::from("openid profile email"),
            prompt: None,
            form_post: false,
            trust_email: true,
            sign_up: SignUp::Anybody,
        };
        let here = server_with(vec![settings]).await;
        Self { here, there }
    }

    async fn with_secret() -> Self {
        let secret = ClientSecret::new(cast::MYSWEETAPP.secret);
        Self::start(ClientAuthentication::SecretBasic(secret)).await
    }

    /// A browser at each.
    fn browsers(&self, person: Person) -> (Browser, Browser) {
        (self.here.browser(person), self.there.browser(person))
    }

    /// From the sign-in page here over sign-in and consent there to what is shown then here.
    async fn signs_in(&self, (here, there): (&Browser, &Browser), asked: &Asked) -> Answer {
        let flow = flow_of(here, asked).await;
        let begun = begins(here, "other", &flow).await;
        let page = there.get(begun.url.as_str(), &[]).await;
        let back = there.goes_on(page, "allow").await;
        let answer = here.get(back.callback().as_str(), &[]).await;
        here.follows(answer).await
    }
}

#[tokio::test]
async fn cancel_there_leads_back_here() {
    let pair = Pair::with_secret().await;
    let (here, there) = pair.browsers(cast::ALICE);
    let flow = flow_of(&here, &asked(&pair.here)).await;
    let begun = begins(&here, "other", &flow).await;
    let page = there.get(begun.url.as_str(), &[]).await;
    let back = there.goes_on(page, "cancel").await;
    let answer = here.get(back.callback().as_str(), &[]).await;
    assert!(
        answer.location().unwrap().ends_with("&cancelled=other"),
        "{}",
        answer.text()
    );
}

#[tokio::test]
async fn a_wrong_secret_there_signs_nobody_in_here() {
    let pair = Pair::start(ClientAuthentication::SecretBasic(ClientSecret::new("wrong"))).await;
    let (here, there) = pair.browsers(cast::ALICE);
    let page = pair.signs_in((&here, &there), &asked(&pair.here)).await;
    is_refused(&pair.here, &here, &page, Rule::UpstreamErrorResponse).await;
}

#[tokio::test]
async fn alice_of_there_proves_who_she_is_here_once_and_then_one_button_does() {
    let pair = Pair::with_secret().await;
    let (here, there) = pair.browsers(cast::ALICE);
    let asked = asked(&pair.here);
    let page = pair.signs_in((&here, &there), &asked).await;
    assert!(
        page.text().contains("You have an account here already"),
        "{}",
        page.text()
    );
    let login = page.text();
    let login = login
        .split("href=\"")
        .find(|part| part.starts_with("/login?flow="))
        .unwrap();
    let login = here
        .get(&pair.here.site.resolved(login.split('"').next().unwrap()), &[])
        .await;
    let question = here.signs_in(&login).await;
    let answer = here.submits(&question, &[("answer", "link")]).await;
    let claims = id_claims(&pair.here, &here, &asked, answer).await;
    assert_eq!(claims["sub"], cast::ALICE.sub());

    let (fresh, _) = pair.browsers(cast::ALICE);
    let page = pair.signs_in((&fresh, &there), &asked).await;
    let claims = id_claims(&pair.here, &fresh, &asked, page).await;
    assert_eq!(claims["sub"], cast::ALICE.sub());
    assert_eq!(claims["amr"], json!(["fed"]));
}

#[tokio::test]
async fn bob_of_there_opens_an_account_here_and_prompt_login_goes_all_the_way() {
    let pair = Pair::with_secret().await;
    let (here, there) = pair.browsers(cast::BOB);
    let asked = asked(&pair.here);
    let form = pair.signs_in((&here, &there), &asked).await;
    assert!(form.text().contains("id=\"sign-up\""), "{}", form.text());
    let answer = here.submits(&form, &[("username", "bobby")]).await;
    let claims = id_claims(&pair.here, &here, &asked, answer).await;
    assert_eq!(claims["sub"], record(&pair.here, "bobby").await.id.to_string());

    // He is signed in there, and is asked for his password again all the same.
    for server in [&pair.here, &pair.there] {
        server.clock.advance(120);
    }
    let again = asked.with("prompt", "login");
    let flow = flow_of(&here, &again).await;
    let begun = begins(&here, "other", &flow).await;
    let login = there.follows(there.get(begun.url.as_str(), &[]).await).await;
    assert!(login.text().contains("id=\"login\""), "{}", login.text());
    let back = there.goes_on(login, "allow").await;
    let answer = here.get(back.callback().as_str(), &[]).await;
    let claims = id_claims(&pair.here, &here, &again, answer).await;
    assert_eq!(claims["auth_time"], pair.here.clock.timestamp().0);
}

#[tokio::test]
async fn this_server_proves_who_it_is_by_a_key_where_the_provider_knows_one() {
    let key = Arc::new(SigningKey::generate(Algorithm::ES256).unwrap());
    let pair = Pair::start(ClientAuthentication::PrivateKeyJwt(Arc::clone(&key))).await;
    let keys = valetkey_jose::JwkSet {
        keys: vec![key.public_jwk()],
    };
    pair.there
        .changes(cast::MYSWEETAPP, |client| {
            client.authentication = valetkey_model::client::Authentication::PrivateKeyJwt;
            client.keys = Some(valetkey_model::client::ClientKeys::Jwks(
                serde_json::to_string(&keys).unwrap(),
            ));
        })
        .await;
    let (here, there) = pair.browsers(cast::BOB);
    let form = pair.signs_in((&here, &there), &asked(&pair.here)).await;
    assert!(form.text().contains("id=\"sign-up\""), "{}", form.text());
}
