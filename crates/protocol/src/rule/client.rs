//! Rules: what a client checks on what it receives. Nothing here goes over the wire: the client refuses to go on.

use super::{Answer, RuleInfo};
use crate::error::ErrorCode;

pub(super) const METADATA_ISSUER: RuleInfo = RuleInfo {
    id: "VK-CLIENT-METADATA-ISSUER",
    spec: "RFC 8414 §3.3",
    url: "https://www.rfc-editor.org/rfc/rfc8414#section-3.3",
    error: ErrorCode::InvalidRequest,
    status: 0,
    answer: Answer::Local,
    says: "The issuer in the metadata must be the one that the metadata was asked for.",
    fix: "Configure the issuer exactly as the authorization server writes it, without an extra slash.",
};

pub(super) const STATE_MISMATCH: RuleInfo = RuleInfo {
    id: "VK-CLIENT-STATE-MISMATCH",
    spec: "RFC 6749 §10.12",
    url: "https://www.rfc-editor.org/rfc/rfc6749#section-10.12",
    error: ErrorCode::InvalidRequest,
    status: 0,
    answer: Answer::Local,
    says: "The state in the redirect must be the one that this browser was sent away with.",
    fix: "Start the sign-in again in the same browser; if nobody started one, somebody tried to slip in a foreign code.",
};

pub(super) const ISS_MISSING: RuleInfo = RuleInfo {
    id: "VK-CLIENT-ISS-MISSING",
    spec: "RFC 9207 §2.4",
    url: "https://www.rfc-editor.org/rfc/rfc9207#section-2.4",
    error: ErrorCode::InvalidRequest,
    status: 0,
    answer: Answer::Local,
    says: "The redirect must carry iss when the metadata of the authorization server promises it.",
    fix: "Start the sign-in again; if it stays so, somebody takes iss out on the way.",
};

pub(super) const ISS_MISMATCH: RuleInfo = RuleInfo {
    id: "VK-CLIENT-ISS-MISMATCH",
    spec: "RFC 9207 §2.4",
    url: "https://www.rfc-editor.org/rfc/rfc9207#section-2.4",
    error: ErrorCode::InvalidRequest,
    status: 0,
    answer: Answer::Local,
    says: "The iss in the redirect must be the authorization server that the request was sent to.",
    fix: "Do not use the code: it comes from another server (a mix-up attack). Check the configured issuer.",
};

pub(super) const ERROR_RESPONSE: RuleInfo = RuleInfo {
    id: "VK-CLIENT-ERROR-RESPONSE",
    spec: "RFC 6749 §4.1.2.1",
    url: "https://www.rfc-editor.org/rfc/rfc6749#section-4.1.2.1",
    error: ErrorCode::InvalidRequest,
    status: 0,
    answer: Answer::Local,
    says: "The authorization server must answer with success and not with an error.",
    fix: "Read the error and its description: they say what the server refused and why.",
};

pub(super) const TOKEN_TYPE_NOT_BEARER: RuleInfo = RuleInfo {
    id: "VK-TOKEN-TYPE-NOT-BEARER",
    spec: "RFC 6749 §7.1",
    url: "https://www.rfc-editor.org/rfc/rfc6749#section-7.1",
    error: ErrorCode::InvalidRequest,
    status: 0,
    answer: Answer::Local,
    says: "The token_type of the response must be one that the client understands: Bearer.",
    fix: "Check which server answered at the token endpoint.",
};

pub(super) const ID_TOKEN_MALFORMED: RuleInfo = RuleInfo {
    id: "VK-ID-TOKEN-MALFORMED",
    spec: "OpenID Connect Core §3.1.3.7",
    url: "https://openid.net/specs/openid-connect-core-1_0.html#IDTokenValidation",
    error: ErrorCode::InvalidToken,
    status: 0,
    answer: Answer::Local,
    says: "The ID token must be a well-formed signed JWT with the claims that OpenID Connect requires.",
    fix: "Check which server answered at the token endpoint, and that the scope openid was asked for.",
};

