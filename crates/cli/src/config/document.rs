//! The file as text with lines: which keys stand where, which of them nobody knows, and every problem found in it.

use super::section::Section;
use super::suggest::nearest;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use toml::Spanned;
use toml::de::{DeTable, DeValue};

/// Everything that is wrong with a file, so that it takes one round to set it right.
#[derive(Debug)]
pub(crate) struct Problems {
    file: PathBuf,
    list: Vec<Problem>,
}

#[derive(Debug)]
struct Problem {
    line: Option<usize>,
    text: String,
}

impl std::fmt::Display for Problems {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        for (index, problem) in self.list.iter().enumerate() {
            if index > 0 {
                f.write_str("\n")?;
            }
            write!(f, "{}", self.file.display())?;
            if let Some(line) = problem.line {
                write!(f, ":{line}")?;
            }
            write!(f, ": {}", problem.text)?;
        }
        Ok(())
    }
}

impl std::error::Error for Problems {}

/// Where a key stands: section, how many sections of that name came before, key.
type Spot = (String, usize, String);

/// A section of the table that stands in the file.
struct Found<'a> {
    text: &'a str,
    section: &'a Section,
    line: usize,
}

/// The checks of one file: knows the lines, gathers the problems.
#[derive(Debug)]
pub(crate) struct Checks {
    folder: PathBuf,
    lines: BTreeMap<Spot, usize>,
    problems: Problems,
}

impl Checks {
    /// Reads the file's structure; a key that is not in the table is a problem already.
    pub(crate) fn begin(file: &Path, text: &str, sections: &[&Section]) -> Self {
        let mut checks = Self {
            folder: file.parent().unwrap_or(Path::new("")).to_owned(),
            lines: BTreeMap::new(),
            problems: Problems {
                file: file.to_owned(),
                list: Vec::new(),
            },
        };
        match DeTable::parse(text) {
            Ok(table) => checks.walk(text, table.get_ref(), sections),
            Err(error) => checks.malformed(&error.to_string()),
        }
        checks
    }

    /// TOML itself, or the type of a value, is wrong; the reader's own words show the place.
    pub(crate) fn malformed(&mut self, words: &str) {
        self.problems.list.push(Problem {
            line: None,
            text: without_passwords(words.trim_end()),
        });
    }

    /// One more problem, with a key of the first section of that name.
    pub(crate) fn refuse(&mut self, section: &str, key: &str, why: impl std::fmt::Display) {
        self.refuse_in(section, 0, key, why);
    }

    /// One more problem, with a key of a section that is repeated.
    pub(crate) fn refuse_in(&mut self, section: &str, index: usize, key: &str, why: impl std::fmt::Display) {
        let line = [key, ""]
            .iter()
            .find_map(|key| self.lines.get(&(section.to_owned(), index, (*key).to_owned())));
        let problem = Problem {
            line: line.copied(),
            text: format!("[{section}] {key}: {why}"),
        };
        self.problems.list.push(problem);
    }

    /// A number within limits; outside is a problem, and the nearest limit goes on.
    pub(crate) fn within(
        &mut self,
        section: &str,
        key: &str,
        value: i64,
        limits: std::ops::RangeInclusive<i64>,
    ) -> i64 {
        if !limits.contains(&value) {
            let (from, to) = (limits.start(), limits.end());
            self.refuse(section, key, format!("{value} is outside {from} to {to}"));
        }
        value.clamp(*limits.start(), *limits.end())
    }

    /// A path, counted from the file's folder.
    pub(crate) fn path(&self, written: &str) -> PathBuf {
        self.folder.join(written)
    }

    /// The problems found so far, when there are any.
    pub(crate) fn done(&mut self) -> Result<(), Problems> {
        if self.problems.list.is_empty() {
            return Ok(());
        }
        let list = std::mem::take(&mut self.problems.list);
        Err(Problems {
            file: self.problems.file.clone(),
            list,
        })
    }

    /// The problems, whatever they are.
    pub(crate) fn into_problems(self) -> Problems {
        self.problems
    }

    fn walk(&mut self, text: &str, root: &DeTable<'_>, sections: &[&Section]) {
        for (name, value) in root {
            let line = line_of(text, name.span().start);
            let Some(section) = sections
                .iter()
                .find(|section| section.name == name.get_ref().as_ref())
            else {
                let known = sections.iter().map(|section| section.name);
                let meant = nearest(name.get_ref(), known.clone()).map_or_else(
                    || format!("the sections are {}", known.collect::<Vec<_>>().join(", ")),
                    |meant| format!("did you mean [{meant}]?"),
                );
                let what = if value.get_ref().is_table() || value.get_ref().is_array() {
                    "section"
                } else {
                    "key"
                };
                let text = format!("no {what} is called {:?}: {meant}", name.get_ref());
                self.problems.list.push(Problem {
                    line: Some(line),
                    text,
                });
                continue;
            };
            let found = Found { text, section, line };
            self.walk_section(&found, sections, value);
        }
    }

    fn walk_section(&mut self, found: &Found<'_>, sections: &[&Section], value: &Spanned<DeValue<'_>>) {
        let Found { text, section, line } = *found;
        let tables: Vec<&DeTable<'_>> = match (section.repeated, value.get_ref()) {
            (false, DeValue::Table(table)) => vec![table],
            (true, DeValue::Array(array)) => array
                .iter()
                .filter_map(|item| item.get_ref().as_table())
                .collect(),
            _ => {
                let text = format!("write it as a section: {}", section.heading());
                self.problems.list.push(Problem {
                    line: Some(line),
                    text,
                });
                return;
            }
        };
        for (index, table) in tables.into_iter().enumerate() {
            self.lines
                .insert((section.name.to_owned(), index, String::new()), line);
            for key in table.keys() {
                let line = line_of(text, key.span().start);
                self.lines
                    .insert((section.name.to_owned(), index, key.get_ref().to_string()), line);
                if let Some(text) = unknown_key(section, sections, key.get_ref()) {
                    self.problems.list.push(Problem {
                        line: Some(line),
                        text,
                    });
                }
            }
        }
    }
}

/// What to say of a key that the section does not know.
fn unknown_key(section: &Section, sections: &[&Section], key: &str) -> Option<String> {
    let known = section.keys.iter().map(|key| key.name);
    if known.clone().any(|name| name == key) {
        return None;
    }
    let home = sections
        .iter()
        .find(|other| other.keys.iter().any(|other| other.name == key));
    let way_out = match (home, nearest(key, known.clone())) {
        (Some(home), _) => format!("it belongs to {}", home.heading()),
        (None, Some(meant)) => format!("did you mean {meant:?}?"),
        (None, None) => format!("its keys are {}", known.collect::<Vec<_>>().join(", ")),
    };
    Some(format!("{} has no key {key:?}: {way_out}", section.heading()))
}

/// The words without what stands in URLs before the host: the reader quotes lines, and one may hold a password.
fn without_passwords(words: &str) -> String {
    let mut out = String::new();
    for line in words.split_inclusive('\n') {
        match (line.find("://"), line.rfind('@')) {
            (Some(scheme), Some(host)) if scheme < host => {
                out.push_str(line.get(..scheme).unwrap_or_default());
                out.push_str("://..");
                out.push_str(line.get(host..).unwrap_or_default());
            }
            _ => out.push_str(line),
        }
    }
    out
}

/// The line, counted from one, in which a byte stands.
fn line_of(text: &str, at: usize) -> usize {
    let before = text.get(..at).unwrap_or(text);
    before.bytes().filter(|byte| *byte == b'\n').count() + 1
}
