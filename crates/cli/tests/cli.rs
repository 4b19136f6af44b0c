//! The real binary, as people run it: configuration, admin commands beside a running server, `dev`, `serve`.
//! Signals and file modes are Unix's, and so are these tests.
#![cfg(unix)]

#[cfg(test)]
#[path = "cli/admin.rs"]
mod admin;
#[cfg(test)]
#[path = "cli/backups.rs"]
mod backups;
#[cfg(test)]
#[path = "cli/base_string.rs"]
mod base_string;
#[cfg(test)]
#[path = "cli/clients.rs"]
mod clients;
#[cfg(test)]
#[path = "cli/config.rs"]
mod config;
#[cfg(test)]
#[path = "cli/credentials.rs"]
mod credentials;
#[cfg(test)]
#[path = "cli/database.rs"]
mod database;
#[cfg(test)]
#[path = "cli/dev.rs"]
mod dev;
#[cfg(test)]
#[path = "cli/hardening.rs"]
mod hardening;
#[cfg(test)]
#[path = "cli/http.rs"]
mod http;
#[cfg(test)]
#[path = "cli/moving.rs"]
mod moving;
#[cfg(test)]
#[path = "cli/nodes.rs"]
mod nodes;
#[cfg(test)]
#[path = "cli/people.rs"]
mod people;
#[cfg(test)]
#[path = "cli/relying_parties.rs"]
mod relying_parties;
#[cfg(test)]
#[path = "cli/serve.rs"]
mod serve;
#[cfg(test)]
#[path = "cli/support.rs"]
mod support;
#[cfg(test)]
#[path = "cli/tls.rs"]
mod tls;
