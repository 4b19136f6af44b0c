//! The table, for people and for programs.

use crate::generator::Measured;
use crate::lines::Against;
use serde::Serialize;
use std::fmt::Write as _;

/// What a line must reach, and what it reached.
#[derive(Debug, Clone, Serialize)]
pub struct Target {
    /// In words.
    pub wanted: String,
    pub got: f64,
    pub reached: bool,
}

impl Target {
    pub fn at_least(wanted: f64, got: f64, of: &str) -> Self {
        Self {
            wanted: format!(">= {wanted} {of}").trim_end().to_owned(),
            got,
            reached: got >= wanted,
        }
    }

    pub fn at_most(wanted: f64, got: f64, of: &str) -> Self {
        Self {
            wanted: format!("<= {wanted} {of}").trim_end().to_owned(),
            got,
            reached: got <= wanted,
        }
    }
}

/// A line with a rate.
#[derive(Debug, Clone, Default, Serialize)]
pub struct Row {
    pub id: String,
    pub title: String,
    /// Medians over the rounds.
    pub per_second: f64,
    pub p50_micros: f64,
    pub p99_micros: f64,
    /// Processor time of the server for one.
    pub cpu_micros: f64,
    /// How much of its core the server used, and the generator of its own.
    pub server_busy: f64,
    pub generator_busy: f64,
    pub to_bare: Option<f64>,
    pub to_signed: Option<f64>,
    pub to_peer: Option<f64>,
    /// Processor time of what the target is taken from (else of the bare POST) for one, as a multiple of this line's.
    pub by_cpu: Option<f64>,
    pub peer_per_second: Option<f64>,
    pub target: Option<Target>,
    pub done: u64,
    pub wrong: u64,
}

/// A line with another measure.
#[derive(Debug, Clone, Serialize)]
pub struct Fact {
    pub id: String,
    pub title: String,
    pub told: String,
    pub target: Option<Target>,
}

/// Everything.
#[derive(Debug, Default, Serialize)]
pub struct Table {
    /// On what, and how.
    pub about: Vec<String>,
    pub rows: Vec<Row>,
    pub facts: Vec<Fact>,
    /// What makes the numbers worthless.
    pub broken: Vec<String>,
}

/// Of each round: what was measured, and the processor time of the server in it.
#[derive(Default)]
pub struct Rounds(pub Vec<Measured>);

impl Rounds {
    pub fn rate(&self) -> f64 {
        median(self.0.iter().map(Measured::rate))
    }

    pub fn percentile(&self, part: f64) -> f64 {
        median(self.0.iter().map(|round| round.latency.percentile(part)))
    }

    pub fn cpu_micros(&self) -> f64 {
        median(
            self.0
                .iter()
                .map(|round| round.server_cpu / round.done.max(1) as f64 * 1e6),
        )
    }

    /// Round by round, and the median of that: what disturbed a round disturbed both.
    pub fn ratio_to(&self, other: &Self) -> f64 {
        median(
            self.0
                .iter()
                .zip(&other.0)
                .map(|(mine, theirs)| mine.rate() / theirs.rate().max(1e-9)),
        )
    }

    /// The same by processor time: what one of the others takes, as a multiple of what one of these takes.
    pub fn cpu_ratio_to(&self, other: &Self) -> f64 {
        let of = |round: &Measured| round.server_cpu / round.done.max(1) as f64;
        let rounds = self.0.iter().zip(&other.0);
        median(rounds.map(|(mine, theirs)| of(theirs) / of(mine).max(1e-9)))
    }

    pub fn row(&self, id: &str, title: &str) -> Row {
        let seconds =
            |of: fn(&Measured) -> f64| median(self.0.iter().map(|round| of(round) / round.seconds.max(1e-9)));
        Row {
            id: id.to_owned(),
            title: title.to_owned(),
            per_second: self.rate(),
            p50_micros: self.percentile(0.5),
            p99_micros: self.percentile(0.99),
            cpu_micros: self.cpu_micros(),
            server_busy: seconds(|round| round.server_cpu),
            generator_busy: seconds(|round| round.busy_seconds),
            done: self.0.iter().map(|round| round.done).sum(),
            wrong: self.0.iter().map(|round| round.wrong).sum(),
            ..Row::default()
        }
    }

    /// Too much went wrong for the numbers to mean anything.
    pub fn broken(&self) -> Option<String> {
        let (done, wrong) = self.0.iter().fold((0, 0), |(done, wrong), round| {
            (done + round.done, wrong + round.wrong)
        });
        if done > 0 && wrong * 1000 <= done {
            return None;
        }
        let first = self
            .0
            .iter()
            .find_map(|round| round.first_wrong.as_deref())
            .unwrap_or("nothing was answered");
        Some(format!(
            "{wrong} of {} answers were wrong, the first: {first}",
            done + wrong
        ))
    }
}

pub fn median(values: impl Iterator<Item = f64>) -> f64 {
    let mut all: Vec<f64> = values.collect();
    all.sort_by(f64::total_cmp);
    match all.len() {
        0 => 0.0,
        count if count % 2 == 1 => all[count / 2],
        count => (all[count / 2 - 1] + all[count / 2]) / 2.0,
    }
}

