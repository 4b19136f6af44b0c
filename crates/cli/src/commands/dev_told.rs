//! What `dev` prints when everything is ready: where to start, what runs where, who is in it.

use crate::output::table;
use crate::seed::{self, Addresses};
use std::path::Path;
use valetkey_server::pages::paths;

/// The whole text.
pub(super) fn table_of(addresses: &Addresses, metrics: Option<u16>, kept: Option<&Path>) -> String {
    let told = seed::told(addresses);
    let mut places = vec![
        row(
            "Authorization server",
            &addresses.issuer,
            "the issuer; account page at /account",
        ),
        row("Photos API", &addresses.photos, "GET and POST /photos"),
        row(
            "MySweetApp",
            &addresses.app,
            "the app that wants to show the photos",
        ),
        row(
            "Flow inspector",
            &format!("{}/inspector", addresses.issuer),
            "every step, as it happens",
        ),
        row(
            "Side by side",
            &format!("{}{}", addresses.issuer, paths::INSPECTOR_SIDE_BY_SIDE),
            "OAuth 1.0a beside OAuth 2, for the same photos",
        ),
        row(
            "Device page",
            &format!("{}{}", addresses.issuer, paths::DEVICE),
            "where people type the code that another device shows",
        ),
    ];
    if let Some(port) = metrics {
        places.push(row(
            "Metrics",
            &format!("http://localhost:{port}/metrics"),
            "for Prometheus",
        ));
    }
    let people: Vec<_> = told
        .people
        .iter()
        .map(|person| row(&person.username, &person.password, ""))
        .collect();
    let clients: Vec<_> = told
        .clients
        .iter()
        .map(|client| {
            row(
                &client.client_id,
                client.secret.as_deref().unwrap_or("(public)"),
                &client.says,
            )
        })
        .collect();
    let data = kept.map_or_else(
        || String::from("Data goes when this ends; --data DIR keeps it."),
        |folder| format!("Data stays in {}.", folder.display()),
    );
    format!(
        "\nStart here: open {} and sign in as alice / wonderland.\n\n{}\nPeople and their passwords\n{}\nClients and their secrets\n{}\n\
         Only for trying out: these passwords and secrets are known to everybody.\n{data}\nCtrl-C ends it.\n",
        addresses.app,
        indented(&places),
        indented(&people),
        indented(&clients),
    )
}

fn row(a: &str, b: &str, c: &str) -> Vec<String> {
    vec![a.to_owned(), b.to_owned(), c.to_owned()]
}

fn indented(rows: &[Vec<String>]) -> String {
    table(rows).lines().map(|line| format!("  {line}\n")).collect()
}
