//! A look at a database before a server starts on it: can it be reached, can this program use it, does anything in it
//! depend on a master key. Changes nothing.

use crate::migrate::{self, MIGRATIONS};
use crate::{OpenError, PostgresOptions, PostgresStore, open, tls};

const HAS_KEYS: &str = "SELECT EXISTS (SELECT FROM signing_keys)";

impl PostgresStore {
    /// Whether no key is stored yet, so that a first start would make the master key.
    pub async fn is_new(url: &str, options: &PostgresOptions) -> Result<bool, OpenError> {
        let config = open::config(url, options)?;
        let tls = tls::connector(options.root_certificates.as_deref())?;
        let (client, connection) = config.connect(tls).await?;
        // It ends with the client, which is told why.
        tokio::spawn(async move { drop(connection.await) });
        let version = migrate::version(&client).await?;
        migrate::is_done(version, migrate::known(MIGRATIONS))?;
        if version.is_none() {
            return Ok(true);
        }
        let has_keys: bool = client.query_typed_one(HAS_KEYS, &[]).await?.try_get(0)?;
        Ok(!has_keys)
    }
}
