//! One run: what is measured is started, and each line is measured in rounds, between the yardsticks of the same round.

mod logins;
mod starts;
mod store;

use crate::arguments::{Arguments, Length, Plan};
use crate::generator::{Extent, Lane, Load, Measured, drive};
use crate::installation::Installation;
use crate::lines::{Against, LINES, Line};
use crate::party::Party;
use crate::peer;
use crate::process::{Served, free_address, has_core, pinned};
use crate::seed::Seeding;
use crate::table::{Rounds, Table, Target};
use crate::workloads::{self, Fixed, Grants, Kind};
use std::error::Error;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

pub type Outcome<T> = Result<T, Box<dyn Error + Send + Sync>>;

/// A yardstick that gets less of its core than this was disturbed: nothing in it waits for anything.
const BUSY: f64 = 0.85;

/// What every part needs.
pub struct Bench {
    pub arguments: Arguments,
    pub plan: Plan,
    pub server_core: Option<usize>,
    pub folder: Folder,
    pub table: Table,
    /// The yardsticks of every round of every line.
    bare: Rounds,
    signed: Rounds,
}

/// A temporary folder that goes at the end.
pub struct Folder(PathBuf);

impl Folder {
    fn make() -> Outcome<Self> {
        let path = std::env::temp_dir().join(format!("valetkey-bench-{}", std::process::id()));
        std::fs::create_dir_all(&path)?;
        Ok(Self(path))
    }

