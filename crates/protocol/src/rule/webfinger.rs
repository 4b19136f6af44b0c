//! Rules: finding the issuer of a person (OpenID Connect Discovery §2, RFC 7033).

use super::{Answer, RuleInfo};
use crate::error::ErrorCode;

pub(super) const RESOURCE_MISSING: RuleInfo = RuleInfo {
    id: "VK-WEBFINGER-RESOURCE-MISSING",
    spec: "RFC 7033 §4.2",
    url: "https://www.rfc-editor.org/rfc/rfc7033#section-4.2",
    error: ErrorCode::InvalidRequest,
    status: 400,
    answer: Answer::Json,
    says: "A WebFinger request must name one resource, which is an absolute URI.",
    fix: "Send resource=acct:name@host or resource=https://host/name, once and percent-encoded.",
};

pub(super) const RESOURCE_ELSEWHERE: RuleInfo = RuleInfo {
    id: "VK-WEBFINGER-RESOURCE-ELSEWHERE",
    spec: "RFC 7033 §4.2",
    url: "https://www.rfc-editor.org/rfc/rfc7033#section-4.2",
    error: ErrorCode::InvalidRequest,
    status: 404,
    answer: Answer::Json,
    says: "The resource must belong to the host of this server.",
    fix: "Ask the host that stands in the resource.",
};
