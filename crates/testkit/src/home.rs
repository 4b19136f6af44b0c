//! Where a test server's data is: in a SQLite file in a folder of its own, or, when `VALETKEY_TEST_STORE` is `postgres`, in
//! a PostgreSQL database of its own.

use crate::postgres::{self, Database};
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tempfile::TempDir;
use tokio::sync::OnceCell;
use valetkey_store::Store;
use valetkey_store_postgres::{PostgresOptions, PostgresStore};
use valetkey_store_sqlite::{DATABASE_FILE, OpenOptions, SqliteStore};

/// Chooses the store of every test that does not need one of them.
const STORE_VARIABLE: &str = "VALETKEY_TEST_STORE";
/// For each node. Few: many tests run at once.
const CONNECTIONS: usize = 4;
/// However slow the machine is: no test fails on a duration.
const PATIENCE: Duration = Duration::from_secs(300);

/// One server's data; it goes with the last who knows it.
#[derive(Debug, Clone)]
pub(crate) enum Home {
    /// In a folder.
    Folder(Arc<TempDir>),
    /// In PostgreSQL.
    Database(Arc<Database>),
    /// In a PostgreSQL database that somebody else takes care of.
    Url(String),
}

/// Who opens it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Opener {
    /// The server.
    Owner,
    /// Somebody beside it.
    Guest,
}

impl Home {
    /// One with everything that the cast has, in the store that was chosen.
    pub(crate) async fn furnished() -> Self {
        match std::env::var_os(STORE_VARIABLE) {
            Some(chosen) if chosen == "postgres" => Self::database().await,
            Some(chosen) => panic!("{STORE_VARIABLE} is {}; it may be postgres", chosen.display()),
            None => Self::folder().await,
        }
    }

    /// The same in a folder, whatever was chosen.
    pub(crate) async fn folder() -> Self {
        static TEMPLATE: Mutex<Option<Arc<TempDir>>> = Mutex::new(None);
        let made = TEMPLATE.lock().unwrap_or_else(PoisonError::into_inner).clone();
        let template = match made {
            Some(template) => template,
            None => {
                let template = Arc::new(folder_template().await);
                *TEMPLATE.lock().unwrap_or_else(PoisonError::into_inner) = Some(template.clone());
                template
            }
        };
        let folder = TempDir::new().expect("a folder can be made");
        let copied = std::fs::copy(
            template.path().join(DATABASE_FILE),
            folder.path().join(DATABASE_FILE),
        );
        copied.expect("the template can be copied");
        Self::Folder(Arc::new(folder))
    }

    async fn database() -> Self {
        static TEMPLATE: OnceCell<Database> = OnceCell::const_new();
        let server = postgres::server().expect("VALETKEY_TEST_POSTGRES names the server");
        let template = TEMPLATE.get_or_init(async || {
            let made = Database::empty(&server).await;
            crate::server::furnish(open_postgres(&made.url()).await).await;
            made.is_left_alone().await;
            made
        });
        Self::Database(Arc::new(Database::copied(&server, template.await.name()).await))
    }

    /// Opens it.
    pub(crate) async fn open(&self, opener: Opener) -> Arc<dyn Store> {
        match self {
            Self::Folder(folder) => {
                let options = match opener {
                    Opener::Owner => OpenOptions::owner(),
                    Opener::Guest => OpenOptions::guest(),
                };
                Arc::new(SqliteStore::open(folder.path(), options).expect("the store opens"))
            }
            Self::Database(database) => open_postgres(&database.url()).await,
            Self::Url(url) => open_postgres(url).await,
        }
    }

    /// Runs one statement that both databases understand, past the store.
    pub(crate) async fn runs(&self, statement: &str) {
        match self {
            Self::Folder(folder) => connection(folder.path())
                .execute_batch(statement)
                .expect("the statement is carried out"),
            Self::Database(database) => postgres::run(&database.url(), statement).await,
            Self::Url(url) => postgres::run(url, statement).await,
        }
    }

    /// How many rows a table has.
    pub(crate) async fn count(&self, table: &str) -> i64 {
        match self {
            Self::Folder(folder) => connection(folder.path())
                .query_row(&format!("SELECT count(*) FROM {table}"), [], |row| row.get(0))
                .expect("the table is there"),
            Self::Database(database) => count_in(&database.url(), table).await,
            Self::Url(url) => count_in(url, table).await,
        }
    }
}

fn connection(folder: &Path) -> rusqlite::Connection {
    let connection = rusqlite::Connection::open(folder.join(DATABASE_FILE)).expect("the file opens");
    connection.busy_timeout(PATIENCE).expect("it can wait");
    connection
}

async fn count_in(url: &str, table: &str) -> i64 {
    let count = postgres::ask(url, &format!("SELECT count(*)::text FROM {table}")).await;
    count.parse().expect("a count is a number")
}

async fn open_postgres(url: &str) -> Arc<dyn Store> {
    let options = PostgresOptions {
        pool_size: CONNECTIONS,
        connect_timeout: PATIENCE,
        wait_timeout: PATIENCE,
        verb_timeout: PATIENCE,
        long_verb_timeout: PATIENCE,
        lock_timeout: PATIENCE,
        ..PostgresOptions::default()
    };
    let opened = PostgresStore::open(url, options).await;
    Arc::new(opened.expect("the database opens"))
}

async fn folder_template() -> TempDir {
    let folder = TempDir::new().expect("a folder can be made");
    let store = SqliteStore::open(folder.path(), OpenOptions::owner()).expect("the store opens");
    // Closing checkpoints the journal into the one file.
    crate::server::furnish(Arc::new(store)).await;
    assert!(
        !folder.path().join(format!("{DATABASE_FILE}-wal")).exists(),
        "the store closed"
    );
    folder
}
