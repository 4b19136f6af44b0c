//! Rules: the token endpoint (RFC 6749 §3.2): codes, refresh tokens and client credentials.

use super::{Answer, RuleInfo};
use crate::error::ErrorCode;

pub(super) const REQUEST_NOT_FORM: RuleInfo = RuleInfo {
    id: "VK-TOKEN-REQUEST-NOT-FORM",
    spec: "RFC 6749 §4.1.3",
    url: "https://www.rfc-editor.org/rfc/rfc6749#section-4.1.3",
    error: ErrorCode::InvalidRequest,
    status: 400,
    answer: Answer::Json,
    says: "The body must be a form in UTF-8, sent as application/x-www-form-urlencoded.",
    fix: "Send the parameters as a form in the body of a POST, not as JSON and not in the query.",
};

pub(super) const PARAMETER_REPEATED: RuleInfo = RuleInfo {
    id: "VK-TOKEN-PARAMETER-REPEATED",
    spec: "RFC 6749 §3.2",
    url: "https://www.rfc-editor.org/rfc/rfc6749#section-3.2",
    error: ErrorCode::InvalidRequest,
    status: 400,
    answer: Answer::Json,
    says: "A request must not contain the same parameter more than once.",
    fix: "Send each parameter once; only resource may stand several times.",
};

pub(super) const GRANT_TYPE_MISSING: RuleInfo = RuleInfo {
    id: "VK-TOKEN-GRANT-TYPE-MISSING",
    spec: "RFC 6749 §5.2",
    url: "https://www.rfc-editor.org/rfc/rfc6749#section-5.2",
    error: ErrorCode::InvalidRequest,
    status: 400,
    answer: Answer::Json,
    says: "The token request must carry a grant_type.",
    fix: "Send grant_type=authorization_code, or another one that grant_types_supported in the metadata lists.",
};

pub(super) const GRANT_TYPE_UNSUPPORTED: RuleInfo = RuleInfo {
    id: "VK-TOKEN-GRANT-TYPE-UNSUPPORTED",
    spec: "RFC 6749 §5.2",
    url: "https://www.rfc-editor.org/rfc/rfc6749#section-5.2",
    error: ErrorCode::UnsupportedGrantType,
    status: 400,
    answer: Answer::Json,
    says: "The grant_type must be one that this server supports.",
    fix: "Use a grant type that grant_types_supported in the metadata lists.",
};

pub(super) const GRANT_TYPE_NOT_ALLOWED: RuleInfo = RuleInfo {
    id: "VK-TOKEN-GRANT-TYPE-NOT-ALLOWED",
    spec: "RFC 6749 §5.2",
    url: "https://www.rfc-editor.org/rfc/rfc6749#section-5.2",
    error: ErrorCode::UnauthorizedClient,
    status: 400,
    answer: Answer::Json,
    says: "The client must be registered for the grant type; client_credentials and token exchange are for confidential clients only.",
    fix: "Use a grant type that the client is registered for, or have it allowed: valetkey client allow CLIENT GRANT-TYPE; implicit and password are off until then, because RFC 9700 advises against them.",
};

pub(super) const CODE_MISSING: RuleInfo = RuleInfo {
    id: "VK-CODE-MISSING",
    spec: "RFC 6749 §4.1.3",
    url: "https://www.rfc-editor.org/rfc/rfc6749#section-4.1.3",
    error: ErrorCode::InvalidRequest,
    status: 400,
    answer: Answer::Json,
    says: "The request must carry the authorization code as code.",
    fix: "Send the value of code from the redirect.",
};

pub(super) const CODE_UNKNOWN: RuleInfo = RuleInfo {
    id: "VK-CODE-UNKNOWN",
    spec: "RFC 6749 §5.2",
    url: "https://www.rfc-editor.org/rfc/rfc6749#section-5.2",
    error: ErrorCode::InvalidGrant,
    status: 400,
    answer: Answer::Json,
    says: "The code must be one that this server has issued.",
    fix: "Send the code exactly as it came in the redirect, decoded once, to the server that issued it.",
};

pub(super) const CODE_OTHER_CLIENT: RuleInfo = RuleInfo {
    id: "VK-CODE-OTHER-CLIENT",
    spec: "RFC 6749 §4.1.3",
    url: "https://www.rfc-editor.org/rfc/rfc6749#section-4.1.3",
    error: ErrorCode::InvalidGrant,
    status: 400,
    answer: Answer::Json,
    says: "A code must be redeemed by the client that it was issued to.",
    fix: "Use the same client_id in the authorization request and in the token request; if the app did, somebody is trying another app's code.",
};

pub(super) const CODE_EXPIRED: RuleInfo = RuleInfo {
    id: "VK-CODE-EXPIRED",
    spec: "RFC 6749 §4.1.2",
    url: "https://www.rfc-editor.org/rfc/rfc6749#section-4.1.2",
    error: ErrorCode::InvalidGrant,
    status: 400,
    answer: Answer::Json,
    says: "A code must be redeemed before it expires.",
    fix: "Redeem the code as soon as the redirect brings it, and start a new authorization request now.",
};

