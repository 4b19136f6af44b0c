//! Rules: what a resource server checks on a request with an access token (RFC 6750, RFC 9068 §4, RFC 7662).

use super::{Answer, RuleInfo};
use crate::error::ErrorCode;

pub(super) const TOKEN_MISSING: RuleInfo = RuleInfo {
    id: "VK-BEARER-TOKEN-MISSING",
    spec: "RFC 6750 §3",
    url: "https://www.rfc-editor.org/rfc/rfc6750#section-3",
    error: ErrorCode::InvalidToken,
    status: 401,
    answer: Answer::Challenge,
    says: "The request must carry an access token.",
    fix: "Send the access token in the header Authorization: Bearer.",
};

pub(super) const HEADER_MALFORMED: RuleInfo = RuleInfo {
    id: "VK-BEARER-HEADER-MALFORMED",
    spec: "RFC 6750 §2.1",
    url: "https://www.rfc-editor.org/rfc/rfc6750#section-2.1",
    error: ErrorCode::InvalidRequest,
    status: 400,
    answer: Answer::Challenge,
    says: "The Authorization header must be Bearer, a space and one token, and must stand once.",
    fix: "Send the token exactly as it came, after the word Bearer and one space, without quotes.",
};

pub(super) const ACCESS_TOKEN_MALFORMED: RuleInfo = RuleInfo {
    id: "VK-ACCESS-TOKEN-MALFORMED",
    spec: "RFC 9068 §4",
    url: "https://www.rfc-editor.org/rfc/rfc9068#section-4",
    error: ErrorCode::InvalidToken,
    status: 401,
    answer: Answer::Challenge,
    says: "The access token must be a well-formed signed JWT.",
    fix: "Send the access token of the token response unchanged; an ID token, a code or a refresh token will not do.",
};

pub(super) const ACCESS_TOKEN_TYPE: RuleInfo = RuleInfo {
    id: "VK-ACCESS-TOKEN-TYPE",
    spec: "RFC 9068 §4",
    url: "https://www.rfc-editor.org/rfc/rfc9068#section-4",
    error: ErrorCode::InvalidToken,
    status: 401,
    answer: Answer::Challenge,
    says: "The typ in the header of the access token must be at+jwt.",
    fix: "Send the access token and not the ID token.",
};

pub(super) const ACCESS_TOKEN_ALGORITHM: RuleInfo = RuleInfo {
    id: "VK-ACCESS-TOKEN-ALGORITHM",
    spec: "RFC 8725 §3.1",
    url: "https://www.rfc-editor.org/rfc/rfc8725#section-3.1",
    error: ErrorCode::InvalidToken,
    status: 401,
    answer: Answer::Challenge,
    says: "The access token must be signed with an algorithm that this API accepts; none is never one.",
    fix: "Let the authorization server sign with an algorithm that the API is configured for.",
};

pub(super) const ACCESS_TOKEN_KEY_UNKNOWN: RuleInfo = RuleInfo {
    id: "VK-ACCESS-TOKEN-KEY-UNKNOWN",
    spec: "RFC 9068 §4",
    url: "https://www.rfc-editor.org/rfc/rfc9068#section-4",
    error: ErrorCode::InvalidToken,
    status: 401,
    answer: Answer::Challenge,
    says: "The access token must be signed with a key that the authorization server publishes.",
    fix: "Check that the API and the app use the same authorization server, and that its JWK set can be fetched.",
};

pub(super) const ACCESS_TOKEN_SIGNATURE: RuleInfo = RuleInfo {
    id: "VK-ACCESS-TOKEN-SIGNATURE",
    spec: "RFC 9068 §4",
    url: "https://www.rfc-editor.org/rfc/rfc9068#section-4",
    error: ErrorCode::InvalidToken,
    status: 401,
    answer: Answer::Challenge,
    says: "The signature of the access token must be good.",
    fix: "Send the token unchanged; if it is unchanged, somebody made it up.",
};

pub(super) const ACCESS_TOKEN_ISSUER: RuleInfo = RuleInfo {
    id: "VK-ACCESS-TOKEN-ISSUER",
    spec: "RFC 9068 §4",
    url: "https://www.rfc-editor.org/rfc/rfc9068#section-4",
    error: ErrorCode::InvalidToken,
    status: 401,
    answer: Answer::Challenge,
    says: "The iss of the access token must be the authorization server that this API trusts.",
    fix: "Get the token from the authorization server that the metadata of the API names.",
};

pub(super) const ACCESS_TOKEN_AUDIENCE: RuleInfo = RuleInfo {
    id: "VK-ACCESS-TOKEN-AUDIENCE",
    spec: "RFC 9068 §4",
    url: "https://www.rfc-editor.org/rfc/rfc9068#section-4",
    error: ErrorCode::InvalidToken,
    status: 401,
    answer: Answer::Challenge,
    says: "The aud of the access token must be this API.",
    fix: "Ask for a token with the resource parameter of this API.",
};

pub(super) const ACCESS_TOKEN_EXPIRED: RuleInfo = RuleInfo {
    id: "VK-ACCESS-TOKEN-EXPIRED",
    spec: "RFC 9068 §4",
    url: "https://www.rfc-editor.org/rfc/rfc9068#section-4",
    error: ErrorCode::InvalidToken,
    status: 401,
    answer: Answer::Challenge,
    says: "The access token must not have expired.",
    fix: "Use the refresh token to get a new one, and check the clocks of both servers.",
};

pub(super) const ACCESS_TOKEN_NOT_YET_VALID: RuleInfo = RuleInfo {
    id: "VK-ACCESS-TOKEN-NOT-YET-VALID",
    spec: "RFC 7519 §4.1.5",
    url: "https://www.rfc-editor.org/rfc/rfc7519#section-4.1.5",
    error: ErrorCode::InvalidToken,
    status: 401,
    answer: Answer::Challenge,
    says: "The access token must not be from the future.",
    fix: "Check the clocks of the API and of the authorization server.",
};

pub(super) const ACCESS_TOKEN_INACTIVE: RuleInfo = RuleInfo {
    id: "VK-ACCESS-TOKEN-INACTIVE",
    spec: "RFC 7662 §2.2",
    url: "https://www.rfc-editor.org/rfc/rfc7662#section-2.2",
    error: ErrorCode::InvalidToken,
    status: 401,
    answer: Answer::Challenge,
    says: "The authorization server must say that the access token is active.",
    fix: "Get a new token: this one is unknown, over, taken back or not for this API.",
};

pub(super) const ACCESS_TOKEN_SCOPE: RuleInfo = RuleInfo {
    id: "VK-ACCESS-TOKEN-SCOPE",
    spec: "RFC 6750 §3.1",
    url: "https://www.rfc-editor.org/rfc/rfc6750#section-3.1",
    error: ErrorCode::InsufficientScope,
    status: 403,
    answer: Answer::Challenge,
    says: "The access token must carry the scope that the request needs.",
    fix: "Ask for that scope in the authorization request.",
};
