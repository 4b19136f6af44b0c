//! The links of letters. None is stored: each is a sealed text that says what for, for whom and until when, so a stolen
//! database holds no link, and nothing is written before a link is used.
//!
//! A link that changes something is bound to what it changes, and so works once: a new password changes what every link of
//! before was bound to, and so does another address. What adds something (an account) is remembered by its [`Once`].

use crate::once::Once;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use valetkey_jose::b64;
use valetkey_jose::derive::derive_key;
use valetkey_jose::hash::sha256;
use valetkey_jose::seal::SealKey;
use valetkey_model::user::PasswordHash;
use valetkey_model::{User, UserId};
use valetkey_protocol::rule::{Refusal, Rule, Trail};
use valetkey_protocol::time::Timestamp;

/// What a sealed text may be for. The prefix stands before the text, so that whoever finds one knows what it is.
pub trait Purpose: Serialize + DeserializeOwned {
    /// Begins the text; also bound to what is sealed.
    const PREFIX: &'static str;
    /// Until when it counts.
    fn expires_at(&self) -> Timestamp;
}

macro_rules! links {
    ($($(#[$doc:meta])* $name:ident $prefix:literal { $($(#[$field_doc:meta])* $field:ident: $kind:ty,)* })*) => {$(
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
        pub struct $name {
            $($(#[$field_doc])* pub $field: $kind,)*
            /// Until when it works.
            pub expires_at: Timestamp,
        }

        impl Purpose for $name {
            const PREFIX: &'static str = $prefix;

            fn expires_at(&self) -> Timestamp {
                self.expires_at
            }
        }
    )*};
}

links! {
    /// The owner of an account says that its address is theirs.
    VerifyEmail "vkm_" {
        /// Whose account.
        user: UserId,
        /// The address.
        email: String,
    }
    /// The owner of an account says that this is their new address.
    ChangeEmail "vke_" {
        /// Whose account.
        user: UserId,
        /// The new address.
        email: String,
        /// The address before.
        from: Option<String>,
        /// See [`binding`].
        binding: String,
    }
    /// Somebody forgot their password.
    ResetPassword "vkp_" {
        /// Whose account.
        user: UserId,
        /// The address that the letter went to.
        email: String,
        /// See [`binding`].
        binding: String,
    }
    /// An account that will exist once its address is proved.
    SignUp "vks_" {
        /// What the person wants to be called.
        username: String,
        /// The address.
        email: String,
        /// The password, hashed.
        password_hash: PasswordHash,
        /// Names the sign-in, in a browser, that goes on afterwards.
        interaction: String,
    }
    /// Somebody may open an account.
    Invitation "vki_" {
        /// The address that was invited.
        email: String,
        /// Tells two invitations of one address apart.
        serial: String,
    }
}

/// What one page of proof can be about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Confirmation {
    /// An account's address.
    Verify(VerifyEmail),
    /// An account's new address.
    Change(ChangeEmail),
    /// A new account.
    SignUp(SignUp),
}

/// Seals and opens links.
#[derive(Debug)]
pub struct LinkKeys(SealKey);

impl LinkKeys {
    /// From the master key.
    #[must_use]
    pub fn new(master: &[u8; 32]) -> Self {
        Self(SealKey::new(&derive_key(master, "links of letters")))
    }

    /// The text of a link.
    #[must_use]
    pub fn seal<P: Purpose>(&self, link: &P) -> String {
        // Links are texts and numbers: writing them as JSON does not fail, and an empty text would not open.
        let json = serde_json::to_vec(link).unwrap_or_default();
        format!(
            "{}{}",
            P::PREFIX,
            self.0.seal_to_text(P::PREFIX.as_bytes(), &json)
        )
    }

    /// What the text says, when it was sealed here, for this purpose, and is in time.
    pub fn open<P: Purpose>(&self, text: &str, now: Timestamp, trail: &mut Trail) -> Result<P, Refusal> {
        let opened: Option<P> = text
            .strip_prefix(P::PREFIX)
            .and_then(|sealed| self.0.open_from_text(P::PREFIX.as_bytes(), sealed).ok())
            .and_then(|json| serde_json::from_slice(&json).ok());
        let Some(link) = opened else {
            return Err(trail.refuse(Refusal::plain(Rule::AccountLinkInvalid)));
        };
        trail.passed(Rule::AccountLinkInvalid);
        let expires_at = link.expires_at();
        trail.require(Rule::AccountLinkExpired, now < expires_at, || {
            (format!("before {expires_at}"), format!("at {now}"))
        })?;
        Ok(link)
    }

    /// What a page of proof is asked to prove.
    pub fn open_confirmation(
        &self,
        text: &str,
        now: Timestamp,
        trail: &mut Trail,
    ) -> Result<Confirmation, Refusal> {
        match text.get(..ChangeEmail::PREFIX.len()) {
            Some(ChangeEmail::PREFIX) => self.open(text, now, trail).map(Confirmation::Change),
            Some(SignUp::PREFIX) => self.open(text, now, trail).map(Confirmation::SignUp),
            _ => self.open(text, now, trail).map(Confirmation::Verify),
        }
    }

    /// The invitation, which refuses by one rule of its own, whatever is wrong with it.
    pub fn open_invitation(
        &self,
        text: &str,
        now: Timestamp,
        trail: &mut Trail,
    ) -> Result<Invitation, Refusal> {
        let opened = self.open(text, now, &mut Trail::off());
        opened.map_err(|refusal| {
            let info = refusal.rule.info();
            let refusal = Refusal::new(Rule::SignUpInvitationInvalid, info.says, "none of these");
            trail.refuse(refusal)
        })
    }
}

/// What a link is bound to that a new password takes back: a hash of the password's hash.
#[must_use]
pub fn binding(user: &User) -> String {
    let hash = user.password_hash.as_ref().map_or("", |hash| hash.0.as_str());
    b64::encode_url(&sha256(hash.as_bytes()))
}

/// The link to prove the address of an account.
#[must_use]
pub fn verify_email(user: &User, email: &str, expires_at: Timestamp) -> VerifyEmail {
    VerifyEmail {
        user: user.id,
        email: email.to_owned(),
        expires_at,
    }
}

/// The link to give an account another address.
#[must_use]
pub fn change_email(user: &User, email: &str, expires_at: Timestamp) -> ChangeEmail {
    ChangeEmail {
        user: user.id,
        email: email.to_owned(),
        from: user.claims.email.clone(),
        binding: binding(user),
        expires_at,
    }
}

/// The link to choose a new password; `None` for somebody without a proved address.
#[must_use]
pub fn reset_password(user: &User, expires_at: Timestamp) -> Option<ResetPassword> {
    Some(ResetPassword {
        user: user.id,
        email: proved_email(user)?.to_owned(),
        binding: binding(user),
        expires_at,
    })
}

/// The address of an account, when it was proved.
#[must_use]
pub fn proved_email(user: &User) -> Option<&str> {
    let is_proved = user.claims.email_verified == Some(true);
    user.claims.email.as_deref().filter(|_| is_proved)
}

/// Whether the account is still as it was when the letter went out: a reset counts once, and not for an address or a
/// password of before.
pub fn may_reset(link: &ResetPassword, user: Option<&User>, trail: &mut Trail) -> Result<(), Refusal> {
    let fits = user
        .is_some_and(|user| proved_email(user) == Some(link.email.as_str()) && binding(user) == link.binding);
    unused(fits, trail)
}

/// The same for the proof of an address: it must be the account's, and not proved yet. `owner` has it proved already.
pub fn may_verify(
    link: &VerifyEmail,
    user: Option<&User>,
    owner: Option<UserId>,
    trail: &mut Trail,
) -> Result<(), Refusal> {
    let fits = user.is_some_and(|user| {
        user.claims.email.as_deref() == Some(link.email.as_str()) && proved_email(user).is_none()
    });
    unused(fits, trail)?;
    untaken(link.user, owner, trail)
}

/// The same for a change of address.
pub fn may_change(
    link: &ChangeEmail,
    user: Option<&User>,
    owner: Option<UserId>,
    trail: &mut Trail,
) -> Result<(), Refusal> {
    let fits = user.is_some_and(|user| user.claims.email == link.from && binding(user) == link.binding);
    unused(fits, trail)?;
    untaken(link.user, owner, trail)
}

fn unused(fits: bool, trail: &mut Trail) -> Result<(), Refusal> {
    trail.require(Rule::AccountLinkUsed, fits, || {
        (
            String::from("the account as it was when the letter went out"),
            String::from("one that was changed since, or is gone"),
        )
    })
}

fn untaken(user: UserId, owner: Option<UserId>, trail: &mut Trail) -> Result<(), Refusal> {
    let is_free = owner.is_none_or(|owner| owner == user);
    trail.require(Rule::AccountEmailTaken, is_free, || {
        (
            String::from("an address that no account has"),
            String::from("that of another account"),
        )
    })
}

impl SignUp {
    /// It makes one account.
    pub fn once(&self) -> Once {
        let hash = self.password_hash.0.as_str();
        let named = [self.username.as_str(), self.email.as_str(), hash];
        Once::link(Self::PREFIX, &named, self.expires_at, Rule::AccountLinkUsed)
    }
}

impl Invitation {
    /// It makes one account.
    pub fn once(&self) -> Once {
        let named = [self.email.as_str(), self.serial.as_str()];
        Once::link(
            Self::PREFIX,
            &named,
            self.expires_at,
            Rule::SignUpInvitationInvalid,
        )
    }
}
