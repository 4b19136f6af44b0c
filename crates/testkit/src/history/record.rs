//! One line of a history: an attempt before it is sent, what came of it, or something that was done to the servers.
//! Tokens and codes appear as hashes alone.

use serde::{Deserialize, Serialize};
use valetkey_jose::{b64, hash};

/// A line.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Record {
    /// Written before the request goes out.
    Asked(Asked),
    /// Written when it is over.
    Told(Told),
    /// Written when something was done to the servers.
    Mark(Mark),
}

/// A request that is about to be sent.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Asked {
    /// Microseconds since the epoch; never goes back within a file.
    pub at: i64,
    /// The number of the attempt, unique in the file.
    pub attempt: u64,
    /// Who asks: a browser, an app.
    pub client: String,
    /// For what.
    pub verb: Verb,
    /// The grant that it is about, by the name that the client gave it.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub grant: String,
    /// The generation of the refresh token that is shown; 0 for a code.
    #[serde(default)]
    pub generation: u32,
    /// The hash of what is shown.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub token: String,
}

/// What is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Verb {
    /// A session and a consent, by password.
    SignIn,
    /// A code, by the session and the consent alone (`prompt=none`).
    Authorize,
    /// Tokens for a code.
    Redeem,
    /// Tokens for a refresh token.
    Refresh,
    /// Whether a refresh token counts.
    IntrospectRefresh,
    /// Whether an access token counts.
    IntrospectAccess,
    /// The end of a grant, by its refresh token.
    Revoke,
    /// The end of one access token.
    RevokeAccess,
}

/// What came of an attempt.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Told {
    /// Microseconds since the epoch.
    pub at: i64,
    /// Which attempt.
    pub attempt: u64,
    /// What.
    pub outcome: Outcome,
}

/// What came of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "is")]
pub enum Outcome {
    /// It was done, and gave this.
    Done(Given),
    /// Introspection: it counts.
    Active,
    /// Introspection: it does not count.
    Inactive,
    /// A refusal in the protocol's words.
    Refused {
        /// The error code.
        error: String,
        /// The rule, where the answer names it.
        #[serde(default, skip_serializing_if = "String::is_empty")]
        rule: String,
    },
    /// 503 with `Retry-After`, or `temporarily_unavailable` by redirect: it may have happened or not.
    Busy,
    /// Nobody listened: it did not happen.
    Unreached,
    /// The connection broke: it may have happened or not.
    Broken,
    /// No answer within the client's patience: it may have happened or not.
    Silent,
    /// Anything else, which no client could make sense of.
    Unclean {
        /// The status.
        status: u16,
        /// The beginning of the answer.
        body: String,
    },
}

/// What an answer gave.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Given {
    /// The hash of the code or of the refresh token.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub token: String,
    /// The hash of the access token.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub access: String,
    /// For how many seconds the access token counts.
    #[serde(default)]
    pub lives_seconds: i64,
}

/// Something that was done to the servers.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Mark {
    /// Microseconds since the epoch.
    pub at: i64,
    /// What.
    pub what: String,
    /// Whether nothing that was asked before can happen after it: the only server was killed.
    #[serde(default)]
    pub ends_everything: bool,
}

/// The hash by which a token or a code stands in a history.
#[must_use]
pub fn hashed(token: &str) -> String {
    let mut text = b64::encode_url(&hash::sha256(token.as_bytes()));
    text.truncate(22);
    text
}
