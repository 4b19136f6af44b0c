//! Rules: the authorization endpoint (RFC 6749 §3.1, §4.1.1, OpenID Connect Core §3.1.2). The first five never
//! redirect: until they hold, nobody knows whose redirect URI it is.

use super::{Answer, RuleInfo};
use crate::error::ErrorCode;

pub(super) const PARAMETER_REPEATED: RuleInfo = RuleInfo {
    id: "VK-AUTHORIZE-PARAMETER-REPEATED",
    spec: "RFC 6749 §3.1",
    url: "https://www.rfc-editor.org/rfc/rfc6749#section-3.1",
    error: ErrorCode::InvalidRequest,
    status: 400,
    answer: Answer::Page,
    says: "A request must not contain the same parameter more than once.",
    fix: "Send each parameter of the authorization request once; only resource may stand several times.",
};

pub(super) const CLIENT_ID_MISSING: RuleInfo = RuleInfo {
    id: "VK-AUTHORIZE-CLIENT-ID-MISSING",
    spec: "RFC 6749 §4.1.1",
    url: "https://www.rfc-editor.org/rfc/rfc6749#section-4.1.1",
    error: ErrorCode::InvalidRequest,
    status: 400,
    answer: Answer::Page,
    says: "The authorization request must carry a client_id.",
    fix: "Add the client_id that the app got when it was registered.",
};

pub(super) const CLIENT_UNKNOWN: RuleInfo = RuleInfo {
    id: "VK-AUTHORIZE-CLIENT-UNKNOWN",
    spec: "RFC 6749 §4.1.2.1",
    url: "https://www.rfc-editor.org/rfc/rfc6749#section-4.1.2.1",
    error: ErrorCode::InvalidRequest,
    status: 400,
    answer: Answer::Page,
    says: "The client_id must be that of a registered client.",
    fix: "Check the client_id for typing errors, and that the app is registered at this authorization server.",
};

pub(super) const REDIRECT_URI_MISSING: RuleInfo = RuleInfo {
    id: "VK-AUTHORIZE-REDIRECT-URI-MISSING",
    spec: "RFC 6749 §3.1.2.3",
    url: "https://www.rfc-editor.org/rfc/rfc6749#section-3.1.2.3",
    error: ErrorCode::InvalidRequest,
    status: 400,
    answer: Answer::Page,
    says: "The request must carry a redirect_uri; it may be left out only by a client with one registered redirect URI, and not in an OpenID Connect request.",
    fix: "Send redirect_uri with exactly the value that is registered for the client.",
};

pub(super) const REDIRECT_URI_UNREGISTERED: RuleInfo = RuleInfo {
    id: "VK-AUTHORIZE-REDIRECT-URI-UNREGISTERED",
    spec: "RFC 9700 §2.1",
    url: "https://www.rfc-editor.org/rfc/rfc9700#section-2.1",
    error: ErrorCode::InvalidRequest,
    status: 400,
    answer: Answer::Page,
    says: "The redirect_uri must be the same, character by character, as one that is registered for the client.",
    fix: "Register the redirect URI that the app sends, or send the registered one unchanged; a slash, a port or http instead of https is enough to differ.",
};

pub(super) const RESPONSE_TYPE_MISSING: RuleInfo = RuleInfo {
    id: "VK-AUTHORIZE-RESPONSE-TYPE-MISSING",
    spec: "RFC 6749 §3.1.1",
    url: "https://www.rfc-editor.org/rfc/rfc6749#section-3.1.1",
    error: ErrorCode::InvalidRequest,
    status: 303,
    answer: Answer::Redirect,
    says: "The authorization request must carry a response_type.",
    fix: "Send response_type=code.",
};

pub(super) const RESPONSE_TYPE_UNSUPPORTED: RuleInfo = RuleInfo {
    id: "VK-AUTHORIZE-RESPONSE-TYPE-UNSUPPORTED",
    spec: "OAuth 2.0 Multiple Response Types §5",
    url: "https://openid.net/specs/oauth-v2-multiple-response-types-1_0.html#Combinations",
    error: ErrorCode::UnsupportedResponseType,
    status: 303,
    answer: Answer::Redirect,
    says: "The response_type must be made of the words code, id_token and token, each at most once.",
    fix: "Use response_type=code with PKCE; response_types_supported in the metadata lists the others.",
};

