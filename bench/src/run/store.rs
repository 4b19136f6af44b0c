//! W9: what many grants and ten times as many refreshes do to the store, and to the next refresh.

use super::{Bench, Outcome, block_on};
use crate::generator::Measured;
use crate::installation::Installation;
use crate::party::Party;
use crate::process::Served;
use crate::seed::{Seeding, database_bytes};
use crate::table::{Rounds, Target, median};
use crate::workloads::Refresh;

const REFRESHES: u32 = 10;

struct Store {
    server: Served,
    load: Refresh,
}

pub fn measure(bench: &mut Bench) -> Outcome<()> {
    let (few, many) = (bench.plan.grants, bench.plan.many_grants);
    eprintln!("W9 {many} grants, {} refreshes", many * REFRESHES as usize);
    let mut small = prepared(bench, "few", few)?;
    let mut large = prepared(bench, "many", many)?;
    let (mut at_few, mut at_many) = (Rounds::default(), Rounds::default());
    for _ in 0..bench.plan.rounds {
        at_few
            .0
            .push(bench.drive(&small.server, &mut small.load, bench.plan.time)?);
        at_many
            .0
            .push(bench.drive(&large.server, &mut large.load, bench.plan.time)?);
    }
    for (rounds, who) in [(&at_few, few), (&at_many, many)] {
        bench
            .table
            .broken
            .extend(rounds.broken().map(|why| format!("W9 at {who} grants: {why}")));
    }
    let p99 = |round: &Measured| round.latency.percentile(0.99);
    let ratio = median(
        at_few
            .0
            .iter()
            .zip(&at_many.0)
            .map(|(few, many)| p99(many) / p99(few).max(1.0)),
    );
    let told = format!(
        "{:.2} ms -> {:.2} ms ({:.0} -> {:.0} a second)",
        at_few.percentile(0.99) / 1000.0,
        at_many.percentile(0.99) / 1000.0,
        at_few.rate(),
        at_many.rate()
    );
    bench.fact(
        "W9",
        &format!("p99 of refresh, {few} -> {many} grants"),
        told,
        Some(Target::at_most(1.3, ratio, "times")),
    );
    let (small, large) = (small.server, large.server);
    small.stop()?;
    large.stop()?;
    Ok(())
}

/// An installation with so many grants, and its server. Before those were others, each refreshed ten times and ended.
fn prepared(bench: &mut Bench, name: &str, count: usize) -> Outcome<Store> {
    let folder = bench.folder.path().join(name);
    let installation = Installation::make(&bench.arguments.valetkey, &folder, bench.plan.people.min(16))?;
    let web = installation.clients.web.id.clone();
    let mut made = block_on(async { Seeding::open(&installation).await?.grants(&web, count).await })?;
    let granted = database_bytes(&installation);
    block_on(async {
        Seeding::open(&installation)
            .await?
            .refresh(&mut made, REFRESHES)
            .await
    })?;
    let refreshed = database_bytes(&installation);
    let tokens = block_on(async {
        let seeding = Seeding::open(&installation).await?;
        seeding.end(&made).await?;
        let others = seeding.grants(&web, count).await?;
        Ok(seeding.tokens(&others))
    })?;
    let turned_over = database_bytes(&installation);
    let mb = |bytes: u64| bytes as f64 / 1e6;
    let told = format!(
        "{:.1} MB ({} bytes a grant) -> {:.1} MB -> {:.1} MB",
        mb(granted),
        granted / count.max(1) as u64,
        mb(refreshed),
        mb(turned_over)
    );
    let growth = refreshed.max(turned_over) as f64 / granted.max(1) as f64;
    let title = format!("store at {count} grants -> refreshed ten times -> ended, as many new");
    bench.fact("W9", &title, told, Some(Target::at_most(1.05, growth, "times")));
    let server = installation.serve(bench.server_core)?;
    let (clients, people) = (installation.clients.clone(), installation.people.clone());
    let party = Party::meet(server.address, clients, people, true)?;
    let load = Refresh::new(&party, &party.clients.web, tokens, bench.plan.connections);
    Ok(Store { server, load })
}
