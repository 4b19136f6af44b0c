//! `valetkey store copy`: what is asked, what is refused, and what is told. The copying itself is in `copying.rs`.

use super::copying::{self, Tally};
use super::end::{End, Side};
use crate::commands::progress::Progress;
use crate::failure::{Failure, Outcome};
use crate::master_key::MasterKey;
use crate::output;
use clap::Args;
use serde::Serialize;
use valetkey_server::keys;
use valetkey_store::Store;
use valetkey_store::transfer::{Begun, Transfer};

/// The options of `store copy`.
#[derive(Debug, Args)]
pub(in crate::commands) struct Copy {
    /// Where everything is: a folder, a postgres:// URL, or a configuration file.
    #[arg(long, value_name = "PLACE")]
    from: String,
    /// Where it is to be: a folder or a database that is empty.
    #[arg(long, value_name = "PLACE")]
    to: String,
    /// Copy the state of this moment although servers work with it: for a rehearsal. What they write afterwards is not in
    /// the copy; a revocation is not, either.
    #[arg(long)]
    while_serving: bool,
    /// Answer in JSON.
    #[arg(long)]
    json: bool,
}

/// What scripts read.
#[derive(Debug, Serialize)]
struct View<'a> {
    rows: u64,
    tables: &'a [Tally],
    /// Whether a master key was at hand, and opened every signing key of the copy.
    keys_open: bool,
}

impl Copy {
    pub(super) async fn run(self) -> Outcome {
        let (from, to) = (End::parse(&self.from)?, End::parse(&self.to)?);
        for (option, end) in [("--from", &from), ("--to", &to)] {
            if end.shows_password() {
                output::tell(&format!(
                    "note: everybody on this machine can read the password in {option} while this runs; PGPASSWORD or a \
                     configuration file keeps it to yourself"
                ));
            }
        }
        from.refuse_same(&to)?;
        let source = from.open_source(self.while_serving).await?;
        let keys = Keys::at_hand(&from, &to)?;
        keys.refuse_wrong(source.as_store()).await?;
        let target = to.open_target().await?;
        let begun = begin(&*source, &*target, (&from, &to)).await?;
        let mut progress = Progress::new();
        let tallies = match begun {
            Begun::HoldsData => compare(&*source, &*target, &to, &mut progress).await?,
            begun => {
                if begun == Begun::Continues {
                    output::tell("going on with the copy that was broken off");
                }
                let resumed = begun == Begun::Continues;
                let tallies = copying::copy(&*source, &*target, resumed, &mut progress).await?;
                if !self.while_serving {
                    // Whoever came meanwhile may have written what the copy does not have.
                    from.refuse_in_use(&*source).await?;
                }
                target.finish_copy().await?;
                tallies
            }
        };
        let opened = keys.open(target.as_store()).await?;
        drop(target);
        self.tell(&tallies, opened, &from)
    }

    fn tell(&self, tallies: &[Tally], keys_open: Option<usize>, from: &End) -> Outcome {
        let rows = tallies.iter().map(|tally| tally.rows).sum();
        if self.json {
            return output::print_json(&View {
                rows,
                tables: tallies,
                keys_open: keys_open.is_some(),
            });
        }
        let mut table = vec![["TABLE", "ROWS", "SHA-256"].map(String::from).to_vec()];
        let filled = tallies.iter().filter(|tally| tally.rows > 0);
        table.extend(filled.map(|tally| {
            vec![
                tally.table.to_owned(),
                tally.rows.to_string(),
                tally.sha256.clone(),
            ]
        }));
        let has_keys = tallies
            .iter()
            .any(|tally| tally.table == "signing_keys" && tally.rows > 0);
        let key = match keys_open {
            _ if !has_keys => "There are no signing keys yet.".to_owned(),
            Some(count) => {
                format!("The master key opens its {count} signing keys; the new server needs that same one.")
            }
            None => format!(
                "Its signing keys open with the master key of the old store alone{}: give the new server that same one.",
                from.key_file()
                    .map_or_else(String::new, |file| format!(" ({})", file.display()))
            ),
        };
        let moment = if self.while_serving {
            "\nIt is the state of the moment when this began: what was written since is not in it.\n"
        } else {
            "\n"
        };
        output::print(&format!(
            "{}\n{rows} rows, the same on both sides.{moment}{key}\n",
            output::table(&table)
        ))
    }
}

/// Marks the target, when there is nothing in the way.
async fn begin(source: &dyn Side, target: &dyn Side, (from, to): (&End, &End)) -> Outcome<Begun> {
    let begun = target.begin_copy(from.name()).await?;
    match &begun {
        Begun::OtherCopy(other) => Err(Failure::refused(format!(
            "{} holds an unfinished copy from {other}, not from {}: go on with that one, or {} and begin anew",
            to.name(),
            from.name(),
            to.way_to_empty()
        ))),
        Begun::HoldsData if !copying::same_counts(source, target).await? => {
            let holds = copying::holds(target).await?;
            Err(Failure::refused(format!(
                "{} holds something else already ({holds}), and nothing is overwritten: choose an empty place, or {}",
                to.name(),
                to.way_to_empty()
            )))
        }
        _ => Ok(begun),
    }
}

/// A target with as many rows of each kind may be this very copy, finished before.
async fn compare(
    source: &dyn Transfer,
    target: &dyn Transfer,
    to: &End,
    progress: &mut Progress,
) -> Outcome<Vec<Tally>> {
    let ours = copying::tally(source, "reading", progress).await?;
    let theirs = copying::tally(target, "comparing", progress).await?;
    if ours != theirs {
        return Err(Failure::refused(format!(
            "{} holds something else already, and nothing is overwritten: choose an empty place, or {}",
            to.name(),
            to.way_to_empty()
        )));
    }
    output::tell("everything is there already");
    Ok(ours)
}

/// The master keys that are at hand: of the source, and of the target.
struct Keys(Vec<(String, MasterKey)>);

impl Keys {
    fn at_hand(from: &End, to: &End) -> Outcome<Self> {
        let mut found = Vec::new();
        for end in [to, from] {
            found.extend(end.master_key()?);
        }
        Ok(Self(found))
    }

    /// Before anything is copied: with another key, no server could use the copy.
    async fn refuse_wrong(&self, source: &dyn Store) -> Outcome {
        for (place, key) in &self.0 {
            keys::check(source, key).await.map_err(|error| {
                Failure::refused(format!(
                    "{place} is another master key than the one of this store: {error}. The copy needs the same master key; \
                     put that there first"
                ))
            })?;
        }
        Ok(())
    }

    /// How many signing keys of the copy it opens; nothing when it is not at hand.
    async fn open(&self, copy: &dyn Store) -> Outcome<Option<usize>> {
        match self.0.first() {
            Some((_, key)) => Ok(Some(keys::check(copy, key).await?)),
            None => Ok(None),
        }
    }
}