pub(super) const RESPONSE_MODE_UNSUPPORTED: RuleInfo = RuleInfo {
    id: "VK-AUTHORIZE-RESPONSE-MODE-UNSUPPORTED",
    spec: "OAuth 2.0 Multiple Response Types §2.1",
    url: "https://openid.net/specs/oauth-v2-multiple-response-types-1_0.html#ResponseModes",
    error: ErrorCode::InvalidRequest,
    status: 303,
    answer: Answer::Redirect,
    says: "The response_mode must be query, fragment or form_post; a token never stands in a query, and form_post needs a redirect URI of http or https.",
    fix: "Leave response_mode out: the server then uses the one that fits.",
};

pub(super) const GRANT_TYPE_NOT_ALLOWED: RuleInfo = RuleInfo {
    id: "VK-AUTHORIZE-GRANT-TYPE-NOT-ALLOWED",
    spec: "RFC 6749 §4.1.2.1",
    url: "https://www.rfc-editor.org/rfc/rfc6749#section-4.1.2.1",
    error: ErrorCode::UnauthorizedClient,
    status: 303,
    answer: Answer::Redirect,
    says: "The client must be registered for the grant type that its request needs: authorization_code for a code, implicit for a token or an ID token through the browser.",
    fix: "Use response_type=code with PKCE and register authorization_code; implicit is off until it is allowed (valetkey client allow CLIENT implicit), because RFC 9700 advises against it.",
};

pub(super) const SCOPE_MALFORMED: RuleInfo = RuleInfo {
    id: "VK-AUTHORIZE-SCOPE-MALFORMED",
    spec: "RFC 6749 §3.3",
    url: "https://www.rfc-editor.org/rfc/rfc6749#section-3.3",
    error: ErrorCode::InvalidScope,
    status: 303,
    answer: Answer::Redirect,
    says: "The scope must be printable ASCII words set apart by spaces, without quotes and backslashes.",
    fix: "Send the scopes as words with a space between them, URL-encoded once.",
};

pub(super) const SCOPE_NOT_ALLOWED: RuleInfo = RuleInfo {
    id: "VK-AUTHORIZE-SCOPE-NOT-ALLOWED",
    spec: "RFC 6749 §3.3",
    url: "https://www.rfc-editor.org/rfc/rfc6749#section-3.3",
    error: ErrorCode::InvalidScope,
    status: 303,
    answer: Answer::Redirect,
    says: "Each requested scope must exist here and be among those registered for the client, and there must be at least one.",
    fix: "Ask only for scopes that the client is registered for, or add the missing scope to the client.",
};

pub(super) const RESOURCE_MALFORMED: RuleInfo = RuleInfo {
    id: "VK-AUTHORIZE-RESOURCE-MALFORMED",
    spec: "RFC 8707 §2",
    url: "https://www.rfc-editor.org/rfc/rfc8707#section-2",
    error: ErrorCode::InvalidTarget,
    status: 303,
    answer: Answer::Redirect,
    says: "Each resource must be an absolute URI without a fragment.",
    fix: "Send the identifier of the API as the resource parameter, for example https://api.example.com.",
};

pub(super) const RESOURCE_UNKNOWN: RuleInfo = RuleInfo {
    id: "VK-AUTHORIZE-RESOURCE-UNKNOWN",
    spec: "RFC 8707 §2",
    url: "https://www.rfc-editor.org/rfc/rfc8707#section-2",
    error: ErrorCode::InvalidTarget,
    status: 303,
    answer: Answer::Redirect,
    says: "Each resource must be an API that is known here and that the client may get tokens for.",
    fix: "Check the resource parameter against the identifiers of the configured APIs and of the client.",
};

pub(super) const PKCE_CHALLENGE_MISSING: RuleInfo = RuleInfo {
    id: "VK-PKCE-CHALLENGE-MISSING",
    spec: "RFC 7636 §4.4.1",
    url: "https://www.rfc-editor.org/rfc/rfc7636#section-4.4.1",
    error: ErrorCode::InvalidRequest,
    status: 303,
    answer: Answer::Redirect,
    says: "The request must carry a code_challenge (PKCE).",
    fix: "Make a random code_verifier for each request and send its SHA-256, base64url, as code_challenge with code_challenge_method=S256.",
};

