//! Rules: people's accounts: sign-up, proof of an address, a forgotten password, and what people change by themselves. They
//! answer with pages only.

use super::{Answer, RuleInfo};
use crate::error::ErrorCode;

pub(super) const SIGN_UP_CLOSED: RuleInfo = RuleInfo {
    id: "VK-SIGN-UP-CLOSED",
    spec: "OpenID Connect Core §3.1.2.3",
    url: "https://openid.net/specs/openid-connect-core-1_0.html#Authenticates",
    error: ErrorCode::AccessDenied,
    status: 403,
    answer: Answer::Page,
    says: "People may open an account by themselves only where the operator allows it.",
    fix: "Ask the operator for an account or an invitation; the operator opens sign-up in the section accounts of the configuration.",
};

pub(super) const SIGN_UP_INVITATION_INVALID: RuleInfo = RuleInfo {
    id: "VK-SIGN-UP-INVITATION-INVALID",
    spec: "RFC 6819 §5.1.5.4",
    url: "https://www.rfc-editor.org/rfc/rfc6819#section-5.1.5.4",
    error: ErrorCode::AccessDenied,
    status: 403,
    answer: Answer::Page,
    says: "An invitation must be one of this server, in time, for the address it was sent to, and not used before.",
    fix: "Open the whole link of the letter; if it was used or is too old, ask for another one.",
};

pub(super) const SIGN_UP_DOMAIN_NOT_ALLOWED: RuleInfo = RuleInfo {
    id: "VK-SIGN-UP-DOMAIN-NOT-ALLOWED",
    spec: "OpenID Connect Core §3.1.2.3",
    url: "https://openid.net/specs/openid-connect-core-1_0.html#Authenticates",
    error: ErrorCode::AccessDenied,
    status: 400,
    answer: Answer::Page,
    says: "Only people with an address at one of the domains that the operator lists may open an account.",
    fix: "Use the address of your organisation, or ask the operator for an invitation.",
};

pub(super) const SIGN_UP_USERNAME_MALFORMED: RuleInfo = RuleInfo {
    id: "VK-SIGN-UP-USERNAME-MALFORMED",
    spec: "RFC 8265 §3.1",
    url: "https://www.rfc-editor.org/rfc/rfc8265#section-3.1",
    error: ErrorCode::InvalidRequest,
    status: 400,
    answer: Answer::Page,
    says: "A username is 1 to 64 visible characters without spaces at its ends; one that is an e-mail address must be the person's own, and proved.",
    fix: "Choose a username that other people can read, or your own e-mail address.",
};

pub(super) const SIGN_UP_USERNAME_TAKEN: RuleInfo = RuleInfo {
    id: "VK-SIGN-UP-USERNAME-TAKEN",
    spec: "RFC 6749 §1.1",
    url: "https://www.rfc-editor.org/rfc/rfc6749#section-1.1",
    error: ErrorCode::InvalidRequest,
    status: 400,
    answer: Answer::Page,
    says: "A username belongs to one person, whether written in large or small letters.",
    fix: "Choose another username; if it is yours, sign in.",
};

pub(super) const EMAIL_MALFORMED: RuleInfo = RuleInfo {
    id: "VK-ACCOUNT-EMAIL-MALFORMED",
    spec: "RFC 5321 §4.1.2",
    url: "https://www.rfc-editor.org/rfc/rfc5321#section-4.1.2",
    error: ErrorCode::InvalidRequest,
    status: 400,
    answer: Answer::Page,
    says: "An e-mail address must be one that a letter can go to.",
    fix: "Write it as name@example.com, without blanks and quotes.",
};

pub(super) const EMAIL_TAKEN: RuleInfo = RuleInfo {
    id: "VK-ACCOUNT-EMAIL-TAKEN",
    spec: "OpenID Connect Core §5.7",
    url: "https://openid.net/specs/openid-connect-core-1_0.html#ClaimStability",
    error: ErrorCode::AccessDenied,
    status: 403,
    answer: Answer::Page,
    says: "An address that somebody proves by a link must not be the proved address of another account.",
    fix: "Sign in to the account that has the address, or use another address.",
};

pub(super) const PASSWORD_WEAK: RuleInfo = RuleInfo {
    id: "VK-ACCOUNT-PASSWORD-WEAK",
    spec: "RFC 6819 §5.1.4.2.1",
    url: "https://www.rfc-editor.org/rfc/rfc6819#section-5.1.4.2.1",
    error: ErrorCode::InvalidRequest,
    status: 400,
    answer: Answer::Page,
    says: "A new password must be long enough and not among those that are guessed soon.",
    fix: "Choose four words that have nothing to do with each other, or let a password manager choose.",
};