impl Against {
    pub const fn name(self) -> &'static str {
        match self {
            Self::Bare => "bare POST",
            Self::Signed => "POST + ES256",
            Self::Peer => "peer",
        }
    }
}

const COLUMNS: usize = 12;
const HEAD: [&str; COLUMNS] = [
    "line", "", "a second", "p50 ms", "p99 ms", "cpu us", "core", "x bare", "x signed", "x peer", "by cpu",
    "target",
];

impl Table {
    /// Whether everything was answered right, and nothing else: for a run that is too short to judge.
    pub fn smoke(&self) -> String {
        let mut out = String::new();
        for row in &self.rows {
            let _ = writeln!(
                out,
                "{:<3} {}: {} right, {} wrong",
                row.id,
                row.title.trim(),
                row.done,
                row.wrong
            );
        }
        for fact in &self.facts {
            let _ = writeln!(out, "{:<3} {}: measured", fact.id, fact.title.trim());
        }
        for why in &self.broken {
            let _ = writeln!(out, "WRONG: {why}");
        }
        out
    }

    /// For people.
    pub fn text(&self) -> String {
        let mut out = String::new();
        for line in &self.about {
            let _ = writeln!(out, "{line}");
        }
        out.push('\n');
        let rows = std::iter::once(HEAD.map(String::from)).chain(self.rows.iter().map(Row::cells));
        write_table(&mut out, &rows.collect::<Vec<_>>(), &[0, 1, COLUMNS - 1]);
        if !self.facts.is_empty() {
            out.push('\n');
            let facts: Vec<[String; 4]> = self.facts.iter().map(Fact::cells).collect();
            write_table(&mut out, &facts, &[0, 1, 2, 3]);
        }
        for why in &self.broken {
            let _ = writeln!(out, "\nWORTHLESS: {why}");
        }
        out
    }
}

/// Columns as wide as what stands in them; numbers to the right.
fn write_table<const N: usize>(out: &mut String, rows: &[[String; N]], to_the_left: &[usize]) {
    let width = |column: usize| {
        rows.iter()
            .map(|row| row[column].chars().count())
            .max()
            .unwrap_or_default()
    };
    let widths: Vec<usize> = (0..N).map(width).collect();
    for row in rows {
        let cell = |(column, text): (usize, &String)| {
            let width = widths[column];
            if to_the_left.contains(&column) {
                format!("{text:<width$}")
            } else {
                format!("{text:>width$}")
            }
        };
        let cells: Vec<String> = row.iter().enumerate().map(cell).collect();
        let _ = writeln!(out, "{}", cells.join("  ").trim_end());
    }
}

impl Fact {
    fn cells(&self) -> [String; 4] {
        let target = self.target.as_ref().map(told).unwrap_or_default();
        [self.id.clone(), self.title.clone(), self.told.clone(), target]
    }
}

impl Row {
    fn cells(&self) -> [String; COLUMNS] {
        let ratio = |ratio: Option<f64>| ratio.map_or_else(String::new, |ratio| format!("{ratio:.2}"));
        [
            self.id.clone(),
            self.title.clone(),
            format!("{:.0}", self.per_second),
            format!("{:.2}", self.p50_micros / 1000.0),
            format!("{:.2}", self.p99_micros / 1000.0),
            format!("{:.1}", self.cpu_micros),
            format!("{:.0} %", self.server_busy * 100.0),
            ratio(self.to_bare),
            ratio(self.to_signed),
            ratio(self.to_peer),
            ratio(self.by_cpu),
            self.target.as_ref().map(told).unwrap_or_default(),
        ]
    }
}

fn told(target: &Target) -> String {
    let verdict = if target.reached { "reached" } else { "MISSED" };
    format!("{}: {:.2} {verdict}", target.wanted, target.got)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn round(done: u64, wrong: u64) -> Measured {
        Measured {
            done,
            wrong,
            seconds: 1.0,
            first_wrong: (wrong > 0).then(|| String::from("500")),
            ..Measured::default()
        }
    }

    #[test]
    fn errors_do_not_count_as_requests() {
        assert!(Rounds(vec![round(0, 0)]).broken().is_some(), "nothing was done");
        assert!(
            Rounds(vec![round(998, 1), round(1, 1)]).broken().is_some(),
            "more than one in a thousand"
        );
        assert!(Rounds(vec![round(2000, 1), round(1000, 2)]).broken().is_none());
    }

    #[test]
    fn a_ratio_is_taken_round_by_round() {
        let (mine, theirs) = (
            Rounds(vec![round(50, 0), round(10, 0), round(60, 0)]),
            [100, 20, 60],
        );
        let theirs = Rounds(theirs.into_iter().map(|done| round(done, 0)).collect());
        assert!((mine.ratio_to(&theirs) - 0.5).abs() < 1e-9);
    }

    #[test]
    fn a_target_is_reached_or_missed() {
        assert!(Target::at_least(0.8, 0.8, "").reached && !Target::at_least(0.8, 0.79, "").reached);
        assert!(Target::at_most(2.0, 2.0, "").reached && !Target::at_most(2.0, 2.1, "").reached);
    }
}
