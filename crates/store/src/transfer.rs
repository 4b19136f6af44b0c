//! Rows out of one store and into another, whatever database each of them is: for moving an installation.
//!
//! [`TABLES`] is what an installation is made of, by the names that every backend's schema uses. A [`Snapshot`] reads it
//! as it was at one moment; a [`Transfer`] takes rows in, and carries a mark from the first to the last, so that nothing
//! serves from a copy that is not whole. In which order, and whether both sides hold the same in the end, is up to
//! whoever copies (docs/decisions/0031-moving-a-store.md).

use crate::{Answer, StoreError};

/// A column of a row, in a form that every database has.
///
/// UUIDs are 16 bytes, booleans 0 or 1, JSON is text.
#[derive(Clone, PartialEq, Eq)]
pub enum Value {
    /// Nothing.
    Null,
    /// A number, a moment, a yes or a no.
    Integer(i64),
    /// Text.
    Text(String),
    /// Bytes.
    Bytes(Vec<u8>),
}

/// Password hashes and sealed secrets are among them: only the kind is told.
impl std::fmt::Debug for Value {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Null => "Null",
            Self::Integer(_) => "Integer(..)",
            Self::Text(_) => "Text(..)",
            Self::Bytes(_) => "Bytes(..)",
        })
    }
}

impl Value {
    /// Appends the value in a form that no other value has, for hashing.
    pub fn encode(&self, out: &mut Vec<u8>) {
        let (tag, bytes): (u8, &[u8]) = match self {
            Self::Null => (0, &[]),
            Self::Integer(number) => (1, &number.to_be_bytes()),
            Self::Text(text) => (2, text.as_bytes()),
            Self::Bytes(bytes) => (3, bytes),
        };
        out.push(tag);
        out.extend((bytes.len() as u64).to_be_bytes());
        out.extend(bytes);
    }

    /// The order of keys: that of the bytes, in every backend.
    fn order(&self) -> (u8, i64, &[u8]) {
        match self {
            Self::Null => (0, 0, &[]),
            Self::Integer(number) => (1, *number, &[]),
            Self::Text(text) => (2, 0, text.as_bytes()),
            Self::Bytes(bytes) => (3, 0, bytes),
        }
    }
}

impl PartialOrd for Value {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Value {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        self.order().cmp(&other.order())
    }
}

/// A row, in the order of [`Table::columns`].
pub type Row = Vec<Value>;

/// A table as it travels. Columns that the database computes are left out.
#[derive(Debug, PartialEq, Eq)]
pub struct Table {
    /// Its name.
    pub name: &'static str,
    /// Its columns; those of the primary key come first.
    pub columns: &'static [&'static str],
    /// How many of them are the primary key.
    pub key_length: usize,
}

impl Table {
    /// The columns of the primary key.
    #[must_use]
    pub fn key_columns(&self) -> &'static [&'static str] {
        self.columns
            .split_at_checked(self.key_length)
            .unwrap_or_default()
            .0
    }

    /// The key of a row.
    #[must_use]
    pub fn key<'r>(&self, row: &'r [Value]) -> &'r [Value] {
        row.get(..self.key_length).unwrap_or(row)
    }
}

const fn table(name: &'static str, key_length: usize, columns: &'static [&'static str]) -> Table {
    Table {
        name,
        columns,
        key_length,
    }
}

/// Everything that an installation is made of; whoever is referred to stands before whoever refers to it.
///
/// `pulse` is not among them: how often a store was asked whether it works, and how often its own nodes had to read
/// clients and keys again, means nothing in another one.
pub static TABLES: &[Table] = &[
    table(
        "clients",
        1,
        &[
            "id",
            "name",
            "auth_method",
            "secret_hash",
            "secret_sealed",
            "jwks",
            "jwks_uri",
            "application_type",
            "redirect_uris",
            "post_logout_redirect_uris",
            "grant_types",
            "scope",
            "resources",
            "introspects",
            "id_token_signed_response_alg",
            "require_pkce",
            "openid",
            "presentation",
            "registration",
            "oauth1",
            "oauth1_secret_sealed",
            "oauth1_rsa_public_key",
            "oauth1_token_ttl_seconds",
            "oauth1_retires_at",
            "exchange_subjects",
            "exchange_may_impersonate",
            "inspect_until",
            "created_at",
        ],
    ),
    table(
        "users",
        1,
        &[
            "id",
            "username",
            "username_key",
            "password_hash",
            "claims",
            "created_at",
            "email_key",
        ],
    ),
    table(
        "totp",
        1,
        &["user_id", "secret_sealed", "created_at", "last_step"],
    ),
    table("recovery_codes", 2, &["user_id", "hash"]),
    table(
        "passkeys",
        1,
        &[
            "id",
            "user_id",
            "name",
            "public_key",
            "sign_count",
            "backed_up",
            "transports",
            "created_at",
            "last_used_at",
        ],
    ),
    table(
        "links",
        2,
        &["provider", "subject", "user_id", "label", "created_at"],
    ),
    table(
        "sessions",
        1,
        &[
            "id",
            "sid",
            "user_id",
            "auth_time",
            "amr",
            "acr",
            "address",
            "user_agent",
            "created_at",
            "expires_at",
        ],
    ),
    table("participants", 2, &["sid", "client_id", "sub"]),
    table(
        "consents",
        2,
        &["user_id", "client_id", "scope", "resources", "granted_at"],
    ),
    table(
        "grants",
        1,
        &[
            "id",
            "client_id",
            "user_id",
            "session_id",
            "scope",
            "resources",
            "offline",
            "auth_time",
            "amr",
            "nonce",
            "created_at",
            "expires_at",
            "state",
            "redirect_uri",
            "redirect_uri_was_given",
            "code_challenge",
            "code_expires_at",
            "generation",
            "rotated_at",
            "idle_expires_at",
            "revoked_why",
            "revoked_at",
            "granted_by",
            "migrated_from",
            "acr",
            "sid",
            "claims",
        ],
    ),
    table("revoked_tokens", 1, &["jti", "expires_at"]),
    table(
        "devices",
        1,
        &[
            "id",
            "client_id",
            "user_code_key",
            "scope",
            "resources",
            "asked_from",
            "created_at",
            "expires_at",
            "polled_at",
            "state",
            "grant_id",
        ],
    ),
    table("nonces", 1, &["key", "expires_at"]),
    table(
        "outbox",
        1,
        &[
            "id",
            "kind",
            "client_id",
            "sub",
            "sid",
            "sealed",
            "attempts",
            "created_at",
            "next_at",
            "expires_at",
        ],
    ),
    table("attempts", 1, &["key", "failures", "window_ends_at"]),
    table(
        "signing_keys",
        1,
        &["kid", "alg", "sealed", "created_at", "retired_at", "expires_at"],
    ),
];

/// What [`Transfer::begin_copy`] found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Begun {
    /// Nothing: the copy starts, and its mark is there.
    Fresh,
    /// The mark of a copy from the same place, which was broken off.
    Continues,
    /// The mark of a copy from this other place. Nothing was changed.
    OtherCopy(String),
    /// Rows of its own. Nothing was changed.
    HoldsData,
}

