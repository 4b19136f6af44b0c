//! Rules: clients that register themselves (OpenID Connect Registration, RFC 7591) and manage that (RFC 7592). The same
//! rules of metadata hold for clients that an operator registers.

use super::{Answer, RuleInfo};
use crate::error::ErrorCode;

pub(super) const OFF: RuleInfo = RuleInfo {
    id: "VK-REGISTER-OFF",
    spec: "RFC 7591 §3",
    url: "https://www.rfc-editor.org/rfc/rfc7591#section-3",
    error: ErrorCode::AccessDenied,
    status: 403,
    answer: Answer::Json,
    says: "This server registers clients only by its operator.",
    fix: "Ask the operator to register the client, or to switch registration on in [registration] mode.",
};

pub(super) const INITIAL_TOKEN_INVALID: RuleInfo = RuleInfo {
    id: "VK-REGISTER-INITIAL-TOKEN-INVALID",
    spec: "RFC 7591 §3",
    url: "https://www.rfc-editor.org/rfc/rfc7591#section-3",
    error: ErrorCode::InvalidToken,
    status: 401,
    answer: Answer::Challenge,
    says: "The initial access token must be one that this server made, not expired and not revoked.",
    fix: "Get a new one from the operator: valetkey registration-token makes it.",
};

pub(super) const THROTTLED: RuleInfo = RuleInfo {
    id: "VK-REGISTER-THROTTLED",
    spec: "RFC 7591 §5",
    url: "https://www.rfc-editor.org/rfc/rfc7591#section-5",
    error: ErrorCode::TemporarilyUnavailable,
    status: 429,
    answer: Answer::Json,
    says: "One network address may register only so many clients in a while.",
    fix: "Wait for the time that Retry-After names; register once and keep what was answered.",
};

pub(super) const FULL: RuleInfo = RuleInfo {
    id: "VK-REGISTER-FULL",
    spec: "RFC 7591 §5",
    url: "https://www.rfc-editor.org/rfc/rfc7591#section-5",
    error: ErrorCode::TemporarilyUnavailable,
    status: 503,
    answer: Answer::Json,
    says: "The server keeps only so many clients that registered themselves.",
    fix: "Try again later, when unused ones have been forgotten; the operator can raise [registration] clients_most.",
};

pub(super) const NOT_JSON: RuleInfo = RuleInfo {
    id: "VK-REGISTER-NOT-JSON",
    spec: "RFC 7591 §3.1",
    url: "https://www.rfc-editor.org/rfc/rfc7591#section-3.1",
    error: ErrorCode::InvalidClientMetadata,
    status: 400,
    answer: Answer::Json,
    says: "Client metadata is one JSON object of type application/json, whose members have the types that the specs give them.",
    fix: "Send a JSON object, with lists as arrays and flags as true or false, and no member twice.",
};

pub(super) const SOFTWARE_STATEMENT: RuleInfo = RuleInfo {
    id: "VK-REGISTER-SOFTWARE-STATEMENT",
    spec: "RFC 7591 §2.3",
    url: "https://www.rfc-editor.org/rfc/rfc7591#section-2.3",
    error: ErrorCode::InvalidSoftwareStatement,
    status: 400,
    answer: Answer::Json,
    says: "This server trusts nobody's software statements.",
    fix: "Send the metadata as plain members, without software_statement.",
};

pub(super) const TEXT: RuleInfo = RuleInfo {
    id: "VK-REGISTER-TEXT",
    spec: "RFC 7591 §2",
    url: "https://www.rfc-editor.org/rfc/rfc7591#section-2",
    error: ErrorCode::InvalidClientMetadata,
    status: 400,
    answer: Answer::Json,
    says: "Names and contacts are short texts of one line, and lists are short.",
    fix: "Shorten the text or the list, and leave control characters out.",
};

pub(super) const APPLICATION_TYPE: RuleInfo = RuleInfo {
    id: "VK-REGISTER-APPLICATION-TYPE",
    spec: "OpenID Connect Registration §2",
    url: "https://openid.net/specs/openid-connect-registration-1_0.html#ClientMetadata",
    error: ErrorCode::InvalidClientMetadata,
    status: 400,
    answer: Answer::Json,
    says: "The application_type must be web or native.",
    fix: "Send web, native, or nothing, which means web.",
};

