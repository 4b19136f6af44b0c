//! `subject_type` and `sector_identifier_uri` (OpenID Connect Core §8.1, Registration §5): clients with several hosts say
//! what holds them together, by a document that lists all their redirect URIs. Otherwise a stranger could put a client of
//! their own into somebody's sector, and compare people there.

use super::web::{self, Fragment};
use crate::shown::{listed, shown};
use std::collections::BTreeSet;
use valetkey_model::relying_party::SubjectType;
use valetkey_protocol::redirect_uri::RedirectUri;
use valetkey_protocol::register::ClientMetadata;
use valetkey_protocol::rule::{Refusal, Rule, Trail};

/// What is known of the document at `sector_identifier_uri`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sector<'a> {
    /// Nothing yet.
    Unknown,
    /// This is what it says.
    Document(&'a [u8]),
    /// It cannot be had.
    Unreachable,
    /// An operator answers for it.
    Vouched,
}

pub(super) fn read(
    asked: &ClientMetadata,
    redirect_uris: &[RedirectUri],
    trail: &mut Trail,
) -> Result<(SubjectType, Option<String>), Refusal> {
    let subject_type = match asked.subject_type.as_deref() {
        None | Some("public") => SubjectType::Public,
        Some("pairwise") => SubjectType::Pairwise,
        Some(other) => {
            let refusal = Refusal::new(Rule::RegisterSubjectType, "public or pairwise", shown(other));
            return Err(trail.refuse(refusal));
        }
    };
    trail.passed(Rule::RegisterSubjectType);
    if let Some(uri) = &asked.sector_identifier_uri {
        let sound = web::address(uri, false, Fragment::Refused).is_some();
        trail.require(Rule::RegisterUriNotHttps, sound, || {
            ("an https address as sector_identifier_uri".into(), shown(uri))
        })?;
        return Ok((subject_type, Some(uri.clone())));
    }
    let hosts: BTreeSet<Option<String>> = redirect_uris.iter().map(|uri| web::host(uri.as_str())).collect();
    let has_sector = subject_type == SubjectType::Public || hosts.len() <= 1;
    trail.require(Rule::RegisterSectorMissing, has_sector, || {
        let hosts = hosts
            .iter()
            .map(|host| host.as_deref().unwrap_or("an app on the device"));
        ("one host, or a sector_identifier_uri".into(), listed(hosts))
    })?;
    Ok((subject_type, None))
}

/// Whether the document holds every redirect URI; `false` when it has to be fetched first.
pub(super) fn holds_all(
    sector: Sector<'_>,
    redirect_uris: &[RedirectUri],
    trail: &mut Trail,
) -> Result<bool, Refusal> {
    let document = match sector {
        Sector::Unknown => return Ok(false),
        Sector::Vouched => return Ok(true),
        Sector::Unreachable => return Err(mismatch("no document that can be fetched", trail)),
        Sector::Document(document) => document,
    };
    let Ok(listed) = serde_json::from_slice::<BTreeSet<String>>(document) else {
        return Err(mismatch("something else", trail));
    };
    if let Some(missing) = redirect_uris.iter().find(|uri| !listed.contains(uri.as_str())) {
        return Err(mismatch(&format!("one without {}", missing.as_str()), trail));
    }
    trail.passed(Rule::RegisterSectorMismatch);
    Ok(true)
}

fn mismatch(received: &str, trail: &mut Trail) -> Refusal {
    trail.refuse(Refusal::new(
        Rule::RegisterSectorMismatch,
        "a JSON array that holds every redirect URI",
        shown(received),
    ))
}
