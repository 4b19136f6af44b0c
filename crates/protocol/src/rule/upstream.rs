//! Rules: signing in with another provider. What the provider sent is checked by the client library, under rules of its own;
//! these say what follows here, and who may be whom.

use super::{Answer, RuleInfo};
use crate::error::ErrorCode;

pub(super) const UNKNOWN: RuleInfo = RuleInfo {
    id: "VK-UPSTREAM-UNKNOWN",
    spec: "OpenID Connect Core §3.1.2.1",
    url: "https://openid.net/specs/openid-connect-core-1_0.html#AuthRequest",
    error: ErrorCode::InvalidRequest,
    status: 400,
    answer: Answer::Page,
    says: "Only a provider that the operator has named signs people in here.",
    fix: "Use a button of the sign-in page; the operator names providers in the configuration.",
};

pub(super) const UNREACHABLE: RuleInfo = RuleInfo {
    id: "VK-UPSTREAM-UNREACHABLE",
    spec: "OpenID Connect Discovery §4",
    url: "https://openid.net/specs/openid-connect-discovery-1_0.html#ProviderConfig",
    error: ErrorCode::TemporarilyUnavailable,
    status: 503,
    answer: Answer::Page,
    says: "The provider must answer before it can sign anybody in.",
    fix: "Try again in a moment, or sign in another way; the operator finds the reason in the log.",
};

pub(super) const ANSWER_UNUSABLE: RuleInfo = RuleInfo {
    id: "VK-UPSTREAM-ANSWER-UNUSABLE",
    spec: "OpenID Connect Core §3.1.3.5",
    url: "https://openid.net/specs/openid-connect-core-1_0.html#TokenResponseValidation",
    error: ErrorCode::ServerError,
    status: 502,
    answer: Answer::Page,
    says: "What the provider answers must be readable and must follow the protocol.",
    fix: "Compare the configuration of the provider with its documentation; the log names what was wrong.",
};

pub(super) const STATE_MISMATCH: RuleInfo = RuleInfo {
    id: "VK-UPSTREAM-STATE-MISMATCH",
    spec: "RFC 9700 §4.7.1",
    url: "https://www.rfc-editor.org/rfc/rfc9700#section-4.7.1",
    error: ErrorCode::AccessDenied,
    status: 403,
    answer: Answer::Page,
    says: "A provider's answer counts only in the browser that was sent there, and only once.",
    fix: "Start again at the sign-in page, with cookies allowed; if nobody started, somebody tried to slip in a foreign account.",
};

pub(super) const OTHER_PROVIDER: RuleInfo = RuleInfo {
    id: "VK-UPSTREAM-OTHER-PROVIDER",
    spec: "RFC 9700 §4.4.2.2",
    url: "https://www.rfc-editor.org/rfc/rfc9700#section-4.4.2.2",
    error: ErrorCode::AccessDenied,
    status: 403,
    answer: Answer::Page,
    says: "An answer must come to the redirect URI of the provider that was asked.",
    fix: "Do not use the code: it comes from another provider (a mix-up attack). Start again at the sign-in page.",
};

pub(super) const ISSUER_MISMATCH: RuleInfo = RuleInfo {
    id: "VK-UPSTREAM-ISSUER-MISMATCH",
    spec: "RFC 9207 §2.4",
    url: "https://www.rfc-editor.org/rfc/rfc9207#section-2.4",
    error: ErrorCode::AccessDenied,
    status: 403,
    answer: Answer::Page,
    says: "The iss of an answer must be the provider that was asked, and must be there when the provider promises it.",
    fix: "Do not use the code: it comes from another provider (a mix-up attack). Check the configured issuer.",
};

pub(super) const ERROR_RESPONSE: RuleInfo = RuleInfo {
    id: "VK-UPSTREAM-ERROR-RESPONSE",
    spec: "RFC 6749 §4.1.2.1",
    url: "https://www.rfc-editor.org/rfc/rfc6749#section-4.1.2.1",
    error: ErrorCode::AccessDenied,
    status: 403,
    answer: Answer::Page,
    says: "The provider must answer with success and not with an error.",
    fix: "Start again, or sign in another way; the log holds the error and its description.",
};

pub(super) const ID_TOKEN_INVALID: RuleInfo = RuleInfo {
    id: "VK-UPSTREAM-ID-TOKEN-INVALID",
    spec: "OpenID Connect Core §3.1.3.7",
    url: "https://openid.net/specs/openid-connect-core-1_0.html#IDTokenValidation",
    error: ErrorCode::AccessDenied,
    status: 403,
    answer: Answer::Page,
    says: "The provider's ID token must be its own, for this server, for this sign-in, and in time.",
    fix: "Start again; if it stays so, compare issuer, client_id and the clocks of both servers. The log names the check.",
};

