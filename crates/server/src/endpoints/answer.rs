//! How a request ends once the person answered: a code or a token to the client (RFC 6749 §4.1.2, §4.2.2), a device
//! that may go on (RFC 8628 §3.3), temporary credentials that are authorized (RFC 5849 §2.2), or a no.

use super::login::app_view;
use super::{flow, oauth1, page, token};
use crate::call::{Call, Failure, Told};
use crate::pages::device::{Ended, ended};
use crate::pages::form_post;
use crate::session_state::session_state;
use crate::{encryption, wire_error};
use axum::response::Response;
use valetkey_model::grant::RevokedWhy;
use valetkey_model::{Client, Grant, GrantId, Participant, Session};
use valetkey_protocol::authorize::{ResponseMode, ResponseType, redirect_with_fragment, redirect_with_query};
use valetkey_protocol::error::ErrorCode;
use valetkey_protocol::observe::{Key, Parameter, Role, Step};
use valetkey_protocol::rule::{Refusal, Rule};
use valetkey_protocol::scope::OPENID;
use valetkey_protocol::secret::AuthorizationCode;
use valetkey_rules::authorize::{self, OAuth1Respond, RedirectError, Respond, ValidRequest};
use valetkey_rules::oauth1::authorize as oauth1_rules;
use valetkey_store::StoreError;

/// Gives what was asked for.
pub(super) async fn issue(
    call: &mut Call<'_>,
    valid: &ValidRequest,
    session: &Session,
    consented_now: bool,
) -> Result<Response, Failure> {
    let app = call.app;
    let Some(client) = call.client.clone() else {
        return Err(Refusal::plain(Rule::AuthorizeClientUnknown).into());
    };
    if let Some(refusal) = impossible(call, valid, &client).await? {
        return Ok(refuse(call, &valid.refused(refusal)));
    }
    let new_id = GrantId(app.uuid());
    let grant = authorize::grant(valid, session, app.policy(), new_id, call.now);
    let id = grant.id;
    write(call, valid, grant.clone(), consented_now).await?;
    if let Some(why) = ended_meanwhile(call, valid, session).await? {
        app.store.revoke_grant(id, why, call.now).await?;
        return Err(Refusal::plain(Rule::InteractionUnreadable).into());
    }
    call.tie(Key::Grant(id.to_string()));
    match &valid.respond {
        Respond::Redirect { response_type, .. } => {
            let state = session_state_for(call, valid, session);
            to_app(call, valid, (*response_type, state), (&grant, &client)).await
        }
        Respond::Device(_) => Ok(end_elsewhere(call, valid, true)),
        Respond::OAuth1(asked) => with_verifier(call, asked, session).await,
    }
}

/// What of the answer cannot be made: asked before anything is given for it. The client is told so: its redirect URI is
/// trusted, and the person is signed in and allowed it, so that nobody is sent anywhere unawares (RFC 9700 §4.11.2).
async fn impossible(
    call: &mut Call<'_>,
    valid: &ValidRequest,
    client: &Client,
) -> Result<Option<Refusal>, Failure> {
    let rule = Rule::AuthorizeEncryptionKeyMissing;
    let possible = match (&valid.respond, &client.openid.id_token_encryption) {
        (Respond::Redirect { response_type, .. }, Some(how)) if response_type.id_token => {
            encryption::is_possible(call, client, how, rule).await
        }
        _ => Ok(()),
    };
    match possible {
        Ok(()) => Ok(None),
        Err(Failure::Refused(refusal)) if refusal.rule == rule => Ok(Some(refusal)),
        Err(failure) => Err(failure),
    }
}

/// One verb of the store: the grant, what the person allowed, and, for a device, its answer.
async fn write(
    call: &mut Call<'_>,
    valid: &ValidRequest,
    grant: Grant,
    consented_now: bool,
) -> Result<(), Failure> {
    let store = &call.app.store;
    let consent = consented_now.then(|| authorize::consent(valid, grant.user, call.now));
    match &valid.respond {
        Respond::Redirect { .. } => {
            join(call, &grant).await?;
            Ok(store.insert_grant(grant, consent).await?)
        }
        Respond::Device(device) => {
            let user = grant.user;
            let is_first = store.approve_device(device.id, grant, consent).await?;
            call.trail
                .require(Rule::DeviceUserCodeUnknown, is_first, answered_before)?;
            tracing::info!(%user, client_id = %valid.client_id, device = %device.id, "device allowed");
            Ok(())
        }
        Respond::OAuth1(_) => match store.insert_grant(grant, consent).await {
            Err(StoreError::Exists { .. }) => Err(call.trail.refuse(oauth1_rules::answered_already()).into()),
            other => Ok(other?),
        },
    }
}

