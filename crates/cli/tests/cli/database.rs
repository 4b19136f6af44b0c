//! Databases for tests that need PostgreSQL; without a server for tests they are skipped, and that is said.

#[expect(
    dead_code,
    unreachable_pub,
    reason = "the tests of the store have this file, too, and use more of it"
)]
#[path = "../../../store-postgres/tests/support/database.rs"]
mod single;

/// One database; dropping this drops it.
pub(crate) struct Database(single::Database);

impl Database {
    /// An empty one.
    pub(crate) fn for_one_test() -> Option<Self> {
        let server = single::server()?;
        Some(Self(single::blocking(async move {
            single::Database::empty(&server).await
        })))
    }

    /// Where it is.
    pub(crate) fn url(&self) -> String {
        self.0.url()
    }
}