pub(super) const CODE_REPLAYED: RuleInfo = RuleInfo {
    id: "VK-CODE-REPLAYED",
    spec: "RFC 6749 §4.1.2",
    url: "https://www.rfc-editor.org/rfc/rfc6749#section-4.1.2",
    error: ErrorCode::InvalidGrant,
    status: 400,
    answer: Answer::Json,
    says: "A code must be used only once; the second use takes back what the first one gave.",
    fix: "Redeem each code once, also when the page is reloaded, and start a new authorization request now.",
};

pub(super) const CODE_REDIRECT_URI_MISMATCH: RuleInfo = RuleInfo {
    id: "VK-CODE-REDIRECT-URI-MISMATCH",
    spec: "RFC 6749 §4.1.3",
    url: "https://www.rfc-editor.org/rfc/rfc6749#section-4.1.3",
    error: ErrorCode::InvalidGrant,
    status: 400,
    answer: Answer::Json,
    says: "The redirect_uri must be the same as in the authorization request.",
    fix: "Send the redirect_uri of the authorization request again, unchanged.",
};

pub(super) const CODE_VERIFIER_MISSING: RuleInfo = RuleInfo {
    id: "VK-CODE-VERIFIER-MISSING",
    spec: "RFC 7636 §4.5",
    url: "https://www.rfc-editor.org/rfc/rfc7636#section-4.5",
    error: ErrorCode::InvalidGrant,
    status: 400,
    answer: Answer::Json,
    says: "A code that was asked for with a code_challenge must be redeemed with its code_verifier.",
    fix: "Keep the code_verifier from the authorization request and send it with the code.",
};

pub(super) const CODE_VERIFIER_UNEXPECTED: RuleInfo = RuleInfo {
    id: "VK-CODE-VERIFIER-UNEXPECTED",
    spec: "RFC 9700 §2.1.1",
    url: "https://www.rfc-editor.org/rfc/rfc9700#section-2.1.1",
    error: ErrorCode::InvalidGrant,
    status: 400,
    answer: Answer::Json,
    says: "A code_verifier must not be sent for a code that was asked for without a code_challenge.",
    fix: "Send code_challenge in the authorization request; if the app did, somebody took it out on the way (a PKCE downgrade).",
};

pub(super) const CODE_VERIFIER_MALFORMED: RuleInfo = RuleInfo {
    id: "VK-CODE-VERIFIER-MALFORMED",
    spec: "RFC 7636 §4.1",
    url: "https://www.rfc-editor.org/rfc/rfc7636#section-4.1",
    error: ErrorCode::InvalidGrant,
    status: 400,
    answer: Answer::Json,
    says: "A code_verifier must be 43 to 128 letters, digits or the characters - . _ ~ and no other.",
    fix: "Make the code_verifier from 32 random bytes in base64url without padding.",
};

pub(super) const CODE_PKCE_MISMATCH: RuleInfo = RuleInfo {
    id: "VK-CODE-PKCE-MISMATCH",
    spec: "RFC 7636 §4.6",
    url: "https://www.rfc-editor.org/rfc/rfc7636#section-4.6",
    error: ErrorCode::InvalidGrant,
    status: 400,
    answer: Answer::Json,
    says: "The SHA-256 of the code_verifier, in base64url, must be the code_challenge of the authorization request.",
    fix: "Send the code_verifier that belongs to this very request, and compute the challenge as BASE64URL(SHA256(ASCII(code_verifier))) without padding.",
};

pub(super) const REFRESH_TOKEN_MISSING: RuleInfo = RuleInfo {
    id: "VK-REFRESH-TOKEN-MISSING",
    spec: "RFC 6749 §6",
    url: "https://www.rfc-editor.org/rfc/rfc6749#section-6",
    error: ErrorCode::InvalidRequest,
    status: 400,
    answer: Answer::Json,
    says: "The request must carry the refresh token as refresh_token.",
    fix: "Send the refresh_token from the last token response.",
};

pub(super) const REFRESH_TOKEN_UNKNOWN: RuleInfo = RuleInfo {
    id: "VK-REFRESH-TOKEN-UNKNOWN",
    spec: "RFC 6749 §5.2",
    url: "https://www.rfc-editor.org/rfc/rfc6749#section-5.2",
    error: ErrorCode::InvalidGrant,
    status: 400,
    answer: Answer::Json,
    says: "The refresh token must be one that this server has issued.",
    fix: "Send the refresh token exactly as it came in the token response, to the server that issued it.",
};

pub(super) const REFRESH_TOKEN_OTHER_CLIENT: RuleInfo = RuleInfo {
    id: "VK-REFRESH-TOKEN-OTHER-CLIENT",
    spec: "RFC 6749 §6",
    url: "https://www.rfc-editor.org/rfc/rfc6749#section-6",
    error: ErrorCode::InvalidGrant,
    status: 400,
    answer: Answer::Json,
    says: "A refresh token must be used by the client that it was issued to.",
    fix: "Use the client_id that got the refresh token.",
};