pub(super) const AUTH_METHOD: RuleInfo = RuleInfo {
    id: "VK-REGISTER-AUTH-METHOD",
    spec: "RFC 7591 §2",
    url: "https://www.rfc-editor.org/rfc/rfc7591#section-2",
    error: ErrorCode::InvalidClientMetadata,
    status: 400,
    answer: Answer::Json,
    says: "The token_endpoint_auth_method must be one that this server knows.",
    fix: "Choose one of token_endpoint_auth_methods_supported in the metadata of the server.",
};

pub(super) const AUTH_METHOD_GRANT: RuleInfo = RuleInfo {
    id: "VK-REGISTER-AUTH-METHOD-GRANT",
    spec: "RFC 6749 §4.4",
    url: "https://www.rfc-editor.org/rfc/rfc6749#section-4.4",
    error: ErrorCode::InvalidClientMetadata,
    status: 400,
    answer: Answer::Json,
    says: "A client without a secret and without a key cannot act for itself.",
    fix: "Use another token_endpoint_auth_method than none, or leave client_credentials out of grant_types.",
};

pub(super) const AUTH_ALGORITHM: RuleInfo = RuleInfo {
    id: "VK-REGISTER-AUTH-ALGORITHM",
    spec: "OpenID Connect Registration §2",
    url: "https://openid.net/specs/openid-connect-registration-1_0.html#ClientMetadata",
    error: ErrorCode::InvalidClientMetadata,
    status: 400,
    answer: Answer::Json,
    says: "The token_endpoint_auth_signing_alg must be one that the authentication method can have.",
    fix: "Use HS256 with client_secret_jwt, an asymmetric algorithm with private_key_jwt, or leave the member out.",
};

pub(super) const GRANT_TYPE: RuleInfo = RuleInfo {
    id: "VK-REGISTER-GRANT-TYPE",
    spec: "RFC 7591 §2",
    url: "https://www.rfc-editor.org/rfc/rfc7591#section-2",
    error: ErrorCode::InvalidClientMetadata,
    status: 400,
    answer: Answer::Json,
    says: "The grant_types must be among those that registered clients may use.",
    fix: "Ask only for grant types that the operator gives to registered clients; authorization_code with PKCE does for nearly all apps.",
};

pub(super) const FRONT_CHANNEL: RuleInfo = RuleInfo {
    id: "VK-REGISTER-FRONT-CHANNEL",
    spec: "RFC 9700 §2.1.2",
    url: "https://www.rfc-editor.org/rfc/rfc9700#section-2.1.2",
    error: ErrorCode::InvalidClientMetadata,
    status: 400,
    answer: Answer::Json,
    says: "Clients that register themselves get no tokens through the browser, where they leak and can be slipped in.",
    fix: "Register the response type code, and use it with PKCE.",
};

pub(super) const RESPONSE_TYPE: RuleInfo = RuleInfo {
    id: "VK-REGISTER-RESPONSE-TYPE",
    spec: "OpenID Connect Registration §2",
    url: "https://openid.net/specs/openid-connect-registration-1_0.html#ClientMetadata",
    error: ErrorCode::InvalidClientMetadata,
    status: 400,
    answer: Answer::Json,
    says: "Each of the response_types must be one that this server knows.",
    fix: "Choose among response_types_supported in the metadata of the server.",
};

pub(super) const RESPONSE_TYPE_GRANT: RuleInfo = RuleInfo {
    id: "VK-REGISTER-RESPONSE-TYPE-GRANT",
    spec: "OpenID Connect Registration §2",
    url: "https://openid.net/specs/openid-connect-registration-1_0.html#ClientMetadata",
    error: ErrorCode::InvalidClientMetadata,
    status: 400,
    answer: Answer::Json,
    says: "Each response type needs its grant types: code needs authorization_code, id_token and token need implicit.",
    fix: "Name the grant types that the response types need, or leave grant_types out.",
};

pub(super) const REDIRECT_URI_MISSING: RuleInfo = RuleInfo {
    id: "VK-REGISTER-REDIRECT-URI-MISSING",
    spec: "RFC 7591 §2",
    url: "https://www.rfc-editor.org/rfc/rfc7591#section-2",
    error: ErrorCode::InvalidRedirectUri,
    status: 400,
    answer: Answer::Json,
    says: "A client that uses a browser must register where the browser comes back to.",
    fix: "Send at least one redirect URI in redirect_uris.",
};

