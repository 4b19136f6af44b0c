//! What another provider answers, at `/login/with/{provider}/callback` and behind it, through the real router, a real store
//! and real HTTP to a provider of the target's own: whatever comes, nobody is signed in but the person whose account is
//! linked, by the answer to this browser's own question (RFC 9700 §4.4, §4.7, OpenID Connect Core §3.1.3.7).
//!
//! The first byte chooses the provider (by OpenID Connect, or shaped like GitHub) and whether the answer is posted. Then follow,
//! each up to a NUL: the query, the token endpoint's answer, the claims (of the ID token, or of who signed in), and what the
//! provider tells besides. In them `{state}`, `{iss}`, `{nonce}`, `{now}`, `{soon}` and `{id_token}` stand for what no
//! fuzzer guesses.
#![no_main]

#[path = "../shared/samples.rs"]
#[expect(dead_code, reason = "shared with the other targets")]
mod samples;
#[path = "../shared/whole.rs"]
#[expect(dead_code, reason = "shared with the other targets")]
mod whole;

use axum::Router;
use http::{Request, StatusCode, Uri};
use libfuzzer_sys::fuzz_target;
use serde_json::{Value, json};
use std::net::TcpListener;
use std::sync::{Arc, Mutex, OnceLock};
use tokio::runtime::Runtime;
use url::{Url, form_urlencoded};
use valetkey_jose::{Algorithm, JwkSet, SigningKey};
use valetkey_model::UserId;
use valetkey_protocol::params::Params;
use valetkey_protocol::secret::ClientSecret;
use valetkey_rules::upstream::{Mapping, SignUp};
use valetkey_server::Settings;
use valetkey_server::listen::{self, Serving};
use valetkey_server::upstream::{ClientAuthentication, Endpoints, OAuth2, ProviderKind, ProviderSettings};
use whole::{Answer, World};

/// By OpenID Connect, and shaped like GitHub.
const PROVIDERS: [&str; 2] = ["corner", "hub"];
/// Whose account there is alice's here.
const SUBJECT: &str = "583231";
const ASKED: &str = "response_type=code&client_id=app&redirect_uri=https%3A%2F%2Fapp.example%2Fcallback&scope=openid+photos.read\
    &state=s&code_challenge=E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM&code_challenge_method=S256";

/// What the provider will say.
#[derive(Default)]
struct Says {
    token: String,
    person: String,
    more: String,
    /// How often a code came.
    redeemed: u32,
}

static SAYS: Mutex<Option<Says>> = Mutex::new(None);

struct Fixed {
    world: World,
    key: SigningKey,
    /// The provider's.
    issuer: String,
    alice: UserId,
}

fn fixed() -> &'static Fixed {
    static FIXED: OnceLock<Fixed> = OnceLock::new();
    FIXED.get_or_init(|| {
        let key = SigningKey::generate(Algorithm::ES256).expect("a key can be made");
        let keys = json!(JwkSet {
            keys: vec![key.public_jwk()]
        });
        let mut issuer = String::new();
        let world = World::make(|runtime, settings| {
            issuer = start(runtime, keys.to_string());
            declare(settings, &issuer);
        });
        let alice = PROVIDERS.map(|provider| world.link(provider, SUBJECT))[0];
        Fixed {
            world,
            key,
            issuer,
            alice,
        }
    })
}

/// Starts the provider; gives its issuer.
fn start(runtime: &Runtime, keys: String) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").expect("there is a port");
    let issuer = format!("http://{}", listener.local_addr().expect("it listens"));
    listener.set_nonblocking(true).expect("it can be set");
    let own = issuer.clone();
    let metadata = json!({
        "issuer": own,
        "authorization_endpoint": format!("{own}/authorize"),
        "token_endpoint": format!("{own}/token"),
        "userinfo_endpoint": format!("{own}/more"),
        "jwks_uri": format!("{own}/jwks"),
        "id_token_signing_alg_values_supported": ["ES256"],
        "authorization_response_iss_parameter_supported": true,
    });
    let metadata = metadata.to_string();
    let router = Router::new().fallback(move |uri: Uri| {
        let mut says = SAYS.lock().expect("one thread");
        let says = says.get_or_insert_default();
        let answer = match uri.path() {
            "/.well-known/openid-configuration" => metadata.clone(),
            "/jwks" => keys.clone(),
            "/token" => {
                says.redeemed += 1;
                says.token.clone()
            }
            "/person" => says.person.clone(),
            _ => says.more.clone(),
        };
        async move { (StatusCode::OK, [("content-type", "application/json")], answer) }
    });
    runtime.spawn(async move {
        let listener = tokio::net::TcpListener::from_std(listener).expect("it listens");
        listen::serve(listener, router, Serving::default(), std::future::pending()).await
    });
    issuer
}

