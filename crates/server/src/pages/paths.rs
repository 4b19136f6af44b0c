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
/// The person's sign-in sessions; posting ends some: form fields `csrf`, `session`.
pub const ACCOUNT_SESSIONS: &str = "/account/sessions";
/// One-time codes and recovery codes.
pub const ACCOUNT_SECOND_FACTOR: &str = "/account/second-factor";
/// Passkeys.
pub const ACCOUNT_PASSKEYS: &str = "/account/passkeys";
/// Accounts at other providers; posting unlinks one: form fields `csrf`, `provider`, `subject`.
pub const ACCOUNT_PROVIDERS: &str = "/account/providers";
/// What people say of themselves: form fields `csrf`, and one for each claim.
pub const ACCOUNT_PROFILE: &str = "/account/profile";
/// Change of the password: form fields `csrf`, `password`, `new_password`.
pub const ACCOUNT_PASSWORD: &str = "/account/password";
/// Change of the e-mail address: form fields `csrf`, `email`.
pub const ACCOUNT_EMAIL: &str = "/account/email";
/// The end of the account: form fields `csrf`, `username`.
pub const ACCOUNT_DELETE: &str = "/account/delete";
/// The second step of a sign-in: form fields `flow`, `code`.
pub const LOGIN_SECOND_FACTOR: &str = "/login/second-factor";
/// Sign-in by a passkey: form fields `flow`, `credential`.
pub const LOGIN_PASSKEY: &str = "/login/passkey";
/// Sign-in with another provider: query parameter `flow`.
pub const LOGIN_PROVIDER: &str = "/login/with/{provider}";
/// Where a provider sends the person back to; each has its own, against mix-up (RFC 9700 §4.4).
pub const PROVIDER_CALLBACK: &str = "/login/with/{provider}/callback";
/// A first sign-in with a provider: query parameter `flow`; form fields `flow`, `username`.
pub const PROVIDER_SIGN_UP: &str = "/login/with/{provider}/sign-up";
/// Whether an account at a provider becomes part of one here: query parameter `flow`; form fields `flow`, `answer`.
pub const PROVIDER_LINK: &str = "/login/with/{provider}/link";
/// Sign-up: query parameter `flow`; form fields `flow`, `username`, `email`, `password`, `invitation`.
pub const SIGN_UP: &str = "/sign-up";
/// A forgotten password: form fields `flow`, `username`.
pub const FORGOT_PASSWORD: &str = "/forgot-password";
/// A new password, by a link from an e-mail: query parameter `token`; form fields `token`, `new_password`.
pub const RESET_PASSWORD: &str = "/reset-password";
/// The proof of an e-mail address, by a link: query parameter `token`; form field `token`.
pub const VERIFY_EMAIL: &str = "/verify-email";
/// The logo of a client, as this server fetched it.
pub const CLIENT_LOGO: &str = "/logos/{client_id}";
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
