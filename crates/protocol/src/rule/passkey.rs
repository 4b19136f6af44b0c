//! Rules: passkeys (W3C WebAuthn Level 3), made on the account pages and used to sign in.

use super::{Answer, RuleInfo};
use crate::error::ErrorCode;

pub(super) const RESPONSE_MALFORMED: RuleInfo = RuleInfo {
    id: "VK-PASSKEY-RESPONSE-MALFORMED",
    spec: "WebAuthn Level 3 §5.1",
    url: "https://www.w3.org/TR/webauthn-3/#iface-pkcredential",
    error: ErrorCode::InvalidRequest,
    status: 400,
    answer: Answer::Page,
    says: "What the browser says of a passkey must be as WebAuthn defines it, with a key of a kind that was asked for.",
    fix: "Try again with a current browser; when it happens again, choose another place to keep the passkey.",
};

pub(super) const CHALLENGE_MISMATCH: RuleInfo = RuleInfo {
    id: "VK-PASSKEY-CHALLENGE-MISMATCH",
    spec: "WebAuthn Level 3 §13.4.3",
    url: "https://www.w3.org/TR/webauthn-3/#sctn-cryptographic-challenges",
    error: ErrorCode::InvalidRequest,
    status: 400,
    answer: Answer::Page,
    says: "A passkey must answer the challenge that this page was made with.",
    fix: "Load the page again and use the passkey there; an answer counts once.",
};

pub(super) const ORIGIN_MISMATCH: RuleInfo = RuleInfo {
    id: "VK-PASSKEY-ORIGIN-MISMATCH",
    spec: "WebAuthn Level 3 §13.4.9",
    url: "https://www.w3.org/TR/webauthn-3/#sctn-validating-origin",
    error: ErrorCode::InvalidRequest,
    status: 400,
    answer: Answer::Page,
    says: "A passkey must be used on a page of this site itself, not of another and not inside a frame.",
    fix: "Open this site by its own address; the operator must see that the issuer is the address that people open.",
};

pub(super) const NOT_VERIFIED: RuleInfo = RuleInfo {
    id: "VK-PASSKEY-NOT-VERIFIED",
    spec: "WebAuthn Level 3 §6.1",
    url: "https://www.w3.org/TR/webauthn-3/#sctn-authenticator-data",
    error: ErrorCode::AccessDenied,
    status: 400,
    answer: Answer::Page,
    says: "The device must have checked that the person is there, and who it is, by PIN, fingerprint or face.",
    fix: "Set up a screen lock or a PIN on the device or the security key, and try again.",
};

pub(super) const UNKNOWN: RuleInfo = RuleInfo {
    id: "VK-PASSKEY-UNKNOWN",
    spec: "WebAuthn Level 3 §7.2",
    url: "https://www.w3.org/TR/webauthn-3/#sctn-verifying-assertion",
    error: ErrorCode::AccessDenied,
    status: 400,
    answer: Answer::Page,
    says: "A passkey must be one that was added to an account here, and must name that account.",
    fix: "Choose another passkey, or sign in another way and add this one to the account.",
};

pub(super) const SIGNATURE_INVALID: RuleInfo = RuleInfo {
    id: "VK-PASSKEY-SIGNATURE-INVALID",
    spec: "WebAuthn Level 3 §7.2",
    url: "https://www.w3.org/TR/webauthn-3/#sctn-verifying-assertion",
    error: ErrorCode::AccessDenied,
    status: 400,
    answer: Answer::Page,
    says: "The signature must be made with the key of the passkey, over exactly what was sent.",
    fix: "Try again; when it happens again, remove this passkey from the account and add a new one.",
};

pub(super) const CLONED: RuleInfo = RuleInfo {
    id: "VK-PASSKEY-CLONED",
    spec: "WebAuthn Level 3 §6.1.1",
    url: "https://www.w3.org/TR/webauthn-3/#sctn-sign-counter",
    error: ErrorCode::AccessDenied,
    status: 400,
    answer: Answer::Page,
    says: "A passkey that counts its signatures must count on; one that does not may be a copy.",
    fix: "Sign in another way, remove this passkey from the account, and add a new one.",
};