pub(super) const PKCE_METHOD_NOT_S256: RuleInfo = RuleInfo {
    id: "VK-PKCE-METHOD-NOT-S256",
    spec: "RFC 9700 §2.1.1",
    url: "https://www.rfc-editor.org/rfc/rfc9700#section-2.1.1",
    error: ErrorCode::InvalidRequest,
    status: 303,
    answer: Answer::Redirect,
    says: "The code_challenge_method must be S256; the method plain, which is also meant when none is given, is refused.",
    fix: "Send code_challenge_method=S256 and the SHA-256 of the code_verifier as code_challenge.",
};

pub(super) const PKCE_CHALLENGE_MALFORMED: RuleInfo = RuleInfo {
    id: "VK-PKCE-CHALLENGE-MALFORMED",
    spec: "RFC 7636 §4.2",
    url: "https://www.rfc-editor.org/rfc/rfc7636#section-4.2",
    error: ErrorCode::InvalidRequest,
    status: 303,
    answer: Answer::Redirect,
    says: "A code_challenge for S256 must be 43 base64url characters without padding.",
    fix: "Encode the 32 bytes of the SHA-256 with base64url and leave the = at the end out; do not encode the hexadecimal text.",
};

pub(super) const PROMPT_UNKNOWN: RuleInfo = RuleInfo {
    id: "VK-AUTHORIZE-PROMPT-UNKNOWN",
    spec: "OpenID Connect Core §3.1.2.1",
    url: "https://openid.net/specs/openid-connect-core-1_0.html#AuthRequest",
    error: ErrorCode::InvalidRequest,
    status: 303,
    answer: Answer::Redirect,
    says: "Each word of prompt must be none, login, consent or select_account.",
    fix: "Use only the prompt values that prompt_values_supported in the metadata lists.",
};

pub(super) const PROMPT_NONE_ALONE: RuleInfo = RuleInfo {
    id: "VK-AUTHORIZE-PROMPT-NONE-ALONE",
    spec: "OpenID Connect Core §3.1.2.1",
    url: "https://openid.net/specs/openid-connect-core-1_0.html#AuthRequest",
    error: ErrorCode::InvalidRequest,
    status: 303,
    answer: Answer::Redirect,
    says: "prompt=none must not be combined with another prompt value.",
    fix: "Send prompt=none alone to ask silently, or leave none out.",
};

pub(super) const MAX_AGE_MALFORMED: RuleInfo = RuleInfo {
    id: "VK-AUTHORIZE-MAX-AGE-MALFORMED",
    spec: "OpenID Connect Core §3.1.2.1",
    url: "https://openid.net/specs/openid-connect-core-1_0.html#AuthRequest",
    error: ErrorCode::InvalidRequest,
    status: 303,
    answer: Answer::Redirect,
    says: "max_age must be a whole number of seconds, zero or more.",
    fix: "Send max_age as digits only, for example max_age=3600.",
};

pub(super) const LOGIN_REQUIRED: RuleInfo = RuleInfo {
    id: "VK-AUTHORIZE-LOGIN-REQUIRED",
    spec: "OpenID Connect Core §3.1.2.6",
    url: "https://openid.net/specs/openid-connect-core-1_0.html#AuthError",
    error: ErrorCode::LoginRequired,
    status: 303,
    answer: Answer::Redirect,
    says: "With prompt=none the person must be signed in already, and recently enough for max_age.",
    fix: "Send the request again without prompt=none, so that the person can sign in.",
};

pub(super) const CONSENT_REQUIRED: RuleInfo = RuleInfo {
    id: "VK-AUTHORIZE-CONSENT-REQUIRED",
    spec: "OpenID Connect Core §3.1.2.6",
    url: "https://openid.net/specs/openid-connect-core-1_0.html#AuthError",
    error: ErrorCode::ConsentRequired,
    status: 303,
    answer: Answer::Redirect,
    says: "With prompt=none the person must have allowed this access to this client before, and the redirect URI must be one that another app cannot claim.",
    fix: "Send the request again without prompt=none, so that the person can be asked.",
};

pub(super) const ACCESS_DENIED: RuleInfo = RuleInfo {
    id: "VK-AUTHORIZE-ACCESS-DENIED",
    spec: "RFC 6749 §4.1.2.1",
    url: "https://www.rfc-editor.org/rfc/rfc6749#section-4.1.2.1",
    error: ErrorCode::AccessDenied,
    status: 303,
    answer: Answer::Redirect,
    says: "The person must allow the access that the client asks for.",
    fix: "Nothing is wrong with the request: the person said no. Explain what the access is for, and let them try again when they want to.",
};
