//! The tokens of both specs, and replacing a registration.

use super::token::*;
use super::*;
use crate::sealed::{Purpose, SecretKeys};
use valetkey_jose::hash::sha256;
use valetkey_protocol::register::{Request, Reserved};
use valetkey_protocol::secret::AccessToken;

fn tokens() -> RegistrationKeys {
    RegistrationKeys::new(&[7; 32])
}

fn initial(seconds: i64) -> Initial {
    Initial {
        jti: "j-1".into(),
        expires_at: NOW.plus_seconds(seconds),
    }
}

fn may(presented: Option<&str>, policy: &Policy) -> Result<Option<Initial>, Rule> {
    let presented = presented.map(AccessToken::new);
    may_register(presented.as_ref(), &tokens(), policy, NOW, &mut Trail::off())
        .map_err(|refusal| refusal.rule)
}

fn in_mode(mode: RegistrationMode) -> Policy {
    let mut policy = policy();
    policy.registration.mode = mode;
    policy
}

#[test]
fn where_registration_is_off_no_token_helps() {
    let good = tokens().initial_token(&initial(10));
    let off = in_mode(RegistrationMode::Off);
    assert_eq!(may(None, &off), Err(Rule::RegisterOff));
    assert_eq!(may(Some(&good), &off), Err(Rule::RegisterOff));
    assert_eq!(
        Policy::new("https://as.example").registration.mode,
        RegistrationMode::Off
    );
}

#[test]
fn an_initial_access_token_that_is_forged_expired_or_of_another_kind_is_refused() {
    let policy = in_mode(RegistrationMode::InitialAccessToken);
    assert_eq!(may(None, &policy), Err(Rule::BearerTokenMissing));
    let good = tokens().initial_token(&initial(10));
    assert_eq!(may(Some(&good), &policy), Ok(Some(initial(10))));
    let other_server = RegistrationKeys::new(&[8; 32]).initial_token(&initial(10));
    let of_management = tokens().management_token(&made().id, NOW);
    for bad in [
        "",
        "vki_",
        &good[4..],
        &good[..good.len() - 1],
        &tokens().initial_token(&initial(0)),
        &other_server,
        of_management.expose(),
    ] {
        assert_eq!(
            may(Some(bad), &policy),
            Err(Rule::RegisterInitialTokenInvalid),
            "{bad}"
        );
    }
    let revoked = not_revoked(true, &mut Trail::off()).unwrap_err();
    assert_eq!(revoked.rule, Rule::RegisterInitialTokenInvalid);
    not_revoked(false, &mut Trail::off()).unwrap();
}

#[test]
fn where_anybody_may_register_a_token_that_is_shown_must_still_be_good() {
    let open = in_mode(RegistrationMode::Open);
    assert_eq!(may(None, &open), Ok(None));
    assert_eq!(may(Some("vki_x"), &open), Err(Rule::RegisterInitialTokenInvalid));
}

fn managed(client: Option<&Client>, presented: &str) -> Result<ClientId, Rule> {
    manages(&AccessToken::new(presented), client, &tokens(), &mut Trail::off())
        .map(|client| client.id.clone())
        .map_err(|refusal| refusal.rule)
}

#[test]
fn takeover_nobody_manages_a_client_with_another_ones_token() {
    let own = client(json!({}), &policy());
    let token = tokens().management_token(&own.id, own.created_at);
    assert_eq!(managed(Some(&own), token.expose()), Ok(own.id.clone()));
    let refused = Err(Rule::RegisterClientTokenInvalid);
    assert_eq!(managed(None, token.expose()), refused, "nobody has that id");
    let mut other = own.clone();
    other.id = ClientId::parse("other").unwrap();
    assert_eq!(managed(Some(&other), token.expose()), refused);
    let mut anew = own.clone();
    anew.created_at = NOW.plus_seconds(1);
    assert_eq!(
        managed(Some(&anew), token.expose()),
        refused,
        "the client was made anew"
    );
    let other_server = RegistrationKeys::new(&[8; 32]).management_token(&own.id, NOW);
    for bad in ["", "vkm_", other_server.expose(), &token.expose()[..40]] {
        assert_eq!(managed(Some(&own), bad), refused, "{bad}");
    }
}

#[test]
fn takeover_a_shared_client_and_an_operators_are_managed_by_nobody() {
    let mut shared = client(json!({}), &policy());
    let token = tokens().management_token(&shared.id, shared.created_at);
    shared.registration.as_mut().unwrap().shared = true;
    let refused = Err(Rule::RegisterClientTokenInvalid);
    assert_eq!(managed(Some(&shared), token.expose()), refused);
    shared.registration = None;
    assert_eq!(managed(Some(&shared), token.expose()), refused);
}

