//! Rules: the second step of a sign-in (RFC 6238, RFC 4226, recovery codes), and what keeps people from losing their own
//! account.

use super::{Answer, RuleInfo};
use crate::error::ErrorCode;

pub(super) const WRONG: RuleInfo = RuleInfo {
    id: "VK-SECOND-FACTOR-WRONG",
    spec: "RFC 6238 §5.2",
    url: "https://www.rfc-editor.org/rfc/rfc6238#section-5.2",
    error: ErrorCode::AccessDenied,
    status: 400,
    answer: Answer::Page,
    says: "A code must be the one that the authenticator app shows now, or a recovery code; each counts once.",
    fix: "Wait for the app's next code and type that; when it happens again, set the clock of the phone, or use a recovery code.",
};

pub(super) const THROTTLED: RuleInfo = RuleInfo {
    id: "VK-SECOND-FACTOR-THROTTLED",
    spec: "RFC 4226 §7.3",
    url: "https://www.rfc-editor.org/rfc/rfc4226#section-7.3",
    error: ErrorCode::TemporarilyUnavailable,
    status: 429,
    answer: Answer::Page,
    says: "Only a limited number of wrong codes is allowed in a given time.",
    fix: "Wait for the time that Retry-After names, then try again; whoever did not type the codes should change the password.",
};

pub(super) const EXPIRED: RuleInfo = RuleInfo {
    id: "VK-SECOND-FACTOR-EXPIRED",
    spec: "OpenID Connect Core §3.1.2.3",
    url: "https://openid.net/specs/openid-connect-core-1_0.html#Authenticates",
    error: ErrorCode::AccessDenied,
    status: 400,
    answer: Answer::Page,
    says: "The second step must be taken soon after the first, in the sign-in that the first belongs to.",
    fix: "Sign in again from the first step, and have the code ready.",
};

pub(super) const SET_UP_EXPIRED: RuleInfo = RuleInfo {
    id: "VK-SECOND-FACTOR-SET-UP-EXPIRED",
    spec: "RFC 6238 §5.1",
    url: "https://www.rfc-editor.org/rfc/rfc6238#section-5.1",
    error: ErrorCode::InvalidRequest,
    status: 400,
    answer: Answer::Page,
    says: "A shared secret must be confirmed soon, by the person and in the session that it was shown to.",
    fix: "Load the page again, scan its new picture, and remove the older entry from the app.",
};

pub(super) const PASSKEY_TAKEN: RuleInfo = RuleInfo {
    id: "VK-PASSKEY-TAKEN",
    spec: "WebAuthn Level 3 §7.1",
    url: "https://www.w3.org/TR/webauthn-3/#sctn-registering-a-new-credential",
    error: ErrorCode::InvalidRequest,
    status: 400,
    answer: Answer::Page,
    says: "A passkey belongs to one account only.",
    fix: "Make a new passkey instead of adding one that is in use.",
};

pub(super) const PASSKEY_LAST_WAY: RuleInfo = RuleInfo {
    id: "VK-PASSKEY-LAST-WAY",
    spec: "WebAuthn Level 3 §13.4.6",
    url: "https://www.w3.org/TR/webauthn-3/#sctn-credential-loss-key-mobility",
    error: ErrorCode::AccessDenied,
    status: 400,
    answer: Answer::Page,
    says: "Who removes a passkey must keep another way to sign in.",
    fix: "Set a password, add another passkey or link a provider first.",
};
