//! A grant as a row: written and read in one order of columns.

use super::INSERT;
use crate::columns::{Columns, by_name, change, corrupt, params, to_json};
use crate::connection::Connection;
use crate::failure::{Failure, of_insert};
use valetkey_model::grant::{Active, CodeIssued, GrantState, GrantedBy, RevokedWhy};
use valetkey_model::{ClientId, Grant, GrantId, SessionId, Sid, UserId};
use valetkey_protocol::acr::Acr;
use valetkey_protocol::pkce::CodeChallenge;
use valetkey_protocol::scope::Scope;

const WHYS: [RevokedWhy; 6] = [
    RevokedWhy::CodeReplayed,
    RevokedWhy::RefreshTokenReused,
    RevokedWhy::ByClient,
    RevokedWhy::ByResourceOwner,
    RevokedWhy::SignedOut,
    RevokedWhy::ByAdmin,
];

pub(super) async fn insert(db: &Connection, grant: &Grant) -> Result<(), Failure> {
    let code = match &grant.state {
        GrantState::CodeIssued(code) => Some(code),
        _ => None,
    };
    let active = match &grant.state {
        GrantState::Active(active) => Some(active),
        _ => None,
    };
    let (state, revoked) = match &grant.state {
        GrantState::CodeIssued(_) => ("code_issued", None),
        GrantState::Active(_) => ("active", None),
        GrantState::Revoked { why, at } => ("revoked", Some((why, at))),
    };
    let claims = (!grant.claims.is_empty()).then(|| to_json("claims request", &grant.claims));
    let inserted = change(
        db,
        INSERT,
        params![
            grant.id.0,
            grant.client.as_str(),
            grant.user.0,
            grant.session.map(|session| session.0),
            grant.scope.to_string(),
            to_json("resources", &grant.resources)?,
            grant.offline,
            grant.auth_time.0,
            to_json("amr", &grant.amr)?,
            grant.acr.as_str(),
            grant.sid.map(|sid| sid.0),
            claims.transpose()?,
            grant.nonce,
            grant.created_at.0,
            grant.expires_at.0,
            grant.by.as_str(),
            grant.migrated_from.map(|from| from.0),
            state,
            code.map(|code| &code.redirect_uri),
            code.map(|code| code.redirect_uri_was_given),
            code.and_then(|code| code.code_challenge.as_ref().map(CodeChallenge::as_str)),
            code.map(|code| code.code_expires_at.0),
            active.map(|active| i64::from(active.generation)),
            active.map(|active| active.rotated_at.0),
            active.map(|active| active.idle_expires_at.0),
            revoked.map(|(why, _)| why.as_str()),
            revoked.map(|(_, at)| at.0),
        ],
    )
    .await;
    inserted.map_err(|error| of_insert(error, "grant", grant.id))?;
    Ok(())
}

pub(super) fn read(columns: &mut Columns<'_>) -> Result<Grant, Failure> {
    Ok(Grant {
        id: GrantId(columns.id()?),
        client: columns.parse("client id", ClientId::parse)?,
        user: UserId(columns.id()?),
        session: columns.id_or_none()?.map(SessionId),
        scope: columns.parse("scope", Scope::parse)?,
        resources: columns.json("resources")?,
        offline: columns.take()?,
        auth_time: columns.time()?,
        amr: columns.json("amr")?,
        acr: columns.parse("acr", |text| by_name(&Acr::ALL, Acr::as_str, text))?,
        sid: columns.id_or_none()?.map(Sid),
        claims: columns.json_or_none("claims request")?.unwrap_or_default(),
        nonce: columns.take()?,
        created_at: columns.time()?,
        expires_at: columns.time()?,
        by: columns.parse("way of granting", |text| {
            by_name(&GrantedBy::ALL, GrantedBy::as_str, text)
        })?,
        migrated_from: columns.id_or_none()?.map(GrantId),
        state: state(columns)?,
    })
}

fn state(columns: &mut Columns<'_>) -> Result<GrantState, Failure> {
    let state: String = columns.take()?;
    match state.as_str() {
        "code_issued" => Ok(GrantState::CodeIssued(CodeIssued {
            redirect_uri: columns.take()?,
            redirect_uri_was_given: columns.take()?,
            code_challenge: challenge(columns)?,
            code_expires_at: columns.time()?,
        })),
        "active" => {
            columns.skip(4);
            Ok(GrantState::Active(Active {
                generation: columns.count()?,
                rotated_at: columns.time()?,
                idle_expires_at: columns.time()?,
            }))
        }
        "revoked" => {
            columns.skip(7);
            Ok(GrantState::Revoked {
                why: columns.parse("reason", |text| by_name(&WHYS, RevokedWhy::as_str, text))?,
                at: columns.time()?,
            })
        }
        other => Err(corrupt("grant state", other)),
    }
}

fn challenge(columns: &mut Columns<'_>) -> Result<Option<CodeChallenge>, Failure> {
    let text: Option<String> = columns.take()?;
    text.map(|text| CodeChallenge::parse(&text).map_err(|error| corrupt("code challenge", error)))
        .transpose()
}