pub(super) const PASSWORD_WRONG: RuleInfo = RuleInfo {
    id: "VK-ACCOUNT-PASSWORD-WRONG",
    spec: "RFC 6749 §10.10",
    url: "https://www.rfc-editor.org/rfc/rfc6749#section-10.10",
    error: ErrorCode::AccessDenied,
    status: 400,
    answer: Answer::Page,
    says: "Whoever changes a password must know the one before.",
    fix: "Type the password that you sign in with; if you forgot it, ask for a new one on the sign-in page.",
};

pub(super) const PROFILE_MALFORMED: RuleInfo = RuleInfo {
    id: "VK-ACCOUNT-PROFILE-MALFORMED",
    spec: "OpenID Connect Core §5.1",
    url: "https://openid.net/specs/openid-connect-core-1_0.html#StandardClaims",
    error: ErrorCode::InvalidRequest,
    status: 400,
    answer: Answer::Page,
    says: "What people say of themselves must have the form that the claim has.",
    fix: "Look at the example beside the field; leave it empty to say nothing.",
};

pub(super) const LINK_INVALID: RuleInfo = RuleInfo {
    id: "VK-ACCOUNT-LINK-INVALID",
    spec: "RFC 6749 §10.10",
    url: "https://www.rfc-editor.org/rfc/rfc6749#section-10.10",
    error: ErrorCode::InvalidRequest,
    status: 400,
    answer: Answer::Page,
    says: "A link from a letter must come back whole and for the purpose it was made for.",
    fix: "Open the link as it stands in the letter, or ask for a new letter.",
};

pub(super) const LINK_EXPIRED: RuleInfo = RuleInfo {
    id: "VK-ACCOUNT-LINK-EXPIRED",
    spec: "RFC 6819 §5.1.5.3",
    url: "https://www.rfc-editor.org/rfc/rfc6819#section-5.1.5.3",
    error: ErrorCode::InvalidRequest,
    status: 400,
    answer: Answer::Page,
    says: "A link from a letter works only for the time that the letter says.",
    fix: "Ask for a new letter and open its link at once.",
};

pub(super) const LINK_USED: RuleInfo = RuleInfo {
    id: "VK-ACCOUNT-LINK-USED",
    spec: "RFC 6819 §5.1.5.4",
    url: "https://www.rfc-editor.org/rfc/rfc6819#section-5.1.5.4",
    error: ErrorCode::InvalidRequest,
    status: 400,
    answer: Answer::Page,
    says: "A link from a letter works once, and not after the password or the address was changed in another way.",
    fix: "If what you wanted has happened, sign in; otherwise ask for a new letter.",
};

pub(super) const MAIL_THROTTLED: RuleInfo = RuleInfo {
    id: "VK-ACCOUNT-MAIL-THROTTLED",
    spec: "RFC 6819 §5.1.4.2.4",
    url: "https://www.rfc-editor.org/rfc/rfc6819#section-5.1.4.2.4",
    error: ErrorCode::TemporarilyUnavailable,
    status: 429,
    answer: Answer::Page,
    says: "Only a limited number of accounts and letters may be asked for in a given time.",
    fix: "Wait for the time that Retry-After names, then try again; look for the letter among those marked as junk.",
};

pub(super) const MAIL_UNAVAILABLE: RuleInfo = RuleInfo {
    id: "VK-ACCOUNT-MAIL-UNAVAILABLE",
    spec: "OpenID Connect Core §5.1",
    url: "https://openid.net/specs/openid-connect-core-1_0.html#StandardClaims",
    error: ErrorCode::TemporarilyUnavailable,
    status: 503,
    answer: Answer::Page,
    says: "What is proved by a letter needs a server that sends letters.",
    fix: "Ask the operator; the operator names a mail server in the section mail of the configuration.",
};

pub(super) const DELETE_UNCONFIRMED: RuleInfo = RuleInfo {
    id: "VK-ACCOUNT-DELETE-UNCONFIRMED",
    spec: "RFC 6819 §5.1.3",
    url: "https://www.rfc-editor.org/rfc/rfc6819#section-5.1.3",
    error: ErrorCode::InvalidRequest,
    status: 400,
    answer: Answer::Page,
    says: "An account is deleted only after the person has typed its username.",
    fix: "Type the username exactly as the page shows it.",
};