pub(super) const SUBJECT_MISSING: RuleInfo = RuleInfo {
    id: "VK-UPSTREAM-SUBJECT-MISSING",
    spec: "OpenID Connect Core §5.3.2",
    url: "https://openid.net/specs/openid-connect-core-1_0.html#UserInfoResponse",
    error: ErrorCode::ServerError,
    status: 502,
    answer: Answer::Page,
    says: "The provider must say who signed in, by an identifier that stays the same.",
    fix: "Name the right member of the userinfo answer as subject in the configuration of the provider.",
};

pub(super) const NOT_FRESH: RuleInfo = RuleInfo {
    id: "VK-UPSTREAM-NOT-FRESH",
    spec: "OpenID Connect Core §3.1.2.1",
    url: "https://openid.net/specs/openid-connect-core-1_0.html#AuthRequest",
    error: ErrorCode::LoginRequired,
    status: 403,
    answer: Answer::Page,
    says: "Where a fresh sign-in is asked for, the provider must say that it was one.",
    fix: "Sign in at the provider again when it asks, or sign in here in a way that this server can check itself.",
};

pub(super) const SIGN_UP_CLOSED: RuleInfo = RuleInfo {
    id: "VK-UPSTREAM-SIGN-UP-CLOSED",
    spec: "OpenID Connect Core §5.7",
    url: "https://openid.net/specs/openid-connect-core-1_0.html#ClaimStability",
    error: ErrorCode::AccessDenied,
    status: 403,
    answer: Answer::Page,
    says: "Who comes from a provider for the first time needs an account here, or must be one of those who may open one.",
    fix: "Sign in here first and link the account of the provider, or ask the operator for an account.",
};

pub(super) const EMAIL_TAKEN: RuleInfo = RuleInfo {
    id: "VK-UPSTREAM-EMAIL-TAKEN",
    spec: "OpenID Connect Core §5.7",
    url: "https://openid.net/specs/openid-connect-core-1_0.html#ClaimStability",
    error: ErrorCode::AccessDenied,
    status: 403,
    answer: Answer::Page,
    says: "An account with the same e-mail address is never taken over by the provider's word alone.",
    fix: "Sign in to the account that has the address, and then say yes to linking the two.",
};

pub(super) const USERNAME_UNUSABLE: RuleInfo = RuleInfo {
    id: "VK-UPSTREAM-USERNAME-UNUSABLE",
    spec: "OpenID Connect Core §5.7",
    url: "https://openid.net/specs/openid-connect-core-1_0.html#ClaimStability",
    error: ErrorCode::InvalidRequest,
    status: 400,
    answer: Answer::Page,
    says: "A username must be free, and must be plain text without blanks at its ends and of fair length.",
    fix: "Choose another username.",
};

pub(super) const LINK_UNPROVED: RuleInfo = RuleInfo {
    id: "VK-UPSTREAM-LINK-UNPROVED",
    spec: "OpenID Connect Core §5.7",
    url: "https://openid.net/specs/openid-connect-core-1_0.html#ClaimStability",
    error: ErrorCode::AccessDenied,
    status: 403,
    answer: Answer::Page,
    says: "A provider's account is linked only to the person who has just signed in here and says yes.",
    fix: "Start again, sign in here, and say yes to linking in the same browser.",
};

pub(super) const LINK_TAKEN: RuleInfo = RuleInfo {
    id: "VK-UPSTREAM-LINK-TAKEN",
    spec: "OpenID Connect Core §5.7",
    url: "https://openid.net/specs/openid-connect-core-1_0.html#ClaimStability",
    error: ErrorCode::AccessDenied,
    status: 403,
    answer: Answer::Page,
    says: "One account at a provider belongs to at most one person here.",
    fix: "Sign in with that account, or unlink it from the other person first.",
};

pub(super) const LAST_WAY: RuleInfo = RuleInfo {
    id: "VK-UPSTREAM-LAST-WAY",
    spec: "OpenID Connect Core §5.7",
    url: "https://openid.net/specs/openid-connect-core-1_0.html#ClaimStability",
    error: ErrorCode::AccessDenied,
    status: 403,
    answer: Answer::Page,
    says: "Who unlinks a provider must keep another way to sign in.",
    fix: "Set a password, add a passkey or link another provider first.",
};
