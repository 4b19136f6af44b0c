//! Reading histories: the lines of one or several files become attempts with what came of each.

use super::record::{Asked, Mark, Outcome, Record, Told, Verb};
use std::collections::{BTreeMap, HashMap};

/// Later than everything.
pub const NEVER: i64 = i64::MAX;

/// All that was asked, and what was done to the servers.
#[derive(Debug, Clone, Default)]
pub struct History {
    /// In the order in which they were asked.
    pub attempts: Vec<Attempt>,
    /// In the order in which they were done.
    pub marks: Vec<Mark>,
}

/// One request.
#[derive(Debug, Clone)]
pub struct Attempt {
    /// Where it stands, for whoever wants to look it up: the file and the attempt.
    pub name: String,
    /// When it was sent.
    pub asked_at: i64,
    /// When it was answered or given up; [`NEVER`] when the client did not live to see it.
    pub told_at: i64,
    /// The last moment at which the server may still have worked on it.
    pub ends_at: i64,
    /// Who asked.
    pub client: String,
    /// For what.
    pub verb: Verb,
    /// About which grant.
    pub grant: String,
    /// Of which generation the refresh token was.
    pub generation: u32,
    /// The hash of what was shown.
    pub token: String,
    /// What came of it; a client that died was told nothing.
    pub outcome: Outcome,
}

impl Attempt {
    /// Whether it may have happened.
    #[must_use]
    pub const fn may_have_happened(&self) -> bool {
        !matches!(self.outcome, Outcome::Unreached)
    }

    /// Whether it was answered with success.
    #[must_use]
    pub const fn is_done(&self) -> bool {
        matches!(self.outcome, Outcome::Done(_))
    }

    /// Whether nobody knows what became of it.
    #[must_use]
    pub const fn is_in_doubt(&self) -> bool {
        matches!(
            self.outcome,
            Outcome::Busy | Outcome::Broken | Outcome::Silent | Outcome::Unclean { .. }
        )
    }
}

/// Why a line is no record.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unreadable {
    /// The file.
    pub file: String,
    /// The number of the line, from 1.
    pub line: usize,
    /// What is wrong with it.
    pub why: String,
}

/// Puts the texts of several files, each with its name, together. `linger_micros` is for how long after its connection broke a
/// request may still be worked on.
///
/// # Errors
/// The first line that cannot be read. The last line of a file may be cut off.
pub fn read(files: &[(String, String)], linger_micros: i64) -> Result<History, Unreadable> {
    let mut history = History::default();
    for (file, text) in files {
        read_file(file, text, &mut history)?;
    }
    history.attempts.sort_by_key(|attempt| attempt.asked_at);
    history.marks.sort_by_key(|mark| mark.at);
    for attempt in &mut history.attempts {
        attempt.ends_at = ends_at(attempt, &history.marks, linger_micros);
    }
    Ok(history)
}

fn read_file(file: &str, text: &str, history: &mut History) -> Result<(), Unreadable> {
    let mut asked: BTreeMap<u64, Asked> = BTreeMap::new();
    let mut told: HashMap<u64, Told> = HashMap::new();
    let lines: Vec<&str> = text.split('\n').collect();
    for (index, line) in lines.iter().enumerate().filter(|(_, line)| !line.is_empty()) {
        let record = match serde_json::from_str(line) {
            Ok(record) => record,
            // Whatever follows the last line end was cut off.
            Err(_) if index + 1 == lines.len() => break,
            Err(error) => {
                return Err(Unreadable {
                    file: file.to_owned(),
                    line: index + 1,
                    why: error.to_string(),
                });
            }
        };
        match record {
            Record::Asked(record) => drop(asked.insert(record.attempt, record)),
            Record::Told(record) => drop(told.insert(record.attempt, record)),
            Record::Mark(mark) => history.marks.push(mark),
        }
    }
    for (number, asked) in asked {
        let told = told.remove(&number);
        history.attempts.push(Attempt {
            name: format!("{file}#{number}"),
            asked_at: asked.at,
            told_at: told.as_ref().map_or(NEVER, |told| told.at),
            ends_at: NEVER,
            client: asked.client,
            verb: asked.verb,
            grant: asked.grant,
            generation: asked.generation,
            token: asked.token,
            outcome: told.map_or(Outcome::Broken, |told| told.outcome),
        });
    }
    Ok(())
}

fn ends_at(attempt: &Attempt, marks: &[Mark], linger_micros: i64) -> i64 {
    if !attempt.is_in_doubt() {
        return attempt.told_at;
    }
    let lingers_until = attempt.told_at.saturating_add(linger_micros);
    // Whoever kills the only server writes its mark when the clients have seen their connections break.
    let killed_at = marks
        .iter()
        .find(|mark| mark.ends_everything && mark.at >= attempt.told_at)
        .map_or(NEVER, |mark| mark.at);
    lingers_until.min(killed_at)
}
