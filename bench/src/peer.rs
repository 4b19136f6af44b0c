//! The peer: npm's `oidc-provider` with its own adapter in memory, in `peer/server.mjs`.

use crate::browser::Person;
use crate::party::{Clients, Party};
use crate::process::{Served, free_address, pinned};
use std::io::Error;
use std::path::Path;

pub const NAME: &str = "oidc-provider of npm, in memory";

/// Starts it with the clients that Valetkey has.
pub fn start(
    folder: &Path,
    core: Option<usize>,
    temporary: &Path,
    clients: &Clients,
) -> Result<(Served, Party), Error> {
    let address = free_address()?;
    let of = |client: &crate::party::Client| serde_json::json!({"id": client.id, "secret": client.secret});
    let configuration = serde_json::json!({
        "issuer": format!("http://{address}"),
        "port": address.port(),
        "service": of(&clients.service),
        "api": of(&clients.api),
        "web": of(&clients.web),
        "web_rs256": of(&clients.web_rs256),
    });
    let file = temporary.join("peer.json");
    std::fs::write(&file, configuration.to_string())?;
    let mut command = pinned(core, Path::new("node"));
    command
        .arg(folder.join("server.mjs"))
        .arg(&file)
        .env("NODE_ENV", "production");
    let served = Served::start(
        command,
        address,
        crate::party::DISCOVERY,
        &temporary.join("peer.log"),
    )?;
    // Whoever comes is signed in.
    let anybody = Person {
        username: String::from("anybody"),
        password: String::new(),
    };
    let party = Party::meet(address, clients.clone(), vec![anybody], false)?;
    Ok((served, party))
}
