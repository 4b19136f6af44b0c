//! Rules: client authentication at the token, revocation and introspection endpoints (RFC 6749 §2.3, §5.2).

use super::{Answer, RuleInfo};
use crate::error::ErrorCode;

pub(super) const MISSING: RuleInfo = RuleInfo {
    id: "VK-CLIENT-AUTH-MISSING",
    spec: "RFC 6749 §3.2.1",
    url: "https://www.rfc-editor.org/rfc/rfc6749#section-3.2.1",
    error: ErrorCode::InvalidClient,
    status: 401,
    answer: Answer::Json,
    says: "The request must say which client it comes from, and a confidential client must prove it.",
    fix: "Send client_id, and for a confidential client its secret or assertion, in the way that the client is registered for.",
};

pub(super) const HEADER_UNREADABLE: RuleInfo = RuleInfo {
    id: "VK-CLIENT-AUTH-HEADER-UNREADABLE",
    spec: "RFC 6749 §2.3.1",
    url: "https://www.rfc-editor.org/rfc/rfc6749#section-2.3.1",
    error: ErrorCode::InvalidClient,
    status: 401,
    answer: Answer::Json,
    says: "The Authorization header must hold HTTP Basic credentials: client_id and secret, form-encoded, joined by a colon, in base64.",
    fix: "Let the HTTP library build the header, or form-encode both parts, join them with a colon and encode the result in base64.",
};

pub(super) const TWO_METHODS: RuleInfo = RuleInfo {
    id: "VK-CLIENT-AUTH-TWO-METHODS",
    spec: "RFC 6749 §2.3",
    url: "https://www.rfc-editor.org/rfc/rfc6749#section-2.3",
    error: ErrorCode::InvalidRequest,
    status: 400,
    answer: Answer::Json,
    says: "A client must not use more than one authentication method in a request.",
    fix: "Send the secret in the Authorization header, or in the body, or a client_assertion: one of them.",
};

pub(super) const IDS_DIFFER: RuleInfo = RuleInfo {
    id: "VK-CLIENT-AUTH-IDS-DIFFER",
    spec: "RFC 6749 §2.3.1",
    url: "https://www.rfc-editor.org/rfc/rfc6749#section-2.3.1",
    error: ErrorCode::InvalidRequest,
    status: 400,
    answer: Answer::Json,
    says: "The client_id in the body must be the one in the Authorization header.",
    fix: "Leave client_id out of the body when the Authorization header is used, or send the same one.",
};

pub(super) const UNKNOWN: RuleInfo = RuleInfo {
    id: "VK-CLIENT-UNKNOWN",
    spec: "RFC 6749 §5.2",
    url: "https://www.rfc-editor.org/rfc/rfc6749#section-5.2",
    error: ErrorCode::InvalidClient,
    status: 401,
    answer: Answer::Json,
    says: "The client_id must be that of a registered client.",
    fix: "Check the client_id for typing errors, and that the app is registered at this authorization server.",
};

pub(super) const METHOD_NOT_REGISTERED: RuleInfo = RuleInfo {
    id: "VK-CLIENT-AUTH-METHOD-NOT-REGISTERED",
    spec: "RFC 7591 §2",
    url: "https://www.rfc-editor.org/rfc/rfc7591#section-2",
    error: ErrorCode::InvalidClient,
    status: 401,
    answer: Answer::Json,
    says: "The client must authenticate by the method that it is registered for.",
    fix: "Use the registered method: client_secret_basic sends the secret in the Authorization header, client_secret_post in the body, client_secret_jwt and private_key_jwt send a client_assertion, none sends only client_id.",
};

pub(super) const SECRET_WRONG: RuleInfo = RuleInfo {
    id: "VK-CLIENT-SECRET-WRONG",
    spec: "RFC 6749 §5.2",
    url: "https://www.rfc-editor.org/rfc/rfc6749#section-5.2",
    error: ErrorCode::InvalidClient,
    status: 401,
    answer: Answer::Json,
    says: "The client secret must be the one that belongs to the client.",
    fix: "Check that the app uses the secret of this client and of this server; when it is lost, give the client a new one.",
};
