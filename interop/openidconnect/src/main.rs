//! The `openidconnect` crate as a client of the running binary: discovery, code + PKCE, ID token, userinfo, refresh,
//! introspection, revocation, client credentials. Says what it did, and ends with a non-zero status when a step fails.

mod http_client;
mod person;
mod server;

use openidconnect::core::{
    CoreClient, CoreErrorResponseType, CoreProviderMetadata, CoreResponseType, CoreRevocableToken,
    CoreUserInfoClaims,
};
use openidconnect::{
    AccessToken, AuthenticationFlow, AuthorizationCode, ClientId, ClientSecret, CsrfToken, IntrospectionUrl,
    IssuerUrl, Nonce, OAuth2TokenResponse, PkceCodeChallenge, RedirectUrl, RefreshToken, RequestTokenError,
    RevocationUrl, Scope, TokenIntrospectionResponse, TokenResponse,
};
use person::Person;
use server::Server;

type Anything = Box<dyn std::error::Error>;

fn main() -> Result<(), Anything> {
    let server = Server::start()?;
    a_confidential_client_goes_the_whole_way(&server)?;
    a_public_client_goes_the_whole_way(&server)?;
    a_wrong_verifier_is_refused(&server)?;
    a_job_gets_a_token_for_itself(&server)?;
    server.stop()?;
    println!("openidconnect: all four ways completed");
    Ok(())
}

/// A client with the endpoints that discovery told. The crate revokes by https alone; on the loopback interface our
/// HTTP client speaks plainly whatever the scheme.
macro_rules! client {
    ($server:expr, $id:expr, $secret:expr, $redirect:expr) => {{
        let issuer = IssuerUrl::new($server.issuer.clone())?;
        let metadata = CoreProviderMetadata::discover(&issuer, &http_client::send)?;
        let secret: Option<&str> = $secret;
        CoreClient::from_provider_metadata(
            metadata,
            ClientId::new($id.into()),
            secret.map(|s| ClientSecret::new(s.into())),
        )
        .set_redirect_uri(RedirectUrl::new($redirect)?)
        .set_revocation_url(RevocationUrl::new(format!(
            "{}/revoke",
            $server.issuer.replace("http:", "https:")
        ))?)
        .set_introspection_url(IntrospectionUrl::new(format!("{}/introspect", $server.issuer))?)
    }};
}

/// Signs Alice in; gives the code, the verifier and the nonce.
macro_rules! authorize {
    ($server:expr, $client:expr) => {{
        let (challenge, verifier) = PkceCodeChallenge::new_random_sha256();
        let (url, state, nonce) = $client
            .authorize_url(
                AuthenticationFlow::<CoreResponseType>::AuthorizationCode,
                CsrfToken::new_random,
                Nonce::new_random,
            )
            .add_scope(Scope::new("email".into()))
            .add_scope(Scope::new("photos.read".into()))
            .add_scope(Scope::new("offline_access".into()))
            .set_pkce_challenge(challenge)
            .url();
        let callback = Person::alice(&$server.issuer).authorize(url)?;
        let of = |name: &str| {
            callback
                .query_pairs()
                .find(|(key, _)| key == name)
                .map(|(_, value)| value.into_owned())
        };
        assert_eq!(
            of("state").as_deref(),
            Some(state.secret().as_str()),
            "the state comes back: {callback}"
        );
        assert_eq!(
            of("iss").as_deref(),
            Some($server.issuer.as_str()),
            "the issuer names itself"
        );
        (
            AuthorizationCode::new(of("code").ok_or("no code")?),
            verifier,
            nonce,
        )
    }};
}

