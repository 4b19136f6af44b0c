//! Stories of the rules about client registration.

use super::satisfied::Satisfaction;
use super::stage::{Stage, Told};
use super::violated::Story;
use Rule as R;
use http::Request;
use serde_json::{Value, json};
use valetkey_protocol::rule::Rule;
use valetkey_rules::policy::Policy;
use valetkey_rules::register::RegistrationMode;
use valetkey_rules::register::token::{Initial, RegistrationKeys};
use valetkey_testkit::{Answer, cast};

const CALLBACK: &str = "https://new.example/callback";
/// A P-256 key for signatures (RFC 7515 appendix A.3).
const KEY: &str = r#"{"kty":"EC","crv":"P-256","x":"f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU","y":"x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0"}"#;

/// How the server is set up for a rule.
pub(super) fn prepare(policy: &mut Policy, rule: Rule) {
    let registration = &mut policy.registration;
    registration.mode = match rule {
        R::RegisterOff => RegistrationMode::Off,
        R::RegisterInitialTokenInvalid => RegistrationMode::InitialAccessToken,
        _ => RegistrationMode::Open,
    };
    registration.requests_per_address = if rule == R::RegisterThrottled { 1 } else { 1000 };
    if rule == R::RegisterFull {
        registration.clients_most = 0;
    }
    if rule == R::RegisterAuthMethodGrant {
        let own = valetkey_model::client::GrantType::ClientCredentials;
        registration.grant_types.insert(own);
    }
}