    pub fn path(&self) -> &Path {
        &self.0
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

/// The servers that run at the same time, each idle while another is measured.
pub struct Running {
    pub yardstick: Served,
    pub server: Served,
    pub party: Party,
    pub peer: Option<(Served, Party)>,
    pub grants: Grants,
}

/// Measures everything that was asked for.
pub fn run(arguments: Arguments) -> Outcome<Table> {
    let started = Instant::now();
    let server_core = has_core(arguments.server_core).then_some(arguments.server_core);
    let mut bench = Bench {
        plan: arguments.plan(),
        server_core,
        folder: Folder::make()?,
        table: Table::default(),
        bare: Rounds::default(),
        signed: Rounds::default(),
        arguments,
    };
    bench.tell_about();
    let (mut running, installation) = bench.start()?;
    bench.idle_memory(&running);
    for line in &LINES {
        if bench.arguments.wants(line.id) {
            bench.measure(&mut running, line)?;
        }
    }
    bench.loaded_memory(&running);
    if bench.arguments.wants("W6") {
        logins::measure(&mut bench, &running)?;
    }
    running.server.stop()?;
    drop(running.yardstick);
    drop(running.peer);
    if bench.arguments.wants("W9") {
        store::measure(&mut bench)?;
    }
    if bench.arguments.wants("W10") {
        starts::measure(&mut bench, &installation)?;
    }
    let took = format!("the run took {} s", started.elapsed().as_secs());
    bench.table.about.push(took);
    bench.show_yardsticks();
    Ok(bench.table)
}

impl Bench {
    fn tell_about(&mut self) {
        let about = &mut self.table.about;
        let cpu = std::fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
        let model = cpu
            .lines()
            .find_map(|line| line.strip_prefix("model name"))
            .unwrap_or_default();
        let load = std::fs::read_to_string("/proc/loadavg").unwrap_or_default();
        let load: Vec<&str> = load.split(' ').take(3).collect();
        about.push(format!(
            "{} (load when it began: {})",
            model.trim_matches([' ', ':', '\t']),
            load.join(" ")
        ));
        match self.server_core {
            Some(core) => about.push(format!(
                "servers on core {core}, generator on core {}, {} requests under way",
                self.arguments.generator_core, self.plan.connections
            )),
            None => about.push(String::from(
                "NOT PINNED: taskset or that core is missing, so the ratios mean little",
            )),
        }
        about.push(format!(
            "median of {} rounds of {:?}; ratios are taken round by round against the yardsticks of the same round",
            self.plan.rounds, self.plan.time
        ));
    }

    fn extent(&self, time: Duration) -> Extent {
        Extent {
            warm_up: self.plan.warm_up,
            time,
            most: self.plan.most,
        }
    }

    fn start(&mut self) -> Outcome<(Running, Installation)> {
        let folder = self.folder.path().to_owned();
        let address = free_address()?;
        let mut command = pinned(self.server_core, &std::env::current_exe()?);
        command.args(["yardstick", &address.to_string()]);
        let yardstick = Served::start(command, address, "/ready", &folder.join("yardstick.log"))?;
        let installation = Installation::make(
            &self.arguments.valetkey,
            &folder.join("valetkey"),
            self.plan.people,
        )?;
        let grants = seed(&installation, self.plan.grants)?;
        let server = installation.serve(self.server_core)?;
        let (clients, people) = (installation.clients.clone(), installation.people.clone());
        let party = Party::meet(server.address, clients, people, true)?;
        let peer = if self.arguments.peer {
            let started = peer::start(
                &self.arguments.peer_folder,
                self.server_core,
                &folder,
                &party.clients,
            )?;
            self.table.about.push(format!("peer: {}", peer::NAME));
            Some(started)
        } else {
            self.table.about.push(String::from("peer: left out"));
            None
        };
        Ok((
            Running {
                yardstick,
                server,
                party,
                peer,
                grants,
            },
            installation,
        ))
    }

    /// One line, in rounds.
    fn measure(&mut self, running: &mut Running, line: &Line) -> Outcome<()> {
        eprintln!("{} {}", line.id, line.title);
        let connections = self.plan.connections;
        let mut load = workloads::make(line.kind, &running.party, &running.grants, connections)?;
        let (mut bare, mut signed) = (Rounds::default(), Rounds::default());
        let (mut mine, mut theirs) = (Rounds::default(), Rounds::default());
        for _ in 0..self.plan.rounds {
            bare.0.push(self.yardstick(running, "/bare")?);
            mine.0
                .push(self.drive(&running.server, load.as_mut(), self.plan.time)?);
            signed.0.push(self.yardstick(running, "/signed")?);
            if let Some((peer, party)) = running.peer.as_ref().filter(|_| line.peer) {
                // Made anew: what the peer keeps in memory it also forgets.
                let mut load = workloads::make(line.kind, party, &Grants::default(), connections)?;
                theirs
                    .0
                    .push(self.drive(peer, load.as_mut(), self.plan.time / 2)?);
            }
        }
        self.enter(line, &mine, [&bare, &signed, &theirs]);
        self.bare.0.append(&mut bare.0);
        self.signed.0.append(&mut signed.0);
        Ok(())
    }

    fn yardstick(&self, running: &Running, path: &str) -> Outcome<Measured> {
        let mut load: Fixed = workloads::yardstick(&running.party, path);
        self.drive(&running.yardstick, &mut load, self.plan.yardstick)
    }

    /// One workload alone, as fast as it goes.
    pub fn drive(&self, server: &Served, load: &mut dyn Load, time: Duration) -> Outcome<Measured> {
        let lane = Lane {
            load,
            connections: self.plan.connections,
            pace: None,
        };
        let mut all = drive(server, &mut [lane], self.extent(time))?;
        all.pop().ok_or_else(|| "nothing was measured".into())
    }

    /// Several at once.
    pub fn drive_all(
        &self,
        server: &Served,
        lanes: &mut [Lane<'_>],
        time: Duration,
    ) -> Outcome<Vec<Measured>> {
        Ok(drive(server, lanes, self.extent(time))?)
    }

    fn enter(&mut self, line: &Line, mine: &Rounds, [bare, signed, theirs]: [&Rounds; 3]) {
        let named = [
            (mine, "valetkey"),
            (bare, "bare POST"),
            (signed, "POST + ES256"),
            (theirs, "the peer"),
        ];
        for (rounds, who) in named.into_iter().filter(|(rounds, _)| !rounds.0.is_empty()) {
            let broken = rounds
                .broken()
                .map(|why| format!("{} {}, {who}: {why}", line.id, line.title));
            self.table.broken.extend(broken);
        }
        let mut row = mine.row(line.id, line.title);
        row.to_bare = Some(mine.ratio_to(bare));
        row.to_signed = Some(mine.ratio_to(signed));
        if !theirs.0.is_empty() {
            row.to_peer = Some(mine.ratio_to(theirs));
            row.peer_per_second = Some(theirs.rate());
        }
        let beside = match line.target {
            Some((_, Against::Signed)) => signed,
            Some((_, Against::Peer)) if !theirs.0.is_empty() => theirs,
            Some(_) | None => bare,
        };
        row.by_cpu = Some(mine.cpu_ratio_to(beside));
        row.target = line.target.and_then(|(wanted, against)| {
            let got = match against {
                Against::Bare => row.to_bare,
                Against::Signed => row.to_signed,
                Against::Peer => row.to_peer,
            };
            Some(Target::at_least(wanted, got?, against.name()))
        });
        self.table.rows.push(row);
        if !theirs.0.is_empty() {
            self.table.rows.push(theirs.row("", "  the peer"));
        }
    }

    /// The yardsticks stand first. What the generator used says whether it was in the way.
    fn show_yardsticks(&mut self) {
        if self.bare.0.is_empty() {
            return;
        }
        let bare = self.bare.row("", "yardstick: bare POST");
        let signed = self.signed.row("", "yardstick: POST + ES256");
        self.table.about.push(format!(
            "at the bare POST the generator used {:.0} % of its core, the server {:.0} %",
            bare.generator_busy * 100.0,
            bare.server_busy * 100.0
        ));
        if bare.server_busy < BUSY {
            let others = "OTHERS USED THE SERVER'S CORE: measure again on an idle machine; until then, trust `by cpu` more";
            self.table.about.push(String::from(others));
        }
        self.table.rows.splice(0..0, [bare, signed]);
    }

    fn idle_memory(&mut self, running: &Running) {
        if !self.arguments.wants("W10") {
            return;
        }
        if self.arguments.length != Length::Smoke {
            std::thread::sleep(Duration::from_secs(1));
        }
        let (now, _) = running.server.memory();
        self.fact(
            "W10",
            "memory, idle",
            format!("{now:.1} MB"),
            Some(Target::at_most(20.0, now, "MB")),
        );
    }

    fn loaded_memory(&mut self, running: &Running) {
        if !self.arguments.wants("W10") {
            return;
        }
        let (now, most) = running.server.memory();
        let told = format!("{now:.1} MB, at most {most:.1} MB");
        self.fact(
            "W10",
            "memory, after the lines above",
            told,
            Some(Target::at_most(60.0, most, "MB")),
        );
        if let Some((peer, _)) = &running.peer {
            let (now, most) = peer.memory();
            self.fact(
                "W10",
                "  the peer's",
                format!("{now:.1} MB, at most {most:.1} MB"),
                None,
            );
        }
    }

    pub fn fact(&mut self, id: &str, title: &str, told: String, target: Option<Target>) {
        self.table.facts.push(crate::table::Fact {
            id: id.to_owned(),
            title: title.to_owned(),
            told,
            target,
        });
    }
}

/// Grants for both apps, made before the server starts.
fn seed(installation: &Installation, count: usize) -> Outcome<Grants> {
    block_on(async {
        let seeding = Seeding::open(installation).await?;
        let es256 = seeding.grants(&installation.clients.web.id, count).await?;
        let rs256 = seeding
            .grants(&installation.clients.web_rs256.id, count / 4)
            .await?;
        Ok(Grants {
            es256: seeding.tokens(&es256),
            rs256: seeding.tokens(&rs256),
        })
    })
}

pub fn block_on<T>(work: impl Future<Output = Outcome<T>>) -> Outcome<T> {
    tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()?
        .block_on(work)
}

/// One workload of the server that others are watched beside.
pub fn beside(party: &Party, connections: usize) -> Outcome<Box<dyn Load>> {
    Ok(workloads::make(
        Kind::ServiceJwt,
        party,
        &Grants::default(),
        connections,
    )?)
}