pub(super) const REDIRECT_URI_INVALID: RuleInfo = RuleInfo {
    id: "VK-REGISTER-REDIRECT-URI-INVALID",
    spec: "RFC 6749 §3.1.2",
    url: "https://www.rfc-editor.org/rfc/rfc6749#section-3.1.2",
    error: ErrorCode::InvalidRedirectUri,
    status: 400,
    answer: Answer::Json,
    says: "A redirect URI is an absolute URI without fragment, user name and wildcard.",
    fix: "Register the whole address, letter by letter as the authorization request will send it.",
};

pub(super) const REDIRECT_URI_KIND: RuleInfo = RuleInfo {
    id: "VK-REGISTER-REDIRECT-URI-KIND",
    spec: "OpenID Connect Registration §2",
    url: "https://openid.net/specs/openid-connect-registration-1_0.html#ClientMetadata",
    error: ErrorCode::InvalidRedirectUri,
    status: 400,
    answer: Answer::Json,
    says: "A web client comes back to https; plain http to the loopback interface and private-use schemes are for native clients.",
    fix: "Use https, or register the client with the application_type native when it runs on the device of the person.",
};

pub(super) const KEYS_TWICE: RuleInfo = RuleInfo {
    id: "VK-REGISTER-KEYS-TWICE",
    spec: "RFC 7591 §2",
    url: "https://www.rfc-editor.org/rfc/rfc7591#section-2",
    error: ErrorCode::InvalidClientMetadata,
    status: 400,
    answer: Answer::Json,
    says: "A client gives its keys either by jwks or by jwks_uri, not by both.",
    fix: "Leave one of them out; jwks_uri lets the client change its keys by itself.",
};

pub(super) const KEYS_PRIVATE: RuleInfo = RuleInfo {
    id: "VK-REGISTER-KEYS-PRIVATE",
    spec: "RFC 7591 §2",
    url: "https://www.rfc-editor.org/rfc/rfc7591#section-2",
    error: ErrorCode::InvalidClientMetadata,
    status: 400,
    answer: Answer::Json,
    says: "The jwks must hold public keys alone.",
    fix: "Send the public halves, and make new keys: those that were sent are known to others now.",
};

pub(super) const KEYS_UNUSABLE: RuleInfo = RuleInfo {
    id: "VK-REGISTER-KEYS-UNUSABLE",
    spec: "RFC 7591 §2",
    url: "https://www.rfc-editor.org/rfc/rfc7591#section-2",
    error: ErrorCode::InvalidClientMetadata,
    status: 400,
    answer: Answer::Json,
    says: "The jwks must be a JWK set with a key that fits what the client registers.",
    fix: "Send a set like {'keys':[...]} with a sound RSA, EC or OKP key for the algorithms that were named.",
};

pub(super) const KEYS_MISSING: RuleInfo = RuleInfo {
    id: "VK-REGISTER-KEYS-MISSING",
    spec: "RFC 7591 §2",
    url: "https://www.rfc-editor.org/rfc/rfc7591#section-2",
    error: ErrorCode::InvalidClientMetadata,
    status: 400,
    answer: Answer::Json,
    says: "A client that signs with its own key, or wants answers encrypted, must give its public keys.",
    fix: "Send jwks or jwks_uri.",
};

pub(super) const URI_NOT_HTTPS: RuleInfo = RuleInfo {
    id: "VK-REGISTER-URI-NOT-HTTPS",
    spec: "OpenID Connect Registration §2",
    url: "https://openid.net/specs/openid-connect-registration-1_0.html#ClientMetadata",
    error: ErrorCode::InvalidClientMetadata,
    status: 400,
    answer: Answer::Json,
    says: "Addresses in client metadata are https, without user name, and without fragment except where a spec has one.",
    fix: "Send an absolute https address.",
};

pub(super) const INITIATE_LOGIN_URI: RuleInfo = RuleInfo {
    id: "VK-REGISTER-INITIATE-LOGIN-URI",
    spec: "OpenID Connect Registration §2",
    url: "https://openid.net/specs/openid-connect-registration-1_0.html#ClientMetadata",
    error: ErrorCode::InvalidClientMetadata,
    status: 400,
    answer: Answer::Json,
    says: "The initiate_login_uri must be https.",
    fix: "Send an absolute https address without fragment.",
};

pub(super) const REQUEST_URI: RuleInfo = RuleInfo {
    id: "VK-REGISTER-REQUEST-URI",
    spec: "OpenID Connect Registration §2",
    url: "https://openid.net/specs/openid-connect-registration-1_0.html#ClientMetadata",
    error: ErrorCode::InvalidClientMetadata,
    status: 400,
    answer: Answer::Json,
    says: "Each of the request_uris must be https; a fragment can hold the hash of the document.",
    fix: "Send absolute https addresses, at most as many as the server keeps.",
};