fn declare(settings: &mut Settings, issuer: &str) {
    let [corner, hub] = PROVIDERS;
    let openid = ProviderSettings {
        id: corner.to_owned(),
        label: String::from("Corner"),
        kind: ProviderKind::OpenId {
            issuer: issuer.to_owned(),
        },
        client_id: String::from("valetkey"),
        authentication: ClientAuthentication::SecretPost(ClientSecret::new("upstream-secret")),
        scope: String::from("openid profile email"),
        prompt: None,
        form_post: false,
        trust_email: true,
        sign_up: SignUp::Anybody,
    };
    let oauth2 = OAuth2 {
        issuer: issuer.to_owned(),
        endpoints: Endpoints {
            authorization: format!("{issuer}/authorize"),
            token: format!("{issuer}/token"),
            userinfo: Some(format!("{issuer}/person")),
            ..Endpoints::default()
        },
        emails_endpoint: Some(format!("{issuer}/more")),
        mapping: Mapping {
            subject: String::from("id"),
            username: Some(String::from("login")),
            ..Mapping::openid()
        },
    };
    settings.outbound.allow_private = vec!["127.0.0.0/8".parse().expect("it is a network")];
    settings.providers = vec![
        openid.clone(),
        ProviderSettings {
            id: hub.to_owned(),
            kind: ProviderKind::OAuth2(Arc::new(oauth2)),
            scope: String::from("read:user user:email"),
            ..openid
        },
    ];
}

fuzz_target!(init: { fixed(); }, |data: &[u8]| {
    let Some((choice, rest)) = data.split_first() else {
        return;
    };
    let Ok(rest) = std::str::from_utf8(rest) else { return };
    let fixed = fixed();
    fixed.world.tick();
    let provider = PROVIDERS[usize::from(*choice) % 2];
    let Some(begun) = begins(provider) else { return };
    let mut parts = rest.splitn(4, '\0').map(|part| begun.filled(part));
    let mut part = || parts.next().unwrap_or_default();
    let (mut query, token, person, more) = (part(), part(), part(), part());
    let posted = *choice >= 128;
    if !posted {
        // `Uri` takes a fragment away.
        query.truncate(query.find('#').unwrap_or(query.len()));
    }
    let id_token = serde_json::from_str::<Value>(&person)
        .ok()
        .and_then(|claims| fixed.key.sign_jwt("JWT", &claims).ok());
    let token = token.replace("{id_token}", id_token.as_deref().unwrap_or_default());
    let came = Came {
        is_right: is_right(provider, &begun, &query, &token, &person),
        is_asked: Params::parse_raw(query.as_bytes())
            .is_ok_and(|query| query.get("state") == Some(&begun.state)),
    };
    *SAYS.lock().expect("one thread") = Some(Says {
        token,
        person,
        more,
        redeemed: 0,
    });
    let path = format!("/login/with/{provider}/callback");
    let answer = if posted {
        posts(&path, &query, &begun.cookies)
    } else {
        get(&format!("{path}?{query}"), &begun.cookies)
    };
    if let Some(answer) = answer {
        check(&answer, &came);
    }
});

/// What is known of the answer before it is sent.
struct Came {
    /// It says that alice signed in, to this question.
    is_right: bool,
    /// It has the state of this browser's question.
    is_asked: bool,
}

fn check(answer: &Answer, came: &Came) {
    let Fixed { world, alice, .. } = fixed();
    // 502 and 503 are what is said of a provider.
    assert_ne!(
        answer.status,
        StatusCode::INTERNAL_SERVER_ERROR,
        "{}",
        answer.body
    );
    assert!(!answer.body.contains(whole::BOBS), "what is another person's");
    if let Some(location) = &answer.location {
        let path = location.strip_prefix("https://as.example").unwrap_or(location);
        assert!(path.starts_with('/') && !path.starts_with("//"), "{location}");
    }
    let redeemed = SAYS
        .lock()
        .expect("one thread")
        .as_ref()
        .map_or(0, |says| says.redeemed);
    assert!(
        redeemed <= u32::from(came.is_asked),
        "a code goes out to an answer of its own"
    );
    if let Some(user) = world.begun(&answer.cookies) {
        assert!(came.is_right, "somebody is signed in");
        assert_eq!(user, *alice);
    }
}

