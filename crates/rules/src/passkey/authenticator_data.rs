//! What the authenticator saw: authenticator data (§6.1) with, for a new passkey, the attested credential data (§6.5.1).
//! Every byte is accounted for: what is left over is refused.

use super::{MAX_CREDENTIAL_ID_BYTES, RelyingParty, cose, malformed};
use minicbor::Decoder;
use valetkey_jose::hash::sha256;
use valetkey_protocol::rule::{Refusal, Rule, Trail};

const MAX_AUTHENTICATOR_DATA_BYTES: usize = 8 * 1024;
const AAGUID_BYTES: usize = 16;

/// The person did something.
const USER_PRESENT: u8 = 1 << 0;
/// The authenticator knows that it was the right person.
const USER_VERIFIED: u8 = 1 << 2;
/// The passkey may be copied to other devices of its owner.
const BACKUP_ELIGIBLE: u8 = 1 << 3;
/// It has been.
const BACKED_UP: u8 = 1 << 4;
const HAS_CREDENTIAL: u8 = 1 << 6;
const HAS_EXTENSIONS: u8 = 1 << 7;

/// Authenticator data, taken apart.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct AuthenticatorData<'a> {
    rp_id_hash: &'a [u8; 32],
    flags: u8,
    /// How often this passkey, or its whole authenticator, has signed; 0 where nobody counts.
    pub(super) sign_count: u32,
    /// The new passkey.
    pub(super) credential: Option<NewCredential<'a>>,
}

/// Attested credential data.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct NewCredential<'a> {
    pub(super) id: &'a [u8],
    /// The COSE key, as the bytes that it came in.
    pub(super) public_key: &'a [u8],
}

impl<'a> AuthenticatorData<'a> {
    /// Takes it apart; `None` when it is not as §6.1 says.
    pub(super) fn parse(bytes: &'a [u8]) -> Option<Self> {
        if bytes.len() > MAX_AUTHENTICATOR_DATA_BYTES {
            return None;
        }
        let (rp_id_hash, rest) = bytes.split_first_chunk()?;
        let ([flags], rest) = rest.split_first_chunk()?;
        let (count, rest) = rest.split_first_chunk()?;
        let (credential, rest) = if flags & HAS_CREDENTIAL == 0 {
            (None, rest)
        } else {
            let (credential, rest) = new_credential(rest)?;
            (Some(credential), rest)
        };
        let rest = if flags & HAS_EXTENSIONS == 0 {
            rest
        } else {
            after_extensions(rest)?
        };
        rest.is_empty().then_some(Self {
            rp_id_hash,
            flags: *flags,
            sign_count: u32::from_be_bytes(*count),
            credential,
        })
    }

    /// Checks what both ceremonies ask of it: made for this site, the person present and verified, and no copy of a
    /// passkey that says it cannot be copied (§7.1, §7.2).
    pub(super) fn check(&self, rp: &RelyingParty, trail: &mut Trail) -> Result<(), Refusal> {
        // Neither side is secret.
        let ours = *self.rp_id_hash == sha256(rp.id.as_bytes());
        trail.require(Rule::PasskeyOriginMismatch, ours, || {
            (format!("a passkey for {}", rp.id), "one for another site".into())
        })?;
        trail.require(Rule::PasskeyNotVerified, self.has(USER_PRESENT), || {
            ("the person to be there".into(), "nobody".into())
        })?;
        trail.require(Rule::PasskeyNotVerified, self.has(USER_VERIFIED), || {
            ("the person to be verified".into(), "somebody".into())
        })?;
        if self.backed_up() && !self.has(BACKUP_ELIGIBLE) {
            return Err(malformed(
                trail,
                "a passkey that is backed up only where it may be",
            ));
        }
        Ok(())
    }

    /// Whether the passkey has been copied to where its owner's other devices find it.
    pub(super) fn backed_up(&self) -> bool {
        self.has(BACKED_UP)
    }

    fn has(&self, flag: u8) -> bool {
        self.flags & flag != 0
    }
}

fn new_credential(bytes: &[u8]) -> Option<(NewCredential<'_>, &[u8])> {
    let (_aaguid, rest) = bytes.split_at_checked(AAGUID_BYTES)?;
    let (length, rest) = rest.split_first_chunk()?;
    let length = usize::from(u16::from_be_bytes(*length));
    if length == 0 || length > MAX_CREDENTIAL_ID_BYTES {
        return None;
    }
    let (id, rest) = rest.split_at_checked(length)?;
    let (public_key, rest) = rest.split_at_checked(cose::length(rest)?)?;
    Some((NewCredential { id, public_key }, rest))
}

/// Extensions are a map. None was asked for, so what it holds is not read.
fn after_extensions(bytes: &[u8]) -> Option<&[u8]> {
    let mut decoder = Decoder::new(bytes);
    decoder.probe().map().ok()??;
    decoder.skip().ok()?;
    bytes.get(decoder.position()..)
}
