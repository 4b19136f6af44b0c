//! Rules: token exchange (RFC 8693).

use super::{Answer, RuleInfo};
use crate::error::ErrorCode;

pub(super) const SUBJECT_TOKEN_MISSING: RuleInfo = RuleInfo {
    id: "VK-EXCHANGE-SUBJECT-TOKEN-MISSING",
    spec: "RFC 8693 §2.1",
    url: "https://www.rfc-editor.org/rfc/rfc8693#section-2.1",
    error: ErrorCode::InvalidRequest,
    status: 400,
    answer: Answer::Json,
    says: "A token exchange needs subject_token and subject_token_type.",
    fix: "Send the token to exchange as subject_token, and what it is as subject_token_type.",
};

pub(super) const TOKEN_TYPE_UNSUPPORTED: RuleInfo = RuleInfo {
    id: "VK-EXCHANGE-TOKEN-TYPE-UNSUPPORTED",
    spec: "RFC 8693 §2.1",
    url: "https://www.rfc-editor.org/rfc/rfc8693#section-2.1",
    error: ErrorCode::InvalidRequest,
    status: 400,
    answer: Answer::Json,
    says: "The subject_token_type and actor_token_type must be those of access tokens, as urn:ietf:params:oauth:token-type:access_token; an actor_token never stands without its type, nor a type without its token.",
    fix: "Send access tokens of this server, with the type urn:ietf:params:oauth:token-type:access_token.",
};

pub(super) const REQUESTED_TYPE_UNSUPPORTED: RuleInfo = RuleInfo {
    id: "VK-EXCHANGE-REQUESTED-TYPE-UNSUPPORTED",
    spec: "RFC 8693 §2.1",
    url: "https://www.rfc-editor.org/rfc/rfc8693#section-2.1",
    error: ErrorCode::InvalidRequest,
    status: 400,
    answer: Answer::Json,
    says: "The requested_token_type must be one that this server gives: an access token.",
    fix: "Leave requested_token_type out, or send urn:ietf:params:oauth:token-type:access_token.",
};

pub(super) const SUBJECT_TOKEN_INVALID: RuleInfo = RuleInfo {
    id: "VK-EXCHANGE-SUBJECT-TOKEN-INVALID",
    spec: "RFC 8693 §2.2.2",
    url: "https://www.rfc-editor.org/rfc/rfc8693#section-2.2.2",
    error: ErrorCode::InvalidRequest,
    status: 400,
    answer: Answer::Json,
    says: "The subject_token must be an access token of this server that still counts.",
    fix: "Get a fresh token of the person and exchange that.",
};

pub(super) const ACTOR_TOKEN_INVALID: RuleInfo = RuleInfo {
    id: "VK-EXCHANGE-ACTOR-TOKEN-INVALID",
    spec: "RFC 8693 §2.2.2",
    url: "https://www.rfc-editor.org/rfc/rfc8693#section-2.2.2",
    error: ErrorCode::InvalidRequest,
    status: 400,
    answer: Answer::Json,
    says: "The actor_token must be an access token of this server that still counts and was issued to the client that sends it.",
    fix: "Send an access token of the client itself, as client_credentials gives it, or leave actor_token out.",
};

pub(super) const SUBJECT_NOT_ALLOWED: RuleInfo = RuleInfo {
    id: "VK-EXCHANGE-SUBJECT-NOT-ALLOWED",
    spec: "RFC 8693 §2.2.2",
    url: "https://www.rfc-editor.org/rfc/rfc8693#section-2.2.2",
    error: ErrorCode::InvalidRequest,
    status: 400,
    answer: Answer::Json,
    says: "A client may exchange only tokens for an API that it is, or of clients that it is registered to act for.",
    fix: "Register the client with the clients whose tokens it exchanges, or as the API that the token is for.",
};

pub(super) const IMPERSONATION_NOT_ALLOWED: RuleInfo = RuleInfo {
    id: "VK-EXCHANGE-IMPERSONATION-NOT-ALLOWED",
    spec: "RFC 8693 §1.1",
    url: "https://www.rfc-editor.org/rfc/rfc8693#section-1.1",
    error: ErrorCode::UnauthorizedClient,
    status: 400,
    answer: Answer::Json,
    says: "Only a client that is registered for impersonation may get a token that does not name it as the actor.",
    fix: "Send an actor_token, so that the new token says who acts for whom, or have impersonation allowed for the client.",
};

pub(super) const SCOPE_WIDENED: RuleInfo = RuleInfo {
    id: "VK-EXCHANGE-SCOPE-WIDENED",
    spec: "RFC 8693 §2.1",
    url: "https://www.rfc-editor.org/rfc/rfc8693#section-2.1",
    error: ErrorCode::InvalidScope,
    status: 400,
    answer: Answer::Json,
    says: "The new token must not allow more than the subject token does, nor more than the client may have.",
    fix: "Ask for a scope that the subject token has, or leave scope out.",
};

pub(super) const TARGET_NOT_ALLOWED: RuleInfo = RuleInfo {
    id: "VK-EXCHANGE-TARGET-NOT-ALLOWED",
    spec: "RFC 8693 §2.2.2",
    url: "https://www.rfc-editor.org/rfc/rfc8693#section-2.2.2",
    error: ErrorCode::InvalidTarget,
    status: 400,
    answer: Answer::Json,
    says: "The resource or audience must be one API that the client may get tokens for.",
    fix: "Send one resource that the client is registered for, exactly as it is configured.",
};

pub(super) const PROOF_MISSING: RuleInfo = RuleInfo {
    id: "VK-EXCHANGE-OAUTH1-PROOF-MISSING",
    spec: "RFC 8693 §2.1",
    url: "https://www.rfc-editor.org/rfc/rfc8693#section-2.1",
    error: ErrorCode::InvalidRequest,
    status: 400,
    answer: Answer::Json,
    says: "Who exchanges OAuth 1.0a token credentials must sign the request with them: the token alone proves nothing.",
    fix: "Sign the token request itself by RFC 5849 with the consumer and the token that subject_token names, and send no secret.",
};

pub(super) const MIGRATION_NOT_ALLOWED: RuleInfo = RuleInfo {
    id: "VK-EXCHANGE-OAUTH1-MIGRATION-NOT-ALLOWED",
    spec: "RFC 8693 §2.1",
    url: "https://www.rfc-editor.org/rfc/rfc8693#section-2.1",
    error: ErrorCode::UnauthorizedClient,
    status: 400,
    answer: Answer::Json,
    says: "Only a client that is registered for OAuth 1.0a and for refresh tokens may move its people to OAuth 2.",
    fix: "Register the client for refresh_token and keep its OAuth 1.0a side until its people have moved.",
};
