//! The two tokens of registration. Neither is stored: a registration access token (RFC 7592 §3) is a MAC over the client
//! and the moment it was made, an initial access token (RFC 7591 §3) its own contents, sealed.

use super::RegistrationMode;
use crate::policy::Policy;
use serde::{Deserialize, Serialize};
use valetkey_jose::b64;
use valetkey_jose::derive::derive_key;
use valetkey_jose::mac::MacKey;
use valetkey_jose::seal::SealKey;
use valetkey_model::{Client, ClientId};
use valetkey_protocol::rule::{Refusal, Rule, Trail};
use valetkey_protocol::secret::{AccessToken, RegistrationAccessToken, constant_time_eq};
use valetkey_protocol::time::Timestamp;

/// Begins every registration access token.
pub const MANAGEMENT_PREFIX: &str = "vkm_";
/// Begins every initial access token.
pub const INITIAL_PREFIX: &str = "vki_";

const INITIAL_AAD: &[u8] = b"initial access token";

/// What an initial access token holds.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Initial {
    /// Its name, by which it can be revoked.
    pub jti: String,
    /// When it stops working.
    pub expires_at: Timestamp,
}

/// The keys behind both, derived from the master key.
#[derive(Debug)]
pub struct RegistrationKeys {
    management: MacKey,
    initial: SealKey,
}

impl RegistrationKeys {
    /// Derives the keys.
    #[must_use]
    pub fn new(master: &[u8; 32]) -> Self {
        Self {
            management: MacKey::new(&derive_key(master, "registration access token")),
            initial: SealKey::new(&derive_key(master, "initial access token")),
        }
    }

    /// The registration access token of a client. A client that is made anew under the same id has another.
    #[must_use]
    pub fn management_token(&self, id: &ClientId, created_at: Timestamp) -> RegistrationAccessToken {
        let tag = self
            .management
            .tag(&[id.as_str().as_bytes(), &created_at.0.to_be_bytes()]);
        RegistrationAccessToken::new(format!("{MANAGEMENT_PREFIX}{}", b64::encode_url(&tag)))
    }

    /// An initial access token.
    #[must_use]
    pub fn initial_token(&self, initial: &Initial) -> String {
        let json = serde_json::to_vec(initial).unwrap_or_default();
        format!(
            "{INITIAL_PREFIX}{}",
            self.initial.seal_to_text(INITIAL_AAD, &json)
        )
    }

    /// What an initial access token holds. Whether it still counts is not said.
    #[must_use]
    pub fn open_initial(&self, text: &str) -> Option<Initial> {
        let sealed = text.strip_prefix(INITIAL_PREFIX)?;
        let json = self.initial.open_from_text(INITIAL_AAD, sealed).ok()?;
        serde_json::from_slice(&json).ok()
    }
}

/// Whether whoever shows this may register at all: what the initial access token holds, when there is one. That it was not
/// revoked is still to be asked: [`not_revoked`].
///
/// # Errors
/// The rule that refused.
pub fn may_register(
    presented: Option<&AccessToken>,
    keys: &RegistrationKeys,
    policy: &Policy,
    now: Timestamp,
    trail: &mut Trail,
) -> Result<Option<Initial>, Refusal> {
    let mode = policy.registration.mode;
    is_on(mode, trail)?;
    let Some(presented) = presented else {
        if mode == RegistrationMode::Open {
            return Ok(None);
        }
        return Err(trail.refuse(Refusal::new(
            Rule::BearerTokenMissing,
            "an initial access token",
            "none",
        )));
    };
    trail.passed(Rule::BearerTokenMissing);
    match keys.open_initial(presented.expose()) {
        Some(initial) if now < initial.expires_at => Ok(Some(initial)),
        Some(_) => Err(refused("one that has expired", trail)),
        None => Err(refused("another text", trail)),
    }
}

/// Clients cannot register, nor change what they registered, where the operator has switched that off.
///
/// # Errors
/// The rule that refused.
pub fn is_on(mode: RegistrationMode, trail: &mut Trail) -> Result<(), Refusal> {
    trail.require(Rule::RegisterOff, mode != RegistrationMode::Off, || {
        (
            "[registration] mode open or initial_access_token".into(),
            "off".into(),
        )
    })
}

/// The initial access token was not revoked.
///
/// # Errors
/// The rule that refused.
pub fn not_revoked(is_revoked: bool, trail: &mut Trail) -> Result<(), Refusal> {
    if is_revoked {
        return Err(refused("one that was revoked", trail));
    }
    trail.passed(Rule::RegisterInitialTokenInvalid);
    Ok(())
}

fn refused(received: &str, trail: &mut Trail) -> Refusal {
    trail.refuse(Refusal::new(
        Rule::RegisterInitialTokenInvalid,
        "an initial access token of this server",
        received,
    ))
}

/// The registration access token is the client's (RFC 7592 §2). A client that does not exist, that an operator made or
/// that several share has none: whoever asks learns nothing of which it is.
///
/// # Errors
/// The rule that refused.
pub fn manages<'a>(
    presented: &AccessToken,
    client: Option<&'a Client>,
    keys: &RegistrationKeys,
    trail: &mut Trail,
) -> Result<&'a Client, Refusal> {
    let own = client.filter(|client| client.registration.as_ref().is_some_and(|own| !own.shared));
    let fits = own.filter(|client| {
        let expected = keys.management_token(&client.id, client.created_at);
        constant_time_eq(expected.expose().as_bytes(), presented.expose().as_bytes())
    });
    match fits {
        Some(client) => {
            trail.passed(Rule::RegisterClientTokenInvalid);
            Ok(client)
        }
        None => Err(trail.refuse(Refusal::plain(Rule::RegisterClientTokenInvalid))),
    }
}