pub(super) const ID_TOKEN_SIGNATURE: RuleInfo = RuleInfo {
    id: "VK-ID-TOKEN-SIGNATURE",
    spec: "OpenID Connect Core §3.1.3.7",
    url: "https://openid.net/specs/openid-connect-core-1_0.html#IDTokenValidation",
    error: ErrorCode::InvalidToken,
    status: 0,
    answer: Answer::Local,
    says: "The signature of the ID token must be good, with a key of the issuer and the expected algorithm.",
    fix: "Check the configured algorithm and that the JWK set comes from the same issuer.",
};

pub(super) const ID_TOKEN_ISSUER: RuleInfo = RuleInfo {
    id: "VK-ID-TOKEN-ISSUER",
    spec: "OpenID Connect Core §3.1.3.7",
    url: "https://openid.net/specs/openid-connect-core-1_0.html#IDTokenValidation",
    error: ErrorCode::InvalidToken,
    status: 0,
    answer: Answer::Local,
    says: "The iss of the ID token must be the issuer that the client asked.",
    fix: "Configure the issuer exactly as the metadata writes it.",
};

pub(super) const ID_TOKEN_AUDIENCE: RuleInfo = RuleInfo {
    id: "VK-ID-TOKEN-AUDIENCE",
    spec: "OpenID Connect Core §3.1.3.7",
    url: "https://openid.net/specs/openid-connect-core-1_0.html#IDTokenValidation",
    error: ErrorCode::InvalidToken,
    status: 0,
    answer: Answer::Local,
    says: "The aud of the ID token must be the client_id of this client.",
    fix: "Check the configured client_id; an ID token of another app must not be accepted.",
};

pub(super) const ID_TOKEN_EXPIRED: RuleInfo = RuleInfo {
    id: "VK-ID-TOKEN-EXPIRED",
    spec: "OpenID Connect Core §3.1.3.7",
    url: "https://openid.net/specs/openid-connect-core-1_0.html#IDTokenValidation",
    error: ErrorCode::InvalidToken,
    status: 0,
    answer: Answer::Local,
    says: "The ID token must not have expired.",
    fix: "Check the clocks of the client and of the authorization server.",
};

pub(super) const ID_TOKEN_NONCE: RuleInfo = RuleInfo {
    id: "VK-ID-TOKEN-NONCE",
    spec: "OpenID Connect Core §3.1.3.7",
    url: "https://openid.net/specs/openid-connect-core-1_0.html#IDTokenValidation",
    error: ErrorCode::InvalidToken,
    status: 0,
    answer: Answer::Local,
    says: "The nonce of the ID token must be the one that the client sent.",
    fix: "Start the sign-in again; if it stays so, somebody injects a foreign code or ID token.",
};

pub(super) const ID_TOKEN_SUBJECT_DIFFERS: RuleInfo = RuleInfo {
    id: "VK-ID-TOKEN-SUBJECT-DIFFERS",
    spec: "OpenID Connect Core §5.3.2",
    url: "https://openid.net/specs/openid-connect-core-1_0.html#UserInfoResponse",
    error: ErrorCode::InvalidToken,
    status: 0,
    answer: Answer::Local,
    says: "The sub must be the same in the ID token, in a refreshed ID token and in the userinfo response.",
    fix: "Do not use the answer: it is about another person.",
};

pub(super) const ID_TOKEN_ACR: RuleInfo = RuleInfo {
    id: "VK-ID-TOKEN-ACR",
    spec: "OpenID Connect Core §5.5.1.1",
    url: "https://openid.net/specs/openid-connect-core-1_0.html#acrSemantics",
    error: ErrorCode::UnmetAuthenticationRequirements,
    status: 0,
    answer: Answer::Local,
    says: "An ID token for which acr was requested as essential must carry one of the requested values.",
    fix: "Do not let the person in: they did not sign in as surely as was asked. Ask again, and check that the server knows the requested values.",
};

pub(super) const LOGOUT_TOKEN_MALFORMED: RuleInfo = RuleInfo {
    id: "VK-CLIENT-LOGOUT-TOKEN-MALFORMED",
    spec: "OpenID Connect Back-Channel Logout §2.6",
    url: "https://openid.net/specs/openid-connect-backchannel-1_0.html#Validation",
    error: ErrorCode::InvalidRequest,
    status: 0,
    answer: Answer::Local,
    says: "A logout token must be a signed JWT of type logout+jwt with jti, the event of back-channel logout, and sub or sid, and without nonce.",
    fix: "Check who sent it: an ID token or another JWT of the same issuer must not end a session.",
};

