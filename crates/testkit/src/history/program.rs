//! What the programs that make and judge histories have in common: their words on standard output, and the status that they
//! end with: 0 when all holds, 1 when something must not have been, 2 when they did not get so far, 3 when the history proves
//! nothing: whoever was never acknowledged anything cannot have lost it.

use super::check::{Limits, Report, check};
use super::reading;
use std::io::Write as _;
use std::path::Path;
use std::process::ExitCode;

/// Says a line.
pub fn say(text: &str) {
    // Whoever closed the pipe does not want to be told.
    let _ = writeln!(std::io::stdout(), "{text}");
}

/// Says why there is no verdict.
#[must_use]
pub fn gives_up(why: &str) -> ExitCode {
    say(why);
    ExitCode::from(2)
}

/// What a history must hold, so that it says something when nobody is accused.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Proof {
    /// At least so much was acknowledged.
    Acknowledged {
        /// Grants.
        grants: u64,
        /// Refreshes.
        refreshes: u64,
        /// Refreshes after the last thing that was done to the servers.
        afterwards: u64,
    },
    /// What was acknowledged was lost on purpose, and the check has to find it.
    Losses,
}

/// What a history says.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Verdict {
    Holds,
    Violated,
    ProvesNothing(String),
}

/// Reads the files of one history, checks it and says the report. `linger_micros` is for how long after its connection broke a
/// request may still be worked on.
#[must_use]
pub fn judges(files: &[&Path], linger_micros: i64, proof: Proof) -> ExitCode {
    let mut texts = Vec::new();
    for file in files {
        match std::fs::read_to_string(file) {
            Ok(text) => texts.push((called(file, files.len()), text)),
            Err(error) => return gives_up(&format!("{}: {error}", file.display())),
        }
    }
    let history = match reading::read(&texts, linger_micros) {
        Ok(history) => history,
        Err(problem) => {
            return gives_up(&format!("{}:{}: {}", problem.file, problem.line, problem.why));
        }
    };
    let report = check(&history, &Limits::default());
    say(report.to_string().trim_end());
    match verdict(&report, proof) {
        Verdict::Holds => ExitCode::SUCCESS,
        Verdict::Violated => ExitCode::FAILURE,
        Verdict::ProvesNothing(why) => {
            say(&format!("PROVES NOTHING: {why}"));
            ExitCode::from(3)
        }
    }
}

fn verdict(report: &Report, proof: Proof) -> Verdict {
    match proof {
        Proof::Losses if report.violations.iter().any(|found| found.kind.is_loss()) => Verdict::Violated,
        Proof::Losses => Verdict::ProvesNothing(String::from(
            "grants were to be lost, and no grant was found lost and none accepted after its end",
        )),
        Proof::Acknowledged { .. } if !report.violations.is_empty() => Verdict::Violated,
        Proof::Acknowledged {
            grants,
            refreshes,
            afterwards,
        } => enough(report, [grants, refreshes, afterwards]),
    }
}

fn enough(report: &Report, least: [u64; 3]) -> Verdict {
    let seen = [report.grants, report.refreshes, report.refreshes_afterwards];
    let told = ["grants", "refreshes", "refreshes after the last fault"];
    let mut lacks = told
        .iter()
        .zip(seen.iter().zip(least))
        .filter(|(_, (seen, least))| *seen < least)
        .map(|(what, (seen, least))| format!("{seen} {what} were acknowledged, and it takes {least}"));
    lacks.next().map_or(Verdict::Holds, Verdict::ProvesNothing)
}

/// How the report calls a file: a single one needs no folder.
fn called(file: &Path, of: usize) -> String {
    let name = file.file_name().filter(|_| of == 1);
    name.map_or_else(
        || file.display().to_string(),
        |name| name.to_string_lossy().into_owned(),
    )
}

#[cfg(test)]
mod tests {
    use super::super::check::{Kind, Violation};
    use super::*;

    const PROOF: Proof = Proof::Acknowledged {
        grants: 20,
        refreshes: 30,
        afterwards: 8,
    };

    fn report(grants: u64, refreshes: u64, refreshes_afterwards: u64, kinds: &[Kind]) -> Report {
        let violation = |kind: &Kind| Violation {
            kind: *kind,
            grant: String::new(),
            what: String::new(),
            attempts: Vec::new(),
        };
        Report {
            violations: kinds.iter().map(violation).collect(),
            grants,
            refreshes,
            refreshes_afterwards,
            ..Report::default()
        }
    }

    fn proves_nothing(report: &Report, proof: Proof) -> bool {
        matches!(verdict(report, proof), Verdict::ProvesNothing(_))
    }

    #[test]
    fn a_history_in_which_too_little_was_acknowledged_proves_nothing() {
        for (grants, refreshes, afterwards) in [(0, 0, 0), (19, 30, 8), (20, 29, 8), (20, 30, 7)] {
            assert!(proves_nothing(&report(grants, refreshes, afterwards, &[]), PROOF));
        }
        assert_eq!(verdict(&report(20, 30, 8, &[]), PROOF), Verdict::Holds);
    }

    #[test]
    fn an_accusation_counts_however_little_was_acknowledged() {
        let report = report(0, 0, 0, &[Kind::UncleanAnswer]);
        assert_eq!(verdict(&report, PROOF), Verdict::Violated);
    }

    #[test]
    fn losses_on_purpose_are_found_out_by_losses_and_by_no_other_accusation() {
        for other in [
            &[][..],
            &[Kind::UncleanAnswer, Kind::NoAnswer, Kind::UnexplainedRefusal],
        ] {
            assert!(proves_nothing(&report(500, 500, 50, other), Proof::Losses));
        }
        for loss in [Kind::GrantLost, Kind::AcceptedAfterRevocation] {
            let report = report(500, 500, 50, &[Kind::UncleanAnswer, loss]);
            assert_eq!(verdict(&report, Proof::Losses), Verdict::Violated);
        }
    }
}
