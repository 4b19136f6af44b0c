//! Sign-in sessions in the browser: the cookie names the session and carries a MAC, so that no guess
//! ever reaches the store. A sign-in always gets a new id (session fixation).

use crate::context::Context;
use crate::{address, cookies, outbox, session_state};
use http::request::Parts;
use http::{HeaderMap, HeaderValue, header};
use uuid::Uuid;
use valetkey_jose::b64;
use valetkey_model::session::SignedInFrom;
use valetkey_model::{Session, SessionId, Sid, User};
use valetkey_protocol::acr::{self, Acr};
use valetkey_store::StoreError;

/// A `User-Agent` is shown to its own user only, and most say all in its beginning.
const MOST_USER_AGENT_CHARACTERS: usize = 200;

/// The session id that the cookie names, when the cookie is one of ours.
pub(crate) fn id_from(app: &Context, headers: &HeaderMap) -> Option<SessionId> {
    let (id, tag) = cookies::read(headers, &app.cookies.session)?.split_once('.')?;
    let id: [u8; 16] = b64::decode_url(id).ok()?.try_into().ok()?;
    let tag = b64::decode_url(tag).ok()?;
    app.secrets
        .session
        .verify(&[&id], &tag)
        .then(|| SessionId(Uuid::from_bytes(id)))
}

/// The session of the browser, when there is one that has not ended.
pub(crate) async fn current(app: &Context, headers: &HeaderMap) -> Result<Option<Session>, StoreError> {
    let Some(id) = id_from(app, headers) else {
        return Ok(None);
    };
    let now = app.now();
    let session = app.store.find_session(id).await?;
    Ok(session.filter(|session| !session.is_expired(now)))
}

/// The session together with its person.
pub(crate) async fn signed_in(
    app: &Context,
    headers: &HeaderMap,
) -> Result<Option<(Session, User)>, StoreError> {
    let Some(session) = current(app, headers).await? else {
        return Ok(None);
    };
    let user = app.store.find_user(session.user).await?;
    Ok(user.map(|user| (session, user)))
}

/// How somebody has just shown who they are.
#[derive(Debug, Clone)]
pub(crate) struct Proof {
    /// The methods (RFC 8176).
    pub(crate) amr: Vec<String>,
    /// How surely it is them.
    pub(crate) acr: Acr,
    /// From where.
    pub(crate) from: SignedInFrom,
}

impl Proof {
    /// A password alone.
    pub(crate) fn password(from: SignedInFrom) -> Self {
        Self {
            amr: vec![String::from(acr::PASSWORD)],
            acr: Acr::OneFactor,
            from,
        }
    }
}

/// From where a request comes, as a person may recognise it.
pub(crate) fn signed_in_from(app: &Context, parts: &Parts) -> SignedInFrom {
    let user_agent = parts.headers.get(header::USER_AGENT);
    let user_agent = user_agent
        .and_then(|value| value.to_str().ok())
        .unwrap_or_default();
    SignedInFrom {
        address: address::of_request(parts, &app.settings.trusted_proxies).to_string(),
        user_agent: user_agent.chars().take(MOST_USER_AGENT_CHARACTERS).collect(),
    }
}

/// Begins a session for somebody who has just shown who they are; the one before ends. When the same person signs in again,
/// clients go on knowing the session by the same `sid`.
pub(crate) async fn begin(
    app: &Context,
    headers: &HeaderMap,
    user: &User,
    proof: Proof,
) -> Result<Session, StoreError> {
    let now = app.now();
    let before = current(app, headers).await?;
    let id = SessionId(app.uuid());
    let session = Session {
        id,
        sid: before
            .filter(|before| before.user == user.id)
            .map_or_else(|| Sid(app.uuid()), |before| before.sid),
        user: user.id,
        auth_time: now,
        amr: proof.amr,
        acr: proof.acr,
        from: proof.from,
        created_at: now,
        expires_at: now.plus_seconds(app.policy().session_ttl_seconds),
    };
    let replaces = id_from(app, headers);
    app.store.begin_session(session.clone(), replaces).await?;
    if replaces.is_some() {
        // Somebody else may have been signed in here before, and their clients are told.
        outbox::nudge(app);
    }
    Ok(session)
}

/// The cookies of a session: its own, and the browser state that clients' pages watch.
pub(crate) fn cookies(app: &Context, session: &Session) -> impl Iterator<Item = HeaderValue> {
    let id = session.id.0.as_bytes();
    let tag = app.secrets.session.tag(&[id]);
    let value = format!("{}.{}", b64::encode_url(id), b64::encode_url(&tag));
    let seconds = app.policy().session_ttl_seconds;
    let own = app.cookies.set_for(&app.cookies.session, &value, seconds);
    let state = session_state::browser_state(app, Some(session));
    own.into_iter().chain(app.cookies.state_for(&state, seconds))
}

/// What removes them.
pub(crate) fn no_cookies(app: &Context) -> impl Iterator<Item = HeaderValue> {
    let own = app.cookies.remove(&app.cookies.session);
    own.into_iter().chain(app.cookies.state_for("", 0))
}

/// The hidden field of the forms of a session: only a page that we gave to this session carries it.
pub(crate) fn csrf_field(app: &Context, session: &Session) -> String {
    b64::encode_url(&app.secrets.csrf.tag(&[session.id.0.as_bytes()]))
}

/// Whether the hidden field is the one of the session.
pub(crate) fn csrf_field_fits(app: &Context, session: &Session, field: Option<&str>) -> bool {
    let Some(tag) = field.and_then(|field| b64::decode_url(field).ok()) else {
        return false;
    };
    app.secrets.csrf.verify(&[session.id.0.as_bytes()], &tag)
}
