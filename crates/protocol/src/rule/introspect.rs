//! Rules: the introspection endpoint (RFC 7662 §2).

use super::{Answer, RuleInfo};
use crate::error::ErrorCode;

pub(super) const TOKEN_MISSING: RuleInfo = RuleInfo {
    id: "VK-INTROSPECT-TOKEN-MISSING",
    spec: "RFC 7662 §2.1",
    url: "https://www.rfc-editor.org/rfc/rfc7662#section-2.1",
    error: ErrorCode::InvalidRequest,
    status: 400,
    answer: Answer::Json,
    says: "The introspection request must carry the token.",
    fix: "Send the token as token in the form body of a POST.",
};

pub(super) const NOT_ALLOWED: RuleInfo = RuleInfo {
    id: "VK-INTROSPECT-NOT-ALLOWED",
    spec: "RFC 7662 §2.1",
    url: "https://www.rfc-editor.org/rfc/rfc7662#section-2.1",
    error: ErrorCode::InvalidClient,
    status: 401,
    answer: Answer::Json,
    says: "Introspection is only for clients that prove who they are.",
    fix: "Use a confidential client for introspection, and list under introspects the API that it serves.",
};