pub(super) const REFRESH_TOKEN_EXPIRED: RuleInfo = RuleInfo {
    id: "VK-REFRESH-TOKEN-EXPIRED",
    spec: "RFC 9700 §4.14.2",
    url: "https://www.rfc-editor.org/rfc/rfc9700#section-4.14.2",
    error: ErrorCode::InvalidGrant,
    status: 400,
    answer: Answer::Json,
    says: "A refresh token must be used before it expires, by itself or together with its grant.",
    fix: "Send the person through the authorization request again.",
};

pub(super) const REFRESH_TOKEN_REUSED: RuleInfo = RuleInfo {
    id: "VK-REFRESH-TOKEN-REUSED",
    spec: "RFC 9700 §4.14.2",
    url: "https://www.rfc-editor.org/rfc/rfc9700#section-4.14.2",
    error: ErrorCode::InvalidGrant,
    status: 400,
    answer: Answer::Json,
    says: "A refresh token that was replaced must not be used again; doing so ends the grant, because one of two users of the token must be a thief.",
    fix: "Store the new refresh token of each response before using it, let only one request refresh at a time, and send the person through the authorization request again.",
};

pub(super) const GRANT_REVOKED: RuleInfo = RuleInfo {
    id: "VK-GRANT-REVOKED",
    spec: "RFC 6749 §5.2",
    url: "https://www.rfc-editor.org/rfc/rfc6749#section-5.2",
    error: ErrorCode::InvalidGrant,
    status: 400,
    answer: Answer::Json,
    says: "What the person gave the client must not have been taken back.",
    fix: "Send the person through the authorization request again.",
};

pub(super) const SCOPE_MALFORMED: RuleInfo = RuleInfo {
    id: "VK-TOKEN-SCOPE-MALFORMED",
    spec: "RFC 6749 §3.3",
    url: "https://www.rfc-editor.org/rfc/rfc6749#section-3.3",
    error: ErrorCode::InvalidScope,
    status: 400,
    answer: Answer::Json,
    says: "The scope must be printable ASCII words set apart by spaces, without quotes and backslashes.",
    fix: "Send the scopes as words with a space between them, URL-encoded once.",
};

pub(super) const SCOPE_WIDENED: RuleInfo = RuleInfo {
    id: "VK-TOKEN-SCOPE-WIDENED",
    spec: "RFC 6749 §6",
    url: "https://www.rfc-editor.org/rfc/rfc6749#section-6",
    error: ErrorCode::InvalidScope,
    status: 400,
    answer: Answer::Json,
    says: "A refresh request must not ask for a scope that the person did not grant.",
    fix: "Ask for the granted scopes or fewer, or leave scope out; for more, send the person through a new authorization request.",
};

pub(super) const SCOPE_NOT_ALLOWED: RuleInfo = RuleInfo {
    id: "VK-TOKEN-SCOPE-NOT-ALLOWED",
    spec: "RFC 6749 §4.4.2",
    url: "https://www.rfc-editor.org/rfc/rfc6749#section-4.4.2",
    error: ErrorCode::InvalidScope,
    status: 400,
    answer: Answer::Json,
    says: "Each requested scope must exist here, be among those registered for the client, belong to the API that the token is for, and not need a person.",
    fix: "Ask only for scopes of one API that the client is registered for; openid and offline_access need a person and do not go with client_credentials.",
};

pub(super) const RESOURCE_MALFORMED: RuleInfo = RuleInfo {
    id: "VK-TOKEN-RESOURCE-MALFORMED",
    spec: "RFC 8707 §2",
    url: "https://www.rfc-editor.org/rfc/rfc8707#section-2",
    error: ErrorCode::InvalidTarget,
    status: 400,
    answer: Answer::Json,
    says: "The resource must be an absolute URI without a fragment.",
    fix: "Send the identifier of the API as the resource parameter, for example https://api.example.com.",
};

pub(super) const RESOURCE_NOT_GRANTED: RuleInfo = RuleInfo {
    id: "VK-TOKEN-RESOURCE-NOT-GRANTED",
    spec: "RFC 8707 §2.2",
    url: "https://www.rfc-editor.org/rfc/rfc8707#section-2.2",
    error: ErrorCode::InvalidTarget,
    status: 400,
    answer: Answer::Json,
    says: "The resource must be one that was granted, or that the client may get tokens for by itself.",
    fix: "Name the resource in the authorization request, or ask for one of its scopes there; check it for typing errors.",
};

pub(super) const RESOURCE_AMBIGUOUS: RuleInfo = RuleInfo {
    id: "VK-TOKEN-RESOURCE-AMBIGUOUS",
    spec: "RFC 8707 §2.2",
    url: "https://www.rfc-editor.org/rfc/rfc8707#section-2.2",
    error: ErrorCode::InvalidTarget,
    status: 400,
    answer: Answer::Json,
    says: "An access token is for one resource, so the request must name one where several are possible.",
    fix: "Send exactly one resource parameter, and ask for one token for each API.",
};