pub(super) const SUBJECT_TYPE: RuleInfo = RuleInfo {
    id: "VK-REGISTER-SUBJECT-TYPE",
    spec: "OpenID Connect Registration §2",
    url: "https://openid.net/specs/openid-connect-registration-1_0.html#ClientMetadata",
    error: ErrorCode::InvalidClientMetadata,
    status: 400,
    answer: Answer::Json,
    says: "The subject_type must be public or pairwise.",
    fix: "Send public, pairwise, or nothing, which means public.",
};

pub(super) const SECTOR_MISSING: RuleInfo = RuleInfo {
    id: "VK-REGISTER-SECTOR-MISSING",
    spec: "OpenID Connect Registration §5",
    url: "https://openid.net/specs/openid-connect-registration-1_0.html#SectorIdentifierValidation",
    error: ErrorCode::InvalidClientMetadata,
    status: 400,
    answer: Answer::Json,
    says: "A pairwise client whose redirect URIs do not all have one host, or that moves to another host, must name its sector.",
    fix: "Send a sector_identifier_uri whose document lists all redirect URIs.",
};

pub(super) const SECTOR_MISMATCH: RuleInfo = RuleInfo {
    id: "VK-REGISTER-SECTOR-MISMATCH",
    spec: "OpenID Connect Registration §5",
    url: "https://openid.net/specs/openid-connect-registration-1_0.html#SectorIdentifierValidation",
    error: ErrorCode::InvalidClientMetadata,
    status: 400,
    answer: Answer::Json,
    says: "The document at sector_identifier_uri must be a JSON array of texts that holds every redirect URI.",
    fix: "Publish the array at that https address, list every redirect URI in it, and register again.",
};

pub(super) const ALGORITHM: RuleInfo = RuleInfo {
    id: "VK-REGISTER-ALGORITHM",
    spec: "OpenID Connect Registration §2",
    url: "https://openid.net/specs/openid-connect-registration-1_0.html#ClientMetadata",
    error: ErrorCode::InvalidClientMetadata,
    status: 400,
    answer: Answer::Json,
    says: "Algorithms must be among those that this server knows, and none is no algorithm.",
    fix: "Choose among the algorithms in the metadata of the server.",
};

pub(super) const ENCRYPTION_ALG_MISSING: RuleInfo = RuleInfo {
    id: "VK-REGISTER-ENCRYPTION-ALG-MISSING",
    spec: "OpenID Connect Registration §2",
    url: "https://openid.net/specs/openid-connect-registration-1_0.html#ClientMetadata",
    error: ErrorCode::InvalidClientMetadata,
    status: 400,
    answer: Answer::Json,
    says: "An encryption method needs the algorithm that its key travels by.",
    fix: "Send the matching _encrypted_response_alg, too.",
};

pub(super) const DEFAULT_MAX_AGE: RuleInfo = RuleInfo {
    id: "VK-REGISTER-DEFAULT-MAX-AGE",
    spec: "OpenID Connect Registration §2",
    url: "https://openid.net/specs/openid-connect-registration-1_0.html#ClientMetadata",
    error: ErrorCode::InvalidClientMetadata,
    status: 400,
    answer: Answer::Json,
    says: "The default_max_age is a number of seconds, zero or more.",
    fix: "Send a whole number that is not negative, or leave it out.",
};

pub(super) const DEFAULT_ACR: RuleInfo = RuleInfo {
    id: "VK-REGISTER-DEFAULT-ACR",
    spec: "OpenID Connect Registration §2",
    url: "https://openid.net/specs/openid-connect-registration-1_0.html#ClientMetadata",
    error: ErrorCode::InvalidClientMetadata,
    status: 400,
    answer: Answer::Json,
    says: "Each of the default_acr_values must be one that this server can reach.",
    fix: "Choose among acr_values_supported in the metadata of the server.",
};

pub(super) const POST_LOGOUT_URI: RuleInfo = RuleInfo {
    id: "VK-REGISTER-POST-LOGOUT-URI",
    spec: "RP-Initiated Logout §3.1",
    url: "https://openid.net/specs/openid-connect-rpinitiated-1_0.html#ClientMetadata",
    error: ErrorCode::InvalidClientMetadata,
    status: 400,
    answer: Answer::Json,
    says: "Each of the post_logout_redirect_uris must be an address that could be a redirect URI of the client.",
    fix: "Use https without fragment; a native client may also use its own scheme or the loopback interface.",
};