/// A store as it was at one moment, whatever is written meanwhile.
pub trait Snapshot: Send {
    /// How many rows there are.
    fn count(&mut self, table: &'static Table) -> Answer<'_, u64>;
    /// The next rows in the order of their keys, at most `limit`.
    fn read_rows<'a>(
        &'a mut self,
        table: &'static Table,
        after: Option<&'a [Value]>,
        limit: u32,
    ) -> Answer<'a, Vec<Row>>;
}

/// A store whose rows can be copied.
pub trait Transfer: Send + Sync {
    /// Everything as it is now. It costs the store something to keep that readable: let it go soon.
    fn snapshot(&self) -> Answer<'_, Box<dyn Snapshot>>;
    /// The names of other programs that work with the store now, where they can be seen.
    fn used_by(&self) -> Answer<'_, Vec<String>> {
        Box::pin(async { Ok(Vec::new()) })
    }
    /// Begins a copy from there, or goes on with one: all at once, it looks whether the store is empty, and marks it as
    /// one that holds an unfinished copy. No store with that mark opens for anything else.
    fn begin_copy<'a>(&'a self, from: &'a str) -> Answer<'a, Begun>;
    /// Adds rows; one whose key is there is left alone. Answers how many were added.
    fn write_rows(&self, table: &'static Table, rows: Vec<Row>) -> Answer<'_, u64>;
    /// Removes rows by their keys, and what refers to them.
    fn remove_rows(&self, table: &'static Table, keys: Vec<Row>) -> Answer<'_, u64>;
    /// Takes the mark away: the copy is whole.
    fn finish_copy(&self) -> Answer<'_, ()>;
}

/// The rows do not fit the table that they are meant for.
#[must_use]
pub fn misfit(table: &'static Table) -> StoreError {
    StoreError::Corrupt {
        what: table.name,
        why: String::from("a row has more or fewer columns than the table"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn encoded(values: &[Value]) -> Vec<u8> {
        let mut out = Vec::new();
        values.iter().for_each(|value| value.encode(&mut out));
        out
    }

    #[test]
    fn no_two_rows_are_encoded_alike() {
        let text = |text: &str| Value::Text(text.to_owned());
        let rows = [
            vec![Value::Null],
            vec![text("")],
            vec![Value::Bytes(Vec::new())],
            vec![Value::Integer(0)],
            vec![Value::Bytes(vec![0; 8])],
            vec![text("ab"), text("")],
            vec![text("a"), text("b")],
            vec![text("ab")],
        ];
        for (index, row) in rows.iter().enumerate() {
            for other in rows.iter().skip(index + 1) {
                assert_ne!(encoded(row), encoded(other));
            }
        }
    }

    #[test]
    fn keys_are_in_the_order_of_their_bytes() {
        let text = |text: &str| Value::Text(text.to_owned());
        assert!(text("B") < text("a") && text("a") < text("ab") && text("z") < text("ä"));
        assert!(Value::Bytes(vec![1]) < Value::Bytes(vec![1, 0]));
        assert!(vec![text("a"), text("z")] < vec![text("b"), text("a")]);
    }

    #[test]
    fn what_a_row_holds_is_never_told() {
        let shown = format!(
            "{:?}",
            [Value::Text("hash".into()), Value::Bytes(b"sealed".to_vec())]
        );
        assert_eq!(shown, "[Text(..), Bytes(..)]");
    }

    #[test]
    fn every_table_stands_once_and_has_a_key() {
        for (index, table) in TABLES.iter().enumerate() {
            assert!(
                (1..=table.columns.len()).contains(&table.key_length),
                "{}",
                table.name
            );
            assert!(
                TABLES
                    .iter()
                    .skip(index + 1)
                    .all(|other| other.name != table.name)
            );
        }
    }
}