fn secrets() -> SecretKeys {
    SecretKeys::new(&[7; 32])
}

fn checked(reserved: &Value, client: &Client) -> Result<(), Rule> {
    let reserved: Reserved = Request::parse(reserved.to_string().as_bytes()).unwrap().reserved;
    update::check(&reserved, client, &secrets(), &mut Trail::off()).map_err(|refusal| refusal.rule)
}

#[test]
fn an_update_says_whom_it_is_about_and_nothing_that_the_server_decides() {
    let mut own = client(json!({}), &policy());
    own.authentication = Authentication::ClientSecretPost {
        secret: SecretHash(sha256(b"s3cret")),
    };
    for bad in [json!({}), json!({"client_id": "other"}), json!({"client_id": ""})] {
        assert_eq!(checked(&bad, &own), Err(Rule::RegisterUpdateClientId), "{bad}");
    }
    for member in [
        "registration_access_token",
        "registration_client_uri",
        "client_secret_expires_at",
        "client_id_issued_at",
    ] {
        let bad = json!({"client_id": "made", member: 1});
        assert_eq!(checked(&bad, &own), Err(Rule::RegisterUpdateReserved), "{member}");
    }
    let with = |secret: &str| json!({"client_id": "made", "client_secret": secret});
    assert_eq!(checked(&with("chosen"), &own), Err(Rule::RegisterUpdateSecret));
    assert_eq!(checked(&with("s3cret"), &own), Ok(()));
    own.authentication = Authentication::None;
    assert_eq!(checked(&with("s3cret"), &own), Err(Rule::RegisterUpdateSecret));
    assert_eq!(checked(&json!({"client_id": "made"}), &own), Ok(()));
    let sealed = secrets().seal(Purpose::ClientSecretJwt, &own.id, "s3cret");
    own.authentication = Authentication::ClientSecretJwt { secret: sealed };
    assert_eq!(checked(&with("chosen"), &own), Err(Rule::RegisterUpdateSecret));
    assert_eq!(checked(&with("s3cret"), &own), Ok(()));
}

#[test]
fn a_secret_stays_where_the_new_method_takes_it_and_is_made_anew_where_not() {
    let secret = SecretHash([7; 32]);
    let basic = Authentication::ClientSecretBasic { secret };
    let post = Authentication::ClientSecretPost { secret };
    let any = Authentication::ClientSecret { secret };
    let jwt = Authentication::ClientSecretJwt {
        secret: secrets().seal(Purpose::ClientSecretJwt, &made().id, "s"),
    };
    assert_eq!(update::kept(Method::ClientSecretPost, &basic), Some(post.clone()));
    assert_eq!(update::kept(Method::ClientSecretBasic, &any), Some(basic.clone()));
    assert_eq!(update::kept(Method::ClientSecretJwt, &jwt), Some(jwt.clone()));
    for (method, before) in [
        (Method::ClientSecretBasic, &Authentication::None),
        (Method::ClientSecretPost, &jwt),
        (Method::ClientSecretBasic, &Authentication::PrivateKeyJwt),
        (Method::ClientSecretJwt, &post),
    ] {
        assert_eq!(update::kept(method, before), None, "{method:?}");
    }
    assert_eq!(update::kept(Method::None, &basic), Some(Authentication::None));
    let own_key = update::kept(Method::PrivateKeyJwt, &basic);
    assert_eq!(own_key, Some(Authentication::PrivateKeyJwt));
}

#[test]
fn an_update_replaces_all_that_was_registered_and_nothing_else() {
    let policy = policy();
    let mut before = client(
        json!({"client_name": "Old", "logo_uri": "https://app.example/l", "contacts": ["a@b.example"]}),
        &policy,
    );
    before.resources = [samples::resource(samples::PHOTOS)].into();
    before.inspect_until = Some(NOW);
    before.registration.as_mut().unwrap().initial_access_token = Some("j-1".into());
    let later = NOW.plus_seconds(9);
    let new = ready(json!({"redirect_uris": ["https://new.example/cb"]}), &policy);
    let after = update::replaced(&before, new, before.authentication.clone(), later);
    assert_eq!(after.name, "new.example", "the name was taken away");
    assert_eq!(after.presentation, Presentation::default());
    assert_eq!((&after.id, after.created_at), (&before.id, before.created_at));
    assert_eq!(after.resources, before.resources);
    assert_eq!(after.inspect_until, before.inspect_until);
    let registered = after.registration.unwrap();
    assert_eq!(registered.updated_at, Some(later));
    assert_eq!(registered.initial_access_token.as_deref(), Some("j-1"));
}
