//! The paths that pages link to or post to, each written once. The issuer's own path stands before them.

/// The start page.
pub const HOME: &str = "/";
/// Sign-in: form fields `flow`, `username`, `password`.
pub const LOGIN: &str = "/login";
/// Consent: form fields `flow`, `answer`.
pub const CONSENT: &str = "/consent";
/// Sign-out: form field `csrf`.
pub const LOGOUT: &str = "/logout";
/// The apps that have access.
pub const ACCOUNT: &str = "/account";
/// Takes an app's access away: form fields `csrf`, `client_id`.
pub const ACCOUNT_APPS_REVOKE: &str = "/account/apps/revoke";
/// The rule catalogue.
pub const RULES: &str = "/rules";
/// One rule.
pub const RULE: &str = "/rules/{id}";
/// Style sheets, scripts and pictures.
pub const ASSET: &str = "/assets/{name}";
/// The flow inspector's list.
pub const INSPECTOR: &str = "/inspector";
/// One flow.
pub const INSPECTOR_FLOW: &str = "/inspector/flows/{id}";
/// From `client_id` and `state` to the flow they belong to.
pub const INSPECTOR_FIND: &str = "/inspector/find";
