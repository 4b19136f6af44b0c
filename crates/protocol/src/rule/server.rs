//! Rules: what any endpoint may refuse before it looks at the request (RFC 9110 §15).

use super::{Answer, RuleInfo};
use crate::error::ErrorCode;

pub(super) const BUSY: RuleInfo = RuleInfo {
    id: "VK-SERVER-BUSY",
    spec: "RFC 9110 §15.6.4",
    url: "https://www.rfc-editor.org/rfc/rfc9110#section-15.6.4",
    error: ErrorCode::TemporarilyUnavailable,
    status: 503,
    answer: Answer::Json,
    says: "The server takes only as many requests at a time as it can answer.",
    fix: "Wait for the time that Retry-After names, then send the request again.",
};

pub(super) const REQUEST_TOO_LARGE: RuleInfo = RuleInfo {
    id: "VK-REQUEST-TOO-LARGE",
    spec: "RFC 9110 §15.5.14",
    url: "https://www.rfc-editor.org/rfc/rfc9110#section-15.5.14",
    error: ErrorCode::InvalidRequest,
    status: 413,
    answer: Answer::Json,
    says: "A request must not be larger than the server is ready to read, nor hold too many parameters.",
    fix: "Send a shorter request.",
};

pub(super) const PARAMETER_NUL: RuleInfo = RuleInfo {
    id: "VK-PARAMETER-NUL",
    spec: "RFC 3986 §7.3",
    url: "https://www.rfc-editor.org/rfc/rfc3986#section-7.3",
    error: ErrorCode::InvalidRequest,
    status: 400,
    answer: Answer::Json,
    says: "No parameter may hold the character NUL, which is written %00.",
    fix: "Send text; encode bytes that are not text, for example as base64url.",
};

pub(super) const METHOD_NOT_ALLOWED: RuleInfo = RuleInfo {
    id: "VK-METHOD-NOT-ALLOWED",
    spec: "RFC 9110 §15.5.6",
    url: "https://www.rfc-editor.org/rfc/rfc9110#section-15.5.6",
    error: ErrorCode::InvalidRequest,
    status: 405,
    answer: Answer::Json,
    says: "Each endpoint must be called with a method that it answers to.",
    fix: "Use the method that the Allow header names; the token, revocation and introspection endpoints take only POST.",
};
