//! Links of letters and invitations: none opens that was not sealed here, for this purpose and in time, and what opens is
//! what was sealed. The first byte says how long the link still counts.
#![no_main]

#[path = "../shared/samples.rs"]
#[expect(dead_code, reason = "shared with other targets")]
mod samples;

use libfuzzer_sys::fuzz_target;
use samples::NOW;
use std::sync::OnceLock;
use valetkey_model::UserId;
use valetkey_model::user::PasswordHash;
use valetkey_protocol::rule::{Rule, Trail};
use valetkey_rules::account::link::{
    ChangeEmail, Confirmation, Invitation, LinkKeys, Purpose, ResetPassword, SignUp, VerifyEmail,
};

fn keys() -> &'static (LinkKeys, LinkKeys) {
    static KEYS: OnceLock<(LinkKeys, LinkKeys)> = OnceLock::new();
    KEYS.get_or_init(|| (LinkKeys::new(&[7; 32]), LinkKeys::new(&[8; 32])))
}

fuzz_target!(|data: &[u8]| {
    let Some((first, text)) = data.split_first() else {
        return;
    };
    let Ok(text) = std::str::from_utf8(text) else {
        return;
    };
    let expires_at = NOW.plus_seconds(i64::from(*first) - 128);
    let (user, email) = (UserId(uuid::Uuid::from_u128(1)), text.to_owned());
    let binding = text.chars().rev().collect::<String>();
    nobody_made(text);

    let verify = VerifyEmail {
        user,
        email: email.clone(),
        expires_at,
    };
    let change = ChangeEmail {
        user,
        email: email.clone(),
        from: (text.len() > 8).then(|| binding.clone()),
        binding: binding.clone(),
        expires_at,
    };
    let reset = ResetPassword {
        user,
        email: email.clone(),
        binding: binding.clone(),
        expires_at,
    };
    let sign_up = SignUp {
        username: binding.clone(),
        email: email.clone(),
        password_hash: PasswordHash(email.clone()),
        interaction: binding.clone(),
        expires_at,
    };
    let invitation = Invitation {
        email,
        serial: binding,
        expires_at,
    };
    let links = [
        made(&verify, text),
        made(&change, text),
        made(&reset, text),
        made(&sign_up, text),
        made(&invitation, text),
    ];
    // The page of proof takes three of the five, each for what it is.
    let counts = expires_at > NOW;
    let proofs = links
        .each_ref()
        .map(|link| keys().0.open_confirmation(link, NOW, &mut Trail::off()).ok());
    let expected = [
        Some(Confirmation::Verify(verify)),
        Some(Confirmation::Change(change)),
        None,
        Some(Confirmation::SignUp(sign_up)),
        None,
    ];
    assert_eq!(proofs, expected.map(|proof| proof.filter(|_| counts)));
    let invited = links
        .each_ref()
        .map(|link| keys().0.open_invitation(link, NOW, &mut Trail::off()).ok());
    let invitation = Some(invitation).filter(|_| counts);
    assert_eq!(invited, [None, None, None, None, invitation]);
});

/// A text of a stranger's opens nothing.
fn nobody_made(text: &str) {
    let keys = &keys().0;
    let mut trail = Trail::off();
    let is_invalid = |refusal: valetkey_protocol::rule::Refusal| refusal.rule == Rule::AccountLinkInvalid;
    let confirmation = keys.open_confirmation(text, NOW, &mut trail);
    assert!(confirmation.is_err_and(is_invalid));
    assert!(
        keys.open::<ResetPassword>(text, NOW, &mut trail)
            .is_err_and(is_invalid)
    );
    let invitation = keys.open_invitation(text, NOW, &mut trail);
    assert!(invitation.is_err_and(|refusal| refusal.rule == Rule::SignUpInvitationInvalid));
}

/// The text of the link, which opens as what it is and nowhere else.
fn made<P: Purpose + PartialEq>(link: &P, other: &str) -> String {
    let (keys, of_another_server) = keys();
    let sealed = keys.seal(link);
    let opened = keys.open::<P>(&sealed, NOW, &mut Trail::off());
    match opened {
        Ok(opened) => assert!(opened == *link && NOW < link.expires_at()),
        Err(refusal) => assert!(refusal.rule == Rule::AccountLinkExpired && NOW >= link.expires_at()),
    }
    assert!(
        of_another_server
            .open::<P>(&sealed, NOW, &mut Trail::off())
            .is_err()
    );
    // Its beginning with another end, and what it holds under another purpose.
    let mixed: String = sealed.chars().take(24).chain(other.chars()).collect();
    let body = sealed.strip_prefix(P::PREFIX).unwrap_or_default();
    let renamed = ["vkm_", "vke_", "vkp_", "vks_", "vki_"].map(|prefix| format!("{prefix}{body}"));
    for text in renamed.iter().chain([&mixed]).filter(|text| **text != sealed) {
        assert!(keys.open_confirmation(text, NOW, &mut Trail::off()).is_err());
        assert!(keys.open_invitation(text, NOW, &mut Trail::off()).is_err());
        assert!(keys.open::<ResetPassword>(text, NOW, &mut Trail::off()).is_err());
    }
    sealed
}
