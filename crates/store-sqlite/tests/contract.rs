//! The contract of `valetkey-store`, kept by SQLite.

#[cfg(test)]
mod contract {
    use std::sync::Arc;
    use valetkey_store::Store;
    use valetkey_store::transfer::Transfer;
    use valetkey_store_sqlite::{OpenOptions, SqliteStore};

    fn make_store() -> (Arc<dyn Store>, impl Sized) {
        let folder = tempfile::tempdir().unwrap();
        let store = SqliteStore::open(folder.path(), OpenOptions::owner()).unwrap();
        (Arc::new(store), folder)
    }

    fn make_target() -> (Arc<dyn Transfer>, impl Sized) {
        let folder = tempfile::tempdir().unwrap();
        let store = SqliteStore::open(folder.path(), OpenOptions::owner()).unwrap();
        (Arc::new(store), folder)
    }

    valetkey_store::contract_tests!(make_store);
    valetkey_store::transfer_contract_tests!(make_target);
}
