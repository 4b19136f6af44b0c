//! W6: people sign in with their passwords. The limit is what the hash alone takes; and whoever floods the server with
//! logins must not slow down everybody else.

use super::{Bench, Outcome, Running, beside};
use crate::generator::{Lane, Measured};
use crate::process::pinned;
use crate::table::{Rounds, Target, median};
use crate::workloads::{self, Kind};
use std::time::Duration;

/// Requests a second of an ordinary day, on some connections.
const PACE: f64 = 1000.0;
const PACED_CONNECTIONS: usize = 8;

pub fn measure(bench: &mut Bench, running: &Running) -> Outcome<()> {
    rate(bench, running)?;
    flood(bench, running, Some(PACE))?;
    flood(bench, running, None)
}

fn rate(bench: &mut Bench, running: &Running) -> Outcome<()> {
    eprintln!("W6 password login");
    let connections = bench.plan.connections.min(16);
    let mut load = workloads::make(Kind::Login, &running.party, &running.grants, connections)?;
    let (mut logins, mut limits, mut cpu) = (Rounds::default(), Vec::new(), Vec::new());
    for _ in 0..bench.plan.rounds {
        let (rate, micros) = limit(bench)?;
        limits.push(rate);
        cpu.push(micros);
        let time = bench.plan.time.mul_f64(1.5);
        let lane = Lane {
            load: load.as_mut(),
            connections,
            pace: None,
        };
        logins
            .0
            .extend(bench.drive_all(&running.server, &mut [lane], time)?);
    }
    bench
        .table
        .broken
        .extend(logins.broken().map(|why| format!("W6: {why}")));
    let ratio = median(
        logins
            .0
            .iter()
            .zip(&limits)
            .map(|(round, limit)| round.rate() / limit),
    );
    let mut row = logins.row("W6", "password login");
    row.by_cpu = Some(median(cpu.into_iter()) / row.cpu_micros.max(1e-9));
    row.target = Some(Target::at_least(0.95, ratio, "of the hash"));
    bench.table.rows.push(row);
    let told = format!(
        "{:.1} a second; logins reach {ratio:.2} of it",
        median(limits.into_iter())
    );
    bench.fact("W6", "Argon2id alone, on one core", told, None);
    Ok(())
}

/// What one core can hash, measured in a process of its own on the server's core.
fn limit(bench: &Bench) -> Outcome<(f64, f64)> {
    let mut command = pinned(bench.server_core, &std::env::current_exe()?);
    let time = bench
        .plan
        .time
        .min(Duration::from_secs(2))
        .mul_f64(if bench.plan.rounds == 1 { 0.01 } else { 1.0 });
    let output = command.args(["hash", &time.as_millis().to_string()]).output()?;
    let told = String::from_utf8(output.stdout)?;
    let (rate, micros) = told.trim().split_once(' ').ok_or("the hash told nothing")?;
    Ok((rate.parse()?, micros.parse()?))
}

/// Client credentials, without the flood and with it: at a steady pace, or as many as are answered.
fn flood(bench: &mut Bench, running: &Running, pace: Option<f64>) -> Outcome<()> {
    let connections = match pace {
        Some(_) => PACED_CONNECTIONS.min(bench.plan.connections),
        None => bench.plan.connections,
    };
    let what = pace.map_or_else(|| String::from("saturated"), |pace| format!("{pace} a second"));
    eprintln!("W6 others beside a flood of logins, {what}");
    let mut others = beside(&running.party, connections)?;
    let flooding = bench.plan.connections.min(48);
    let mut logins = workloads::make(Kind::Login, &running.party, &running.grants, flooding)?;
    let (mut calm, mut flooded, mut of_flood) = (Rounds::default(), Rounds::default(), Rounds::default());
    for _ in 0..bench.plan.rounds.min(3) {
        let lane = Lane {
            load: others.as_mut(),
            connections,
            pace,
        };
        calm.0
            .extend(bench.drive_all(&running.server, &mut [lane], bench.plan.time)?);
        let mut lanes = [
            Lane {
                load: others.as_mut(),
                connections,
                pace,
            },
            Lane {
                load: logins.as_mut(),
                connections: flooding,
                pace: None,
            },
        ];
        let mut both = bench.drive_all(&running.server, &mut lanes, bench.plan.time)?;
        of_flood.0.extend(both.pop());
        flooded.0.extend(both.pop());
    }
    for (rounds, who) in [(&calm, "calm"), (&flooded, "flooded")] {
        bench
            .table
            .broken
            .extend(rounds.broken().map(|why| format!("W6 {who}: {why}")));
    }
    let p99 = |round: &Measured| round.latency.percentile(0.99);
    let ratio = median(
        calm.0
            .iter()
            .zip(&flooded.0)
            .map(|(calm, flooded)| p99(flooded) / p99(calm).max(1.0)),
    );
    let told = format!(
        "p99 {:.2} ms -> {:.2} ms ({:.0} -> {:.0} a second, {:.0} logins)",
        calm.percentile(0.99) / 1000.0,
        flooded.percentile(0.99) / 1000.0,
        calm.rate(),
        flooded.rate(),
        of_flood.rate()
    );
    let title = format!("others in a login flood, {what}");
    bench.fact("W6", &title, told, Some(Target::at_most(2.0, ratio, "times")));
    Ok(())
}