fn a_confidential_client_goes_the_whole_way(server: &Server) -> Result<(), Anything> {
    let redirect = format!("{}/callback", server.app);
    let client = client!(server, "mysweetapp", Some("mysweetapp-secret"), redirect);
    let (code, verifier, nonce) = authorize!(server, client);
    let tokens = client
        .exchange_code(code)?
        .set_pkce_verifier(verifier)
        .request(&http_client::send)?;

    let id_token = tokens.id_token().ok_or("no ID token")?;
    let claims = id_token.claims(&client.id_token_verifier(), &nonce)?;
    let person: CoreUserInfoClaims = client
        .user_info(tokens.access_token().clone(), Some(claims.subject().clone()))?
        .request(&http_client::send)?;
    assert!(person.email().is_some(), "a granted scope shows its claims");
    println!("ok: code, PKCE, ID token and userinfo of a confidential client");

    let refresh = tokens.refresh_token().ok_or("no refresh token")?;
    let fresh = client
        .exchange_refresh_token(refresh)?
        .request(&http_client::send)?;
    assert_ne!(fresh.access_token().secret(), tokens.access_token().secret());
    let next = fresh.refresh_token().ok_or("rotation gives a successor")?.clone();
    assert_ne!(next.secret(), refresh.secret());
    assert!(is_active(server, fresh.access_token())?);
    println!("ok: refresh and introspection");

    client
        .revoke_token(CoreRevocableToken::RefreshToken(next.clone()))?
        .request(&http_client::send)?;
    assert!(
        !is_active(server, fresh.access_token())?,
        "the grant's access token stops too"
    );
    let refused = client.exchange_refresh_token(&next)?.request(&http_client::send);
    assert!(is_invalid_grant(refused), "a revoked refresh token is refused");
    println!("ok: revocation");
    Ok(())
}

fn a_public_client_goes_the_whole_way(server: &Server) -> Result<(), Anything> {
    let client = client!(
        server,
        "mysweetcli",
        None,
        "http://127.0.0.1:51777/callback".to_owned()
    );
    let (code, verifier, nonce) = authorize!(server, client);
    let tokens = client
        .exchange_code(code)?
        .set_pkce_verifier(verifier)
        .request(&http_client::send)?;
    tokens
        .id_token()
        .ok_or("no ID token")?
        .claims(&client.id_token_verifier(), &nonce)?;
    let refresh: &RefreshToken = tokens.refresh_token().ok_or("no refresh token")?;
    let fresh = client
        .exchange_refresh_token(refresh)?
        .request(&http_client::send)?;
    let next = fresh.refresh_token().ok_or("rotation gives a successor")?.clone();
    client
        .revoke_token(CoreRevocableToken::RefreshToken(next.clone()))?
        .request(&http_client::send)?;
    assert!(is_invalid_grant(
        client.exchange_refresh_token(&next)?.request(&http_client::send)
    ));
    println!("ok: the whole way of a public client");
    Ok(())
}

fn a_wrong_verifier_is_refused(server: &Server) -> Result<(), Anything> {
    let redirect = format!("{}/callback", server.app);
    let client = client!(server, "mysweetapp", Some("mysweetapp-secret"), redirect);
    let (code, _, _) = authorize!(server, client);
    let (_, wrong) = PkceCodeChallenge::new_random_sha256();
    let refused = client
        .exchange_code(code)?
        .set_pkce_verifier(wrong)
        .request(&http_client::send);
    assert!(
        is_invalid_grant(refused),
        "a verifier that does not match is refused"
    );
    println!("ok: a wrong verifier is refused");
    Ok(())
}

fn a_job_gets_a_token_for_itself(server: &Server) -> Result<(), Anything> {
    let client = client!(
        server,
        "photo-backup",
        Some("photo-backup-secret"),
        "http://localhost/unused".to_owned()
    );
    let tokens = client
        .exchange_client_credentials()?
        .add_scope(Scope::new("photos.read".into()))
        .request(&http_client::send)?;
    assert!(tokens.refresh_token().is_none());
    assert!(is_active(server, tokens.access_token())?);
    println!("ok: client credentials");
    Ok(())
}

fn is_active(server: &Server, token: &AccessToken) -> Result<bool, Anything> {
    let api = client!(
        server,
        "photos-api",
        Some("photos-api-secret"),
        "http://localhost/unused".to_owned()
    );
    Ok(api.introspect(token).request(&http_client::send)?.active())
}

type Refused<E> = RequestTokenError<E, openidconnect::StandardErrorResponse<CoreErrorResponseType>>;

fn is_invalid_grant<T, E: std::error::Error>(answer: Result<T, Refused<E>>) -> bool {
    matches!(answer, Err(RequestTokenError::ServerResponse(said)) if *said.error() == CoreErrorResponseType::InvalidGrant)
}