pub(super) const LOGOUT_TOKEN_SIGNATURE: RuleInfo = RuleInfo {
    id: "VK-CLIENT-LOGOUT-TOKEN-SIGNATURE",
    spec: "OpenID Connect Back-Channel Logout §2.6",
    url: "https://openid.net/specs/openid-connect-backchannel-1_0.html#Validation",
    error: ErrorCode::InvalidRequest,
    status: 0,
    answer: Answer::Local,
    says: "The signature of the logout token must be good, with a key of the issuer and an algorithm that its ID tokens use.",
    fix: "Check that the JWK set comes from the issuer; anybody can post to a logout endpoint.",
};

pub(super) const LOGOUT_TOKEN_MISDIRECTED: RuleInfo = RuleInfo {
    id: "VK-CLIENT-LOGOUT-TOKEN-MISDIRECTED",
    spec: "OpenID Connect Back-Channel Logout §2.6",
    url: "https://openid.net/specs/openid-connect-backchannel-1_0.html#Validation",
    error: ErrorCode::InvalidRequest,
    status: 0,
    answer: Answer::Local,
    says: "The iss of the logout token must be the issuer that the client knows, and its aud must name this client.",
    fix: "Check the configured issuer and client_id; a logout token for another app ends nothing here.",
};

pub(super) const LOGOUT_TOKEN_EXPIRED: RuleInfo = RuleInfo {
    id: "VK-CLIENT-LOGOUT-TOKEN-EXPIRED",
    spec: "OpenID Connect Back-Channel Logout §2.6",
    url: "https://openid.net/specs/openid-connect-backchannel-1_0.html#Validation",
    error: ErrorCode::InvalidRequest,
    status: 0,
    answer: Answer::Local,
    says: "The logout token must have been made in the past and must not have expired.",
    fix: "Check the clocks of the client and of the authorization server.",
};

pub(super) const LOGIN_ISSUER_UNKNOWN: RuleInfo = RuleInfo {
    id: "VK-CLIENT-LOGIN-ISSUER-UNKNOWN",
    spec: "OpenID Connect Core §4",
    url: "https://openid.net/specs/openid-connect-core-1_0.html#ThirdPartyInitiatedLogin",
    error: ErrorCode::InvalidRequest,
    status: 0,
    answer: Answer::Local,
    says: "A login that a third party starts must name by iss an issuer that the app knows.",
    fix: "Configure the issuer if people of it shall sign in; do not follow an iss that the app does not know.",
};

pub(super) const LOGIN_TARGET_FOREIGN: RuleInfo = RuleInfo {
    id: "VK-CLIENT-LOGIN-TARGET-FOREIGN",
    spec: "OpenID Connect Core §4",
    url: "https://openid.net/specs/openid-connect-core-1_0.html#ThirdPartyInitiatedLogin",
    error: ErrorCode::InvalidRequest,
    status: 0,
    answer: Answer::Local,
    says: "The target_link_uri of a login that a third party starts must be a page of the app itself.",
    fix: "Send people to a page of the app; anything else would make it an open redirector.",
};

pub(super) const OAUTH1_CALLBACK_UNCONFIRMED: RuleInfo = RuleInfo {
    id: "VK-CLIENT-OAUTH1-CALLBACK-UNCONFIRMED",
    spec: "RFC 5849 §2.1",
    url: "https://www.rfc-editor.org/rfc/rfc5849#section-2.1",
    error: ErrorCode::ParameterAbsent,
    status: 0,
    answer: Answer::Local,
    says: "The answer with temporary credentials must say oauth_callback_confirmed=true, or the server speaks OAuth 1.0, whose flow can be fixed to another session.",
    fix: "Use a server that speaks OAuth 1.0a.",
};

pub(super) const OAUTH1_TOKEN_MISMATCH: RuleInfo = RuleInfo {
    id: "VK-CLIENT-OAUTH1-TOKEN-MISMATCH",
    spec: "RFC 5849 §2.2",
    url: "https://www.rfc-editor.org/rfc/rfc5849#section-2.2",
    error: ErrorCode::TokenRejected,
    status: 0,
    answer: Answer::Local,
    says: "The oauth_token of the callback must be the one that the app sent the person with.",
    fix: "Keep the pending authorization in the session of the person, and finish it in the same session.",
};