pub(super) const FRONTCHANNEL_LOGOUT_URI: RuleInfo = RuleInfo {
    id: "VK-REGISTER-FRONTCHANNEL-LOGOUT-URI",
    spec: "Front-Channel Logout §2",
    url: "https://openid.net/specs/openid-connect-frontchannel-1_0.html#RPLogout",
    error: ErrorCode::InvalidClientMetadata,
    status: 400,
    answer: Answer::Json,
    says: "The frontchannel_logout_uri must be https, with the scheme, host and port of a redirect URI.",
    fix: "Serve the logout page from the same site as a redirect URI.",
};

pub(super) const BACKCHANNEL_LOGOUT_URI: RuleInfo = RuleInfo {
    id: "VK-REGISTER-BACKCHANNEL-LOGOUT-URI",
    spec: "Back-Channel Logout §2.2",
    url: "https://openid.net/specs/openid-connect-backchannel-1_0.html#BCRegistration",
    error: ErrorCode::InvalidClientMetadata,
    status: 400,
    answer: Answer::Json,
    says: "The backchannel_logout_uri must be https, without fragment.",
    fix: "Send an absolute https address that the server can reach.",
};

pub(super) const LOGOUT_SESSION: RuleInfo = RuleInfo {
    id: "VK-REGISTER-LOGOUT-SESSION",
    spec: "Back-Channel Logout §2.2",
    url: "https://openid.net/specs/openid-connect-backchannel-1_0.html#BCRegistration",
    error: ErrorCode::InvalidClientMetadata,
    status: 400,
    answer: Answer::Json,
    says: "A logout can require a session only where a logout URI is registered.",
    fix: "Send the logout URI, too, or leave the member with session_required out.",
};

pub(super) const SCOPE: RuleInfo = RuleInfo {
    id: "VK-REGISTER-SCOPE",
    spec: "RFC 7591 §2",
    url: "https://www.rfc-editor.org/rfc/rfc7591#section-2",
    error: ErrorCode::InvalidClientMetadata,
    status: 400,
    answer: Answer::Json,
    says: "The scope must be within what registered clients may ask for.",
    fix: "Ask for less, or leave scope out to get all that registered clients may ask for.",
};

pub(super) const CLIENT_TOKEN_INVALID: RuleInfo = RuleInfo {
    id: "VK-REGISTER-CLIENT-TOKEN-INVALID",
    spec: "RFC 7592 §2",
    url: "https://www.rfc-editor.org/rfc/rfc7592#section-2",
    error: ErrorCode::InvalidToken,
    status: 401,
    answer: Answer::Challenge,
    says: "The registration access token must be the one of the client whose registration this is.",
    fix: "Send the registration_access_token of the registration answer as a Bearer token to its registration_client_uri.",
};

pub(super) const UPDATE_CLIENT_ID: RuleInfo = RuleInfo {
    id: "VK-REGISTER-UPDATE-CLIENT-ID",
    spec: "RFC 7592 §2.2",
    url: "https://www.rfc-editor.org/rfc/rfc7592#section-2.2",
    error: ErrorCode::InvalidClientMetadata,
    status: 400,
    answer: Answer::Json,
    says: "An update must hold the client_id that the address names.",
    fix: "Send the whole registration with its client_id; the update replaces all of it.",
};

pub(super) const UPDATE_RESERVED: RuleInfo = RuleInfo {
    id: "VK-REGISTER-UPDATE-RESERVED",
    spec: "RFC 7592 §2.2",
    url: "https://www.rfc-editor.org/rfc/rfc7592#section-2.2",
    error: ErrorCode::InvalidClientMetadata,
    status: 400,
    answer: Answer::Json,
    says: "An update must not hold what the server alone decides.",
    fix: "Leave registration_access_token, registration_client_uri, client_secret_expires_at and client_id_issued_at out.",
};

pub(super) const UPDATE_SECRET: RuleInfo = RuleInfo {
    id: "VK-REGISTER-UPDATE-SECRET",
    spec: "RFC 7592 §2.2",
    url: "https://www.rfc-editor.org/rfc/rfc7592#section-2.2",
    error: ErrorCode::InvalidClientMetadata,
    status: 400,
    answer: Answer::Json,
    says: "A client_secret in an update must be the one that the client has; no client chooses its secret.",
    fix: "Send the current client_secret, or leave it out.",
};