/// A client that wants to hear of the end of the session takes part in it (OpenID Connect Back-Channel Logout §2.3,
/// Front-Channel Logout §3).
async fn join(call: &Call<'_>, grant: &Grant) -> Result<(), Failure> {
    let (Some(client), Some(sid)) = (&call.client, grant.sid) else {
        return Ok(());
    };
    let party = &client.openid;
    let wants_to_hear = party.frontchannel_logout.is_some() || party.backchannel_logout.is_some();
    if wants_to_hear && grant.scope.contains(OPENID) {
        let participant = Participant {
            sid,
            client: client.id.clone(),
            sub: call.app.subjects.subject(client, grant.user),
        };
        call.app.store.join_session(participant).await?;
    }
    Ok(())
}

fn answered_before() -> (String, String) {
    (
        String::from("a code that nobody has answered"),
        String::from("one that was answered before"),
    )
}

/// Who signs out, or takes an app's access away, ends the grants that are there. One that was being written
/// at that moment they did not see: so it is looked once more, now that whoever comes later will see it.
async fn ended_meanwhile(
    call: &Call<'_>,
    valid: &ValidRequest,
    session: &Session,
) -> Result<Option<RevokedWhy>, Failure> {
    if call.app.store.find_session(session.id).await?.is_none() {
        return Ok(Some(RevokedWhy::SignedOut));
    }
    let consent = flow::remembered(call, valid, Some(session)).await?;
    Ok(consent.is_none().then_some(RevokedWhy::ByResourceOwner))
}

/// What an app asked for, through the browser (RFC 6749 §4.1.2, §4.2.2, OpenID Connect Core §3.2.2.5, §3.3.2.5).
async fn to_app(
    call: &mut Call<'_>,
    valid: &ValidRequest,
    (wanted, session_state): (ResponseType, Option<String>),
    (grant, client): (&Grant, &Client),
) -> Result<Response, Failure> {
    let app = call.app;
    let code = wanted.code.then(|| app.handles.code_for(grant.id));
    let access = if wanted.token {
        let issued = authorize::front_channel_issue(valid, grant, client, app.policy(), call.now);
        let token = token::issue::access_token(call, client, &issued, Some(grant)).await?;
        app.metrics.tokens("implicit");
        Some((token, issued.ttl_seconds.to_string(), issued.scope.to_string()))
    } else {
        None
    };
    let code = code.as_ref().map(AuthorizationCode::expose);
    let access_token = access.as_ref().map(|(token, _, _)| token.expose());
    let id_token = if wanted.id_token {
        Some(id_token(call, wanted, (grant, client), (code, access_token)).await?)
    } else {
        None
    };
    for text in [code, access_token].into_iter().flatten() {
        call.tie_token(text);
    }
    let mut parameters: Vec<(&str, &str)> = Vec::with_capacity(8);
    parameters.extend(code.map(|code| ("code", code)));
    if let Some((token, expires_in, scope)) = &access {
        parameters.extend([
            ("access_token", token.expose()),
            ("token_type", "Bearer"),
            ("expires_in", expires_in),
            ("scope", scope),
        ]);
    }
    parameters.extend(id_token.as_deref().map(|id_token| ("id_token", id_token)));
    parameters.extend(session_state.as_deref().map(|state| ("session_state", state)));
    Ok(to_client(call, &Back::to(valid), &parameters))
}

/// By it an app can see whether the sign-in is still the same (OpenID Connect Session Management §2).
fn session_state_for(call: &Call<'_>, valid: &ValidRequest, session: &Session) -> Option<String> {
    let is_openid = valid.scope.contains(OPENID);
    is_openid
        .then(|| {
            session_state(
                call.app,
                valid.client_id.as_str(),
                &valid.redirect_uri,
                Some(session),
            )
        })
        .flatten()
}

async fn id_token(
    call: &mut Call<'_>,
    wanted: ResponseType,
    (grant, client): (&Grant, &Client),
    (code, access_token): (Option<&str>, Option<&str>),
) -> Result<String, Failure> {
    let Some(user) = call.app.store.find_user(grant.user).await? else {
        return Err(Refusal::plain(Rule::InteractionUnreadable).into());
    };
    let front = token::issue::FrontChannel {
        client,
        grant,
        user: &user,
        code,
        access_token,
        with_scope_claims: !wanted.code && !wanted.token,
    };
    token::issue::front_channel_id_token(call, &front).await
}

/// The verifier (RFC 5849 §2.2): with the browser, or, where the client has no callback, for the person to carry over.
async fn with_verifier(
    call: &mut Call<'_>,
    asked: &OAuth1Respond,
    session: &Session,
) -> Result<Response, Failure> {
    let handles = &call.app.handles;
    let Some(temporary) = handles.open_temporary(&asked.token) else {
        let refusal = Refusal::plain(Rule::OAuth1AuthorizeTokenUnknown);
        return Err(call.trail.refuse(refusal).into());
    };
    let Some(callback) = &asked.callback else {
        return oauth1::verifier_page(call, &temporary, session).await;
    };
    let verifier = handles.verifier_for(&temporary);
    let parameters = [
        ("oauth_token", asked.token.as_str()),
        ("oauth_verifier", verifier.as_str()),
    ];
    let location = redirect_with_query(callback, &parameters);
    Ok(redirect(call, &location, &parameters))
}