/// A sign-in on its way to the provider.
struct Begun {
    cookies: String,
    state: String,
    nonce: String,
}

impl Begun {
    fn filled(&self, text: &str) -> String {
        let Fixed { world, issuer, .. } = fixed();
        text.replace("{state}", &self.state)
            .replace("{iss}", issuer)
            .replace("{nonce}", &self.nonce)
            .replace("{now}", &world.now().to_string())
            .replace("{soon}", &(world.now() + 300).to_string())
    }
}

/// A browser asks for something, and is sent to the provider.
fn begins(provider: &str) -> Option<Begun> {
    let login = get(&format!("/authorize?{ASKED}"), "")?;
    let location = login.location.expect("it leads to the sign-in page");
    let flow = location
        .strip_prefix("/login?flow=")
        .expect("nobody is signed in");
    let mut cookies = login.cookies;
    let away = get(
        &format!("/login/with/{provider}?flow={flow}"),
        &cookies.join("; "),
    )?;
    let url = Url::parse(&away.location.expect("the provider is up")).expect("it is its address");
    cookies.extend(away.cookies);
    let parameter = |name: &str| {
        let found = url.query_pairs().find(|(key, _)| key == name);
        found.map(|(_, value)| value.into_owned()).unwrap_or_default()
    };
    Some(Begun {
        cookies: cookies.join("; "),
        state: parameter("state"),
        nonce: parameter("nonce"),
    })
}

/// Whether this is the answer to what was asked, by somebody whose account is linked.
fn is_right(provider: &str, begun: &Begun, query: &str, token: &str, person: &str) -> bool {
    let Ok(query) = Params::parse_raw(query.as_bytes()) else {
        return false;
    };
    let (issuer, now) = (fixed().issuer.as_str(), fixed().world.now());
    let said = |text: &str| serde_json::from_str::<Value>(text).unwrap_or_default();
    let (token, person) = (said(token), said(person));
    let is_answer = query.get("state") == Some(&begun.state)
        && query.get("code").is_some()
        && query.get("error").is_none()
        && token["access_token"].is_string();
    if provider == "hub" {
        let id = person["id"].as_str().map(str::to_owned);
        let id = id.or_else(|| person["id"].as_i64().map(|id| id.to_string()));
        return is_answer
            && query.get("iss").is_none_or(|iss| iss == issuer)
            && id.as_deref() == Some(SUBJECT);
    }
    let for_us = |aud: &Value| {
        *aud == "valetkey" || aud.as_array().is_some_and(|all| all.contains(&json!("valetkey")))
    };
    is_answer
        && query.get("iss") == Some(issuer)
        && token["id_token"].is_string()
        && person["iss"] == issuer
        && for_us(&person["aud"])
        && person["nonce"] == begun.nonce.as_str()
        && person["exp"].as_i64().is_some_and(|exp| exp > now - 60)
        && person["sub"] == SUBJECT
}

/// `None` where the address is none.
fn get(address: &str, cookies: &str) -> Option<Answer> {
    let uri = Uri::try_from(address).ok()?;
    let request = Request::get(uri).header("cookie", cookies);
    Some(fixed().world.send(request.body(Vec::new()).ok()?))
}

/// The answer as a form from the provider's page: without the cookies it leads to the same as a GET, with them.
fn posts(path: &str, query: &str, cookies: &str) -> Option<Answer> {
    let request = Request::post(path)
        .header("content-type", "application/x-www-form-urlencoded")
        .header("origin", fixed().issuer.as_str())
        .header("sec-fetch-site", "cross-site");
    let answer = fixed().world.send(request.body(query.as_bytes().to_vec()).ok()?);
    let Some(location) = &answer.location else {
        return Some(answer);
    };
    // All of it arrives, and nothing else.
    let (to, again) = location.split_once('?').expect("the parameters stand in it");
    assert_eq!(to, path);
    let pairs = |text: &str| {
        form_urlencoded::parse(text.as_bytes())
            .into_owned()
            .collect::<Vec<_>>()
    };
    assert_eq!(pairs(again), pairs(query));
    get(location, cookies)
}
