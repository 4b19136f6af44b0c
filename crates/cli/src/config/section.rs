//! The shape of the table of keys: what a section is called, what a key means, and what holds when it is absent.
//!
//! Reading, the did-you-mean, the reference page and the example file all come from this one table, so that none of
//! them can say something else than the others.

/// One section of the file.
#[derive(Debug)]
pub(crate) struct Section {
    /// Its name in brackets.
    pub(crate) name: &'static str,
    /// Whether it may stand more than once (`[[name]]`).
    pub(crate) repeated: bool,
    /// What it is for.
    pub(crate) about: &'static str,
    /// Its keys, in the order in which people need them.
    pub(crate) keys: &'static [Key],
}

/// One key of a section.
#[derive(Debug)]
pub(crate) struct Key {
    /// Its name; a unit stands last.
    pub(crate) name: &'static str,
    /// What kind of value it takes, or its unit.
    pub(crate) kind: &'static str,
    /// What holds when it is absent.
    pub(crate) preset: Preset,
    /// What it means.
    pub(crate) meaning: &'static str,
}

/// What holds when a key is absent.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Preset {
    /// It must be there; an example, as TOML.
    Required(&'static str),
    /// This value, as TOML.
    Is(&'static str),
    /// Nothing; an example, as TOML.
    Unset(&'static str),
}

impl Section {
    /// The heading as it stands in the file.
    pub(crate) fn heading(&self) -> String {
        if self.repeated {
            format!("[[{}]]", self.name)
        } else {
            format!("[{}]", self.name)
        }
    }
}
