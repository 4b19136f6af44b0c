//! The paths that pages link to or post to, each written once. The issuer's own path stands before them.

/// The start page.
pub const HOME: &str = "/";
/// Sign-in: form fields `flow`, `username`, `password`.
pub const LOGIN: &str = "/login";
/// Consent: form fields `flow`, `answer`.
pub const CONSENT: &str = "/consent";
/// Where a person types the code that a device shows: form field `user_code`.
pub const DEVICE: &str = "/device";
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
/// A flow of OAuth 2 beside one of OAuth 1.0a: query parameters `left`, `right`.
pub const INSPECTOR_SIDE_BY_SIDE: &str = "/inspector/side-by-side";
/// From `client_id` and `state`, or from `token_sha256`, to the flow they belong to.
pub const INSPECTOR_FIND: &str = "/inspector/find";
