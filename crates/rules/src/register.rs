//! Registering clients (OpenID Connect Registration, RFC 7591): whether what a client says of itself is accepted, and
//! what of it is stored. [`decide`] is for clients that register themselves, under [`RegistrationPolicy`];
//! [`relying_party`] holds the checks that an operator's clients go through as well.
//!
//! Making ids and secrets, fetching the sector's document and storing are the caller's. Managing a registration
//! (RFC 7592) is in [`update`], the tokens of both in [`token`].

mod algorithms;
mod application_type;
mod authentication;
mod defaults;
mod grant_types;
mod in_use;
mod keys;
mod logout;
mod metadata;
mod policy;
mod presentation;
mod redirect_uris;
mod request_uris;
mod scope;
mod sector;
mod shared;
mod software_statement;
#[cfg(test)]
mod tests;
mod text;
pub mod token;
pub mod update;
mod web;

pub use authentication::Method;
pub use in_use::use_to_write_down;
pub use metadata::metadata_of;
pub use policy::{RegistrationMode, RegistrationPolicy};
pub use sector::Sector;
pub use shared::shared_id;

use crate::policy::Policy;
use std::collections::BTreeSet;
use valetkey_model::client::{ApplicationType, Authentication, ClientKeys, GrantType, SigningAlg};
use valetkey_model::relying_party::{Presentation, Registered, RelyingParty};
use valetkey_model::{Client, ClientId};
use valetkey_protocol::redirect_uri::RedirectUri;
use valetkey_protocol::register::{ClientMetadata, Unreadable};
use valetkey_protocol::rule::{Refusal, Rule, Trail};
use valetkey_protocol::scope::Scope;
use valetkey_protocol::time::Timestamp;

/// What comes of a registration that no rule refused.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Decided<T> {
    /// It can be stored.
    Ready(T),
    /// The document at this address says whether it can: fetch it, and ask again with a [`Sector`] that holds it.
    NeedsDocument(String),
}

/// A client that registers itself, checked: all of it but its id and its secret.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Registration {
    /// How it will prove who it is.
    pub method: Method,
    name: Option<String>,
    application_type: ApplicationType,
    redirect_uris: Vec<RedirectUri>,
    grant_types: BTreeSet<GrantType>,
    scope: Scope,
    require_pkce: bool,
    party: Party,
    software_id: Option<String>,
    software_version: Option<String>,
}

/// What a client registers as a relying party, checked.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Party {
    /// The algorithm of its ID tokens.
    pub id_token_signed_response_alg: SigningAlg,
    /// Its public keys.
    pub keys: Option<ClientKeys>,
    /// Where the browser may go after sign-out.
    pub post_logout_redirect_uris: Vec<String>,
    /// All that OpenID Connect adds.
    pub openid: RelyingParty,
    /// What people are shown of it.
    pub presentation: Presentation,
}

/// What of a client must be known before it can be judged as a relying party.
#[derive(Debug, Clone, Copy)]
pub struct Base<'a> {
    /// Where the browser comes back to.
    pub redirect_uris: &'a [RedirectUri],
    /// What it may use.
    pub grant_types: &'a BTreeSet<GrantType>,
    /// What kind of app it is.
    pub application_type: ApplicationType,
    /// How it proves who it is.
    pub method: Method,
}

/// What is not the client's own to say.
#[derive(Debug, Clone)]
pub struct Made {
    /// Its id.
    pub id: ClientId,
    /// How it proves who it is, with the secret that was made.
    pub authentication: Authentication,
    /// When it was registered.
    pub created_at: Timestamp,
    /// When it was last updated, and by which token it was registered.
    pub registered: Registered,
}

/// The refusal of a body that cannot be read.
#[must_use = "a recorded refusal must also be answered"]
pub fn unreadable(why: &Unreadable, trail: &mut Trail) -> Refusal {
    trail.refuse(Refusal::new(
        Rule::RegisterNotJson,
        "a JSON object of client metadata",
        crate::shown::shown(&why.to_string()),
    ))
}

