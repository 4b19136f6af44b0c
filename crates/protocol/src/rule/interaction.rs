//! Rules: the pages between the authorization request and its answer: sign-in, consent, sign-out, account. They
//! answer with pages only.

use super::{Answer, RuleInfo};
use crate::error::ErrorCode;

pub(super) const UNREADABLE: RuleInfo = RuleInfo {
    id: "VK-INTERACTION-UNREADABLE",
    spec: "RFC 6749 §3.1",
    url: "https://www.rfc-editor.org/rfc/rfc6749#section-3.1",
    error: ErrorCode::InvalidRequest,
    status: 400,
    answer: Answer::Page,
    says: "The request that the page belongs to must come back unchanged.",
    fix: "Go back to the app and start again from there; do not edit or shorten the address of the sign-in page.",
};

pub(super) const EXPIRED: RuleInfo = RuleInfo {
    id: "VK-INTERACTION-EXPIRED",
    spec: "RFC 6749 §4.1.2.1",
    url: "https://www.rfc-editor.org/rfc/rfc6749#section-4.1.2.1",
    error: ErrorCode::InvalidRequest,
    status: 400,
    answer: Answer::Page,
    says: "Sign-in and consent must be finished within the time allowed for one request.",
    fix: "Go back to the app and start again from there.",
};

pub(super) const OTHER_BROWSER: RuleInfo = RuleInfo {
    id: "VK-INTERACTION-OTHER-BROWSER",
    spec: "RFC 9700 §4.7",
    url: "https://www.rfc-editor.org/rfc/rfc9700#section-4.7",
    error: ErrorCode::InvalidRequest,
    status: 400,
    answer: Answer::Page,
    says: "Sign-in and consent must happen in the browser in which the request began.",
    fix: "Open the app in this browser and start again; cookies of this site must be allowed.",
};

pub(super) const FORM_CROSS_SITE: RuleInfo = RuleInfo {
    id: "VK-FORM-CROSS-SITE",
    spec: "RFC 6749 §10.12",
    url: "https://www.rfc-editor.org/rfc/rfc6749#section-10.12",
    error: ErrorCode::AccessDenied,
    status: 403,
    answer: Answer::Page,
    says: "A form of this site must be sent from a page of this site.",
    fix: "Open the page here and use its own form; another site may not send it.",
};

pub(super) const LOGIN_CREDENTIALS_WRONG: RuleInfo = RuleInfo {
    id: "VK-LOGIN-CREDENTIALS-WRONG",
    spec: "RFC 6749 §3.1",
    url: "https://www.rfc-editor.org/rfc/rfc6749#section-3.1",
    error: ErrorCode::AccessDenied,
    status: 400,
    answer: Answer::Page,
    says: "The username and the password must belong together.",
    fix: "Check both for typing errors and try again.",
};

pub(super) const LOGIN_THROTTLED: RuleInfo = RuleInfo {
    id: "VK-LOGIN-THROTTLED",
    spec: "RFC 6749 §10.10",
    url: "https://www.rfc-editor.org/rfc/rfc6749#section-10.10",
    error: ErrorCode::TemporarilyUnavailable,
    status: 429,
    answer: Answer::Page,
    says: "Only a limited number of failed sign-ins is allowed in a given time.",
    fix: "Wait for the time that Retry-After names, then try again.",
};
