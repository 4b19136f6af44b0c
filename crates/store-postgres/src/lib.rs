//! The PostgreSQL store: any number of stateless nodes over one database.
//!
//! One file an aggregate, with the names of `store-sqlite`, side by side comparable; the schema is in `migrations/`.
//! Nothing here decides: every verb is one atomic step whose lost races have names.