/// The violation of a rule of this area.
#[expect(
    clippy::too_many_lines,
    reason = "one arm a rule, in one match, so that none can be forgotten"
)]
pub(super) fn violation(rule: Rule) -> Story {
    match rule {
        R::RegisterOff => |s| asks(s, json!({})),
        R::RegisterInitialTokenInvalid => {
            |s| Box::pin(async { Some(send(s, "POST /register", "vki_x", &metadata(&json!({}))).await) })
        }
        R::RegisterThrottled => |s| {
            Box::pin(async {
                register(s, json!({})).await;
                Some(register(s, json!({})).await)
            })
        },
        R::RegisterFull => |s| asks(s, json!({})),
        R::RegisterNotJson => |s| asks(s, json!({"client_name": ["not", "a", "text"]})),
        R::RegisterSoftwareStatement => |s| asks(s, json!({"software_statement": "eyJ"})),
        R::RegisterText => |s| asks(s, json!({"client_name": "two\nlines"})),
        R::RegisterApplicationType => |s| asks(s, json!({"application_type": "browser"})),
        R::RegisterAuthMethod => |s| asks(s, json!({"token_endpoint_auth_method": "tls_client_auth"})),
        R::RegisterAuthMethodGrant => |s| {
            asks(
                s,
                json!({"token_endpoint_auth_method": "none", "grant_types": ["client_credentials"]}),
            )
        },
        R::RegisterAuthAlgorithm => |s| asks(s, json!({"token_endpoint_auth_signing_alg": "none"})),
        R::RegisterGrantType => |s| asks(s, json!({"grant_types": ["authorization_code", "password"]})),
        R::RegisterFrontChannel => |s| asks(s, json!({"response_types": ["code id_token"]})),
        R::RegisterResponseType => |s| {
            asks(
                s,
                json!({"response_types": ["none"], "grant_types": ["authorization_code"]}),
            )
        },
        R::RegisterResponseTypeGrant => |s| {
            asks(
                s,
                json!({"response_types": ["code"], "grant_types": ["refresh_token"]}),
            )
        },
        R::RegisterRedirectUriMissing => |s| asks(s, json!({"redirect_uris": []})),
        R::RegisterRedirectUriInvalid => |s| asks(s, json!({"redirect_uris": ["https://new.example/#x"]})),
        R::RegisterRedirectUriKind => |s| asks(s, json!({"redirect_uris": ["http://127.0.0.1/cb"]})),
        R::RegisterKeysTwice => |s| asks(s, json!({"jwks": keys(), "jwks_uri": "https://new.example/jwks"})),
        R::RegisterKeysPrivate => |s| asks(s, json!({"jwks": {"keys": [{"kty": "oct"}]}})),
        R::RegisterKeysUnusable => |s| asks(s, json!({"jwks": {"keys": []}})),
        R::RegisterKeysMissing => |s| asks(s, json!({"token_endpoint_auth_method": "private_key_jwt"})),
        R::RegisterUriNotHttps => |s| asks(s, json!({"logo_uri": "http://new.example/logo.png"})),
        R::RegisterInitiateLoginUri => |s| asks(s, json!({"initiate_login_uri": "http://new.example/"})),
        R::RegisterRequestUri => |s| asks(s, json!({"request_uris": ["http://new.example/r"]})),
        R::RegisterSubjectType => |s| asks(s, json!({"subject_type": "private"})),
        R::RegisterSectorMissing => |s| {
            let two = ["https://a.example/", "https://b.example/"];
            asks(s, json!({"subject_type": "pairwise", "redirect_uris": two}))
        },
        R::RegisterSectorMismatch => |s| {
            asks(
                s,
                json!({"sector_identifier_uri": "https://127.0.0.1:1/sector.json"}),
            )
        },
        R::RegisterAlgorithm => |s| asks(s, json!({"id_token_signed_response_alg": "none"})),
        R::RegisterEncryptionAlgMissing => |s| {
            asks(
                s,
                json!({"id_token_encrypted_response_enc": "A256GCM", "jwks": keys()}),
            )
        },
        R::RegisterDefaultMaxAge => |s| asks(s, json!({"default_max_age": -1})),
        R::RegisterDefaultAcr => |s| asks(s, json!({"default_acr_values": ["3"]})),
        R::RegisterPostLogoutUri => |s| {
            asks(
                s,
                json!({"post_logout_redirect_uris": ["http://new.example/bye"]}),
            )
        },
        R::RegisterFrontchannelLogoutUri => {
            |s| asks(s, json!({"frontchannel_logout_uri": "https://other.example/out"}))
        }
        R::RegisterBackchannelLogoutUri => {
            |s| asks(s, json!({"backchannel_logout_uri": "http://new.example/out"}))
        }
        R::RegisterLogoutSession => |s| asks(s, json!({"backchannel_logout_session_required": true})),
        R::RegisterScope => |s| asks(s, json!({"scope": "openid photos.write"})),
        R::RegisterClientTokenInvalid => {
            |s| Box::pin(async { Some(send(s, "GET /register/nobody", "vkm_x", &Value::Null).await) })
        }
        R::RegisterUpdateClientId => |s| updates(s, json!({"client_id": "mysweetapp"})),
        R::RegisterUpdateReserved => |s| updates(s, json!({"registration_access_token": "x"})),
        R::RegisterUpdateSecret => |s| updates(s, json!({"client_secret": "chosen"})),
        other => panic!("{other:?} has no story"),
    }
}

/// How the satisfaction of a rule of this area shows.
pub(super) fn satisfaction(rule: Rule) -> Satisfaction {
    match rule {
        // The document is fetched from this machine, which only a server of this machine may.
        R::RegisterSectorMismatch => Satisfaction::Answered(|_| Box::pin(with_a_sector())),
        R::RegisterFrontChannel => Satisfaction::Answered(|_| Box::pin(with_a_front_channel())),
        _ => Satisfaction::Recorded,
    }
}