/// The no of the person who pressed "cancel".
pub(super) async fn decline(call: &mut Call<'_>, valid: &ValidRequest) -> Result<Response, Failure> {
    let error = authorize::declined(valid);
    match &valid.respond {
        Respond::Redirect { .. } => {
            let _ = call.trail.refuse(error.refusal.clone());
            Ok(refuse(call, &error))
        }
        Respond::Device(device) => {
            let is_first = call.app.store.deny_device(device.id).await?;
            call.trail
                .require(Rule::DeviceUserCodeUnknown, is_first, answered_before)?;
            tracing::info!(client_id = %valid.client_id, device = %device.id, "device refused");
            let refusal = call.trail.refuse(error.refusal);
            call.log(&refusal.into());
            Ok(end_elsewhere(call, valid, false))
        }
        Respond::OAuth1(asked) => {
            let refusal = call.trail.refuse(error.refusal);
            call.log(&refusal.into());
            let Some(callback) = &asked.callback else {
                return Ok(end_elsewhere(call, valid, false));
            };
            let parameters = [
                ("oauth_problem", ErrorCode::PermissionDenied.as_str()),
                ("oauth_token", asked.token.as_str()),
            ];
            let location = redirect_with_query(callback, &parameters);
            Ok(redirect(call, &location, &parameters))
        }
    }
}

/// The page that sends the person back to where it began. The app there learns it when it asks next.
fn end_elsewhere(call: &mut Call<'_>, valid: &ValidRequest, allowed: bool) -> Response {
    let client = call.client.as_ref();
    let view = Ended {
        client: client
            .map(|client| app_view(client, &valid.redirect_uri))
            .unwrap_or_default(),
        allowed,
        is_device: matches!(valid.respond, Respond::Device(_)),
    };
    let response = ended(&call.app.settings.brand, &view);
    call.tell(Told {
        from: Role::AuthorizationServer,
        to: Role::Client,
        step: Step::AuthorizationGrant,
        title: "Answer of the person",
        line: response.status().to_string(),
        parameters: vec![Parameter::plain("allowed", allowed.to_string())],
    });
    response
}

/// The error response to the client (RFC 6749 §4.1.2.1, §4.2.2.1).
pub(super) fn refuse(call: &mut Call<'_>, error: &RedirectError) -> Response {
    let failure = Failure::Refused(error.refusal.clone());
    call.log(&failure);
    let info = error.refusal.rule.info();
    let uri = wire_error::error_uri(call.app, error.refusal.rule);
    let parameters = [
        ("error", info.error.as_str()),
        ("error_description", info.says),
        ("error_uri", uri.as_str()),
    ];
    let back = Back {
        redirect_uri: &error.redirect_uri,
        state: error.state.as_deref(),
        mode: error.mode,
    };
    to_client(call, &back, &parameters)
}

/// The way back to the client.
struct Back<'a> {
    redirect_uri: &'a str,
    state: Option<&'a str>,
    mode: ResponseMode,
}

impl<'a> Back<'a> {
    fn to(valid: &'a ValidRequest) -> Self {
        Self {
            redirect_uri: &valid.redirect_uri,
            state: valid.state.as_deref(),
            mode: valid.respond.mode(),
        }
    }
}

/// Sends the browser back to the client, with `state`, and with `iss` against mix-up (RFC 9207).
fn to_client<'p>(call: &mut Call<'_>, back: &Back<'p>, parameters: &[(&'p str, &'p str)]) -> Response {
    let issuer = call.app.policy().issuer.clone();
    let mut all: Vec<(&str, &str)> = parameters.to_vec();
    all.extend(back.state.map(|state| ("state", state)));
    all.push(("iss", &issuer));
    match back.mode {
        ResponseMode::Query => redirect(call, &redirect_with_query(back.redirect_uri, &all), &all),
        ResponseMode::Fragment => redirect(call, &redirect_with_fragment(back.redirect_uri, &all), &all),
        ResponseMode::FormPost => {
            let client = call.client.as_ref();
            let view = form_post::View {
                client: client
                    .map(|client| app_view(client, back.redirect_uri))
                    .unwrap_or_default(),
                action: back.redirect_uri,
                fields: &all,
            };
            let response = form_post::render(&call.app.settings.brand, &view);
            told(call, response, &all)
        }
    }
}

fn redirect(call: &mut Call<'_>, location: &str, parameters: &[(&str, &str)]) -> Response {
    told(call, page::see_other(location), parameters)
}

fn told(call: &mut Call<'_>, response: Response, parameters: &[(&str, &str)]) -> Response {
    call.tell(Told {
        from: Role::AuthorizationServer,
        to: Role::Client,
        step: Step::AuthorizationGrant,
        title: "Authorization response",
        line: response.status().to_string(),
        parameters: parameters
            .iter()
            .map(|(name, value)| Parameter::named(name, value))
            .collect(),
    });
    response
}