/// A client that registers itself.
///
/// # Errors
/// The rule that refused.
pub fn decide(
    asked: &ClientMetadata,
    sector: Sector<'_>,
    policy: &Policy,
    trail: &mut Trail,
) -> Result<Decided<Registration>, Refusal> {
    let given = &policy.registration;
    software_statement::refused(asked, trail)?;
    let native = application_type::is_native(asked, trail)?;
    let grant_types = grant_types::asked(asked, given, trail)?;
    let method = authentication::method(asked, &grant_types, trail)?;
    let application_type = application_type::of(native, method, &grant_types);
    let redirect_uris = redirect_uris::read(asked, native, &grant_types, policy, trail)?;
    let scope = scope::read(asked, given, trail)?;
    let base = Base {
        redirect_uris: &redirect_uris,
        grant_types: &grant_types,
        application_type,
        method,
    };
    let party = match relying_party(asked, &base, sector, policy, trail)? {
        Decided::Ready(party) => party,
        Decided::NeedsDocument(uri) => return Ok(Decided::NeedsDocument(uri)),
    };
    Ok(Decided::Ready(Registration {
        method,
        name: text::name(asked, trail)?,
        application_type,
        redirect_uris,
        grant_types,
        scope,
        require_pkce: method == Method::None || given.require_pkce_of_confidential_clients,
        party,
        software_id: text::line("software_id", asked.software_id.as_deref(), trail)?,
        software_version: text::line("software_version", asked.software_version.as_deref(), trail)?,
    }))
}

/// The checks of what a client registers as a relying party, whoever registers it.
///
/// # Errors
/// The rule that refused.
pub fn relying_party(
    asked: &ClientMetadata,
    base: &Base<'_>,
    sector: Sector<'_>,
    policy: &Policy,
    trail: &mut Trail,
) -> Result<Decided<Party>, Refusal> {
    let on_this_machine = web::is_on_this_machine(policy);
    let response_types = grant_types::response_types(asked, base.grant_types, trail)?;
    let algorithms = algorithms::read(asked, base.method, trail)?;
    let keys = keys::read(asked, base.method, &algorithms, on_this_machine, trail)?;
    let (subject_type, sector_identifier_uri) = sector::read(asked, base.redirect_uris, trail)?;
    let defaults = defaults::read(asked, trail)?;
    let (frontchannel_logout, backchannel_logout) =
        logout::read(asked, base.redirect_uris, on_this_machine, trail)?;
    let party = Party {
        id_token_signed_response_alg: algorithms.id_token.unwrap_or_default(),
        keys,
        post_logout_redirect_uris: logout::post_logout(asked, base.application_type, policy, trail)?,
        presentation: presentation::read(asked, on_this_machine, trail)?,
        openid: RelyingParty {
            response_types,
            subject_type,
            id_token_encryption: algorithms.id_token_encryption,
            userinfo_signed_response_alg: algorithms.userinfo,
            userinfo_encryption: algorithms.userinfo_encryption,
            request_object_signing_alg: algorithms.request_object,
            require_signed_request_object: asked.require_signed_request_object.unwrap_or_default(),
            request_uris: request_uris::read(asked, trail)?,
            default_max_age_seconds: defaults.max_age_seconds,
            require_auth_time: asked.require_auth_time.unwrap_or_default(),
            default_acr_values: defaults.acr_values,
            initiate_login_uri: defaults::initiate_login_uri(asked, on_this_machine, trail)?,
            frontchannel_logout,
            backchannel_logout,
            token_endpoint_auth_signing_alg: algorithms.token_endpoint_auth,
            sector_identifier_uri: sector_identifier_uri.clone(),
        },
    };
    // Last, so that nothing is fetched for a registration that is refused anyway.
    if let Some(uri) = sector_identifier_uri
        && !sector::holds_all(sector, base.redirect_uris, trail)?
    {
        return Ok(Decided::NeedsDocument(uri));
    }
    Ok(Decided::Ready(party))
}

impl Party {
    /// Takes it over into the client.
    pub fn onto(self, client: &mut Client) {
        client.id_token_signed_response_alg = self.id_token_signed_response_alg;
        client.keys = self.keys;
        client.post_logout_redirect_uris = self.post_logout_redirect_uris;
        client.openid = self.openid;
        client.presentation = self.presentation;
    }
}

impl Registration {
    /// The client to be stored.
    #[must_use]
    pub fn client(self, made: Made) -> Client {
        let name = self.name.unwrap_or_else(|| {
            let host = self.redirect_uris.iter().find_map(|uri| web::host(uri.as_str()));
            host.unwrap_or_else(|| made.id.to_string())
        });
        let mut client = Client {
            id: made.id,
            name,
            authentication: made.authentication,
            application_type: self.application_type,
            redirect_uris: self.redirect_uris,
            post_logout_redirect_uris: Vec::new(),
            grant_types: self.grant_types,
            scope: self.scope,
            resources: BTreeSet::new(),
            introspects: BTreeSet::new(),
            id_token_signed_response_alg: SigningAlg::default(),
            require_pkce: self.require_pkce,
            keys: None,
            openid: RelyingParty::default(),
            presentation: Presentation::default(),
            registration: Some(Registered {
                software_id: self.software_id,
                software_version: self.software_version,
                ..made.registered
            }),
            oauth1: None,
            exchange: None,
            inspect_until: None,
            created_at: made.created_at,
        };
        self.party.onto(&mut client);
        client
    }
}