/// Requests that keep the rules of this area.
pub(super) async fn good_ways(s: &Stage) {
    let initial = RegistrationKeys::new(&cast::MASTER_KEY).initial_token(&Initial {
        jti: "i-1".into(),
        expires_at: s.server.clock.timestamp().plus_seconds(60),
    });
    let everything = metadata(&json!({
        "redirect_uris": [CALLBACK], "client_name": "New", "contacts": ["a@new.example"],
        "application_type": "web", "response_types": ["code"], "grant_types": ["authorization_code"],
        "token_endpoint_auth_method": "private_key_jwt", "token_endpoint_auth_signing_alg": "ES256",
        "jwks": keys(), "logo_uri": "https://new.example/logo.png",
        "initiate_login_uri": "https://new.example/login", "request_uris": ["https://new.example/r"],
        "subject_type": "pairwise", "id_token_signed_response_alg": "ES256",
        "id_token_encrypted_response_alg": "ECDH-ES", "id_token_encrypted_response_enc": "A256GCM",
        "default_max_age": 60, "default_acr_values": ["1"], "scope": "openid email",
        "post_logout_redirect_uris": ["https://new.example/bye"],
        "frontchannel_logout_uri": "https://new.example/front", "frontchannel_logout_session_required": true,
        "backchannel_logout_uri": "https://new.example/back", "backchannel_logout_session_required": true,
    }));
    let made = send(s, "POST /register", &initial, &everything).await;
    assert_eq!(made.status, 201, "{}", made.text());
    let own = register(s, json!({})).await.json();
    let kept = json!({"client_id": own["client_id"], "client_secret": own["client_secret"]});
    let line = format!("PUT /register/{}", own["client_id"].as_str().unwrap());
    let token = own["registration_access_token"].as_str().unwrap();
    let replaced = send(s, &line, token, &metadata(&kept)).await;
    assert_eq!(replaced.status, 200, "{}", replaced.text());
}

/// The document of the sector is fetched from a real server.
async fn with_a_sector() -> Option<Answer> {
    let (server, site, url) = crate::register::documents::stage().await;
    site.says(json!([CALLBACK]).to_string());
    let asked = metadata(&json!({"sector_identifier_uri": format!("{url}/sector.json")}));
    let answer = post_json(&server.site, "POST /register", "", &asked).await;
    assert_eq!(answer.status, 201, "{}", answer.text());
    assert!(server.passed().contains(&R::RegisterSectorMismatch));
    None
}

/// The operator allows tokens from the authorization endpoint.
async fn with_a_front_channel() -> Option<Answer> {
    let server = valetkey_testkit::TestServer::start_with(|settings| {
        prepare(&mut settings.policy, R::RegisterFrontChannel);
        settings.policy.registration.allow_front_channel = true;
    })
    .await;
    let asked = metadata(&json!({
        "response_types": ["code id_token"], "grant_types": ["authorization_code", "implicit"],
    }));
    let answer = post_json(&server.site, "POST /register", "", &asked).await;
    assert_eq!(answer.status, 201, "{}", answer.text());
    assert!(server.passed().contains(&R::RegisterFrontChannel));
    None
}

fn keys() -> Value {
    json!({"keys": [serde_json::from_str::<Value>(KEY).unwrap()]})
}

/// The least that works, with more members.
fn metadata(more: &Value) -> Value {
    let mut all = json!({"redirect_uris": [CALLBACK]});
    for (name, value) in more.as_object().unwrap() {
        all[name] = value.clone();
    }
    all
}

async fn post_json(site: &valetkey_testkit::Site, line: &str, token: &str, body: &Value) -> Answer {
    let (method, path) = line.split_once(' ').unwrap();
    let mut request = Request::builder().method(method).uri(site.url(path, &[]));
    if !token.is_empty() {
        request = request.header("authorization", format!("Bearer {token}"));
    }
    request = request.header("content-type", "application/json");
    site.send(request.body(body.to_string().into_bytes()).unwrap())
        .await
}

async fn send(s: &Stage, line: &str, token: &str, body: &Value) -> Answer {
    post_json(&s.server.site, line, token, body).await
}

async fn register(s: &Stage, more: Value) -> Answer {
    send(s, "POST /register", "", &metadata(&more)).await
}

fn asks(s: &Stage, more: Value) -> Told<'_> {
    Box::pin(async move { Some(register(s, more).await) })
}

fn updates(s: &Stage, more: Value) -> Told<'_> {
    Box::pin(async move {
        let own = register(s, json!({})).await.json();
        let mut body = metadata(&json!({"client_id": own["client_id"]}));
        for (name, value) in more.as_object().unwrap() {
            body[name] = value.clone();
        }
        let line = format!("PUT /register/{}", own["client_id"].as_str().unwrap());
        let token = own["registration_access_token"].as_str().unwrap();
        Some(send(s, &line, token, &body).await)
    })
}
