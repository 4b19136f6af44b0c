//! Replacing a registration (RFC 7592 §2.2): what an update must and must not say of what the server alone decides, and
//! what is kept of the client that it replaces.

use super::{Made, Method, Registration};
use crate::sealed::{Purpose, SecretKeys};
use crate::shown::shown_or_none;
use crate::subject::sector;
use valetkey_jose::hash::sha256;
use valetkey_model::Client;
use valetkey_model::client::{Authentication, SecretHash};
use valetkey_model::relying_party::{Registered, SubjectType};
use valetkey_protocol::register::Reserved;
use valetkey_protocol::rule::{Refusal, Rule, Trail};
use valetkey_protocol::secret::ClientSecret;
use valetkey_protocol::time::Timestamp;

/// The reserved members of an update.
///
/// # Errors
/// The rule that refused.
pub fn check(
    reserved: &Reserved,
    client: &Client,
    secrets: &SecretKeys,
    trail: &mut Trail,
) -> Result<(), Refusal> {
    let named = reserved.client_id.as_deref();
    trail.require(
        Rule::RegisterUpdateClientId,
        named == Some(client.id.as_str()),
        || (client.id.to_string(), shown_or_none(named)),
    )?;
    let foreign = reserved.not_to_be_sent;
    trail.require(Rule::RegisterUpdateReserved, foreign.is_none(), || {
        ("none of them".into(), foreign.unwrap_or_default().to_owned())
    })?;
    let fits = reserved
        .client_secret
        .as_ref()
        .is_none_or(|shown| is_secret_of(client, shown, secrets));
    trail.require(Rule::RegisterUpdateSecret, fits, || {
        ("the secret of the client".into(), "another".into())
    })
}

fn is_secret_of(client: &Client, shown: &ClientSecret, secrets: &SecretKeys) -> bool {
    match &client.authentication {
        Authentication::None | Authentication::PrivateKeyJwt => false,
        Authentication::ClientSecretBasic { secret }
        | Authentication::ClientSecretPost { secret }
        | Authentication::ClientSecret { secret } => *secret == SecretHash(sha256(shown.expose().as_bytes())),
        Authentication::ClientSecretJwt { secret } => {
            let own: Option<ClientSecret> = secrets.open(Purpose::ClientSecretJwt, &client.id, secret);
            own.is_some_and(|own| own == *shown)
        }
    }
}

/// The authentication of the client as it is, where the method still takes it; `None`: a secret has to be made.
#[must_use]
pub fn kept(method: Method, before: &Authentication) -> Option<Authentication> {
    match (method, before) {
        (Method::None, _) => Some(Authentication::None),
        (Method::PrivateKeyJwt, _) => Some(Authentication::PrivateKeyJwt),
        (Method::ClientSecretJwt, own @ Authentication::ClientSecretJwt { .. }) => Some(own.clone()),
        (Method::ClientSecretBasic | Method::ClientSecretPost, before) => {
            let secret = match before {
                Authentication::ClientSecretBasic { secret }
                | Authentication::ClientSecretPost { secret }
                | Authentication::ClientSecret { secret } => *secret,
                Authentication::None
                | Authentication::ClientSecretJwt { .. }
                | Authentication::PrivateKeyJwt => return None,
            };
            Some(match method {
                Method::ClientSecretPost => Authentication::ClientSecretPost { secret },
                _ => Authentication::ClientSecretBasic { secret },
            })
        }
        (Method::ClientSecretJwt, _) => None,
    }
}

/// The sector decides what a pairwise client calls people (Core §8.1). It moves to another one only with the document that
/// every client of that sector stands in; or it could learn what the others there call the same people.
///
/// # Errors
/// The rule that refused.
pub fn keeps_its_sector(before: &Client, after: &Client, trail: &mut Trail) -> Result<(), Refusal> {
    let is_shown = after.openid.sector_identifier_uri.is_some();
    let matters = after.openid.subject_type == SubjectType::Pairwise && !is_shown;
    let (old, new) = (sector(before), sector(after));
    trail.require(Rule::RegisterSectorMissing, !matters || old == new, || {
        let shown = |sector: Option<String>| sector.unwrap_or_else(|| "no one host".into());
        (shown(old.clone()), shown(new.clone()))
    })
}

/// The client as the update leaves it. What an operator decided beside the registration stays.
#[must_use]
pub fn replaced(
    before: &Client,
    registration: Registration,
    authentication: Authentication,
    now: Timestamp,
) -> Client {
    let made = Made {
        id: before.id.clone(),
        authentication,
        created_at: before.created_at,
        registered: Registered {
            updated_at: Some(now),
            ..before.registration.clone().unwrap_or_default()
        },
    };
    Client {
        resources: before.resources.clone(),
        introspects: before.introspects.clone(),
        oauth1: before.oauth1.clone(),
        exchange: before.exchange.clone(),
        inspect_until: before.inspect_until,
        ..registration.client(made)
    }
}
