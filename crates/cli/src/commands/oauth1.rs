//! `valetkey oauth1 base-string`: the signature base string of a request (RFC 5849 §3.4.1), for whoever wonders why a
//! signature does not verify, and for tests that compare libraries. Knows no secret and computes no signature.

use crate::failure::{Failure, Outcome};
use crate::output;
use clap::{Args, Subcommand};
use serde::Deserialize;
use std::io::BufRead as _;
use valetkey_protocol::oauth1::{Collected, Invalid, Place, base_string, base_uri, encode};

/// What can be done.
#[derive(Debug, Subcommand)]
pub(super) enum OAuth1 {
    /// Print the signature base string of a request (RFC 5849 §3.4.1).
    ///
    /// Compare it with the one that the client's library made: the two are the same to the letter, or the signature does
    /// not verify.
    BaseString(BaseString),
}

#[derive(Debug, Args)]
pub(super) struct BaseString {
    /// The HTTP method.
    #[arg(long, required_unless_present = "stdin")]
    method: Option<String>,
    /// The whole address, with its query, as the client sends it.
    #[arg(long, required_unless_present = "stdin")]
    url: Option<String>,
    /// The value of the Authorization header: OAuth oauth_consumer_key="...", ...
    #[arg(long, value_name = "HEADER")]
    authorization: Option<String>,
    /// The body, if it is application/x-www-form-urlencoded; no other body is signed.
    #[arg(long, value_name = "FORM")]
    body: Option<String>,
    /// Show how it comes about: each parameter on a line of its own, and where it was found.
    #[arg(long)]
    explain: bool,
    /// Read requests from standard input, one JSON object a line, as {"method":"GET","url":"https://...","authorization":"...",
    /// "body":"..."}, and print one base string a line.
    #[arg(long, conflicts_with_all = ["method", "url", "authorization", "body", "explain"])]
    stdin: bool,
}

/// A request as it was given.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Request {
    method: String,
    url: String,
    #[serde(default)]
    authorization: Option<String>,
    #[serde(default)]
    body: Option<String>,
}

impl OAuth1 {
    pub(super) fn run(self) -> Outcome {
        match self {
            Self::BaseString(asked) => asked.run(),
        }
    }
}

impl BaseString {
    fn run(self) -> Outcome {
        if self.stdin {
            return every_line();
        }
        let (Some(method), Some(url)) = (self.method, self.url) else {
            return Err(Failure::refused(
                "say which request: --method and --url, or --stdin",
            ));
        };
        let request = Request {
            method,
            url,
            authorization: self.authorization,
            body: self.body,
        };
        let text = if self.explain {
            request.explained()
        } else {
            request.base_string().map(|text| format!("{text}\n"))
        };
        output::print(&text.map_err(Failure::Refused)?)
    }
}

fn every_line() -> Outcome {
    for (index, line) in std::io::stdin().lock().lines().enumerate() {
        let line = line.map_err(Failure::system("standard input"))?;
        let refused = |why: String| Failure::refused(format!("line {}: {why}", index + 1));
        let request: Request = serde_json::from_str(&line).map_err(|error| refused(error.to_string()))?;
        let text = request.base_string().map_err(refused)?;
        output::print(&format!("{text}\n"))?;
    }
    Ok(())
}

impl Request {
    fn base_string(&self) -> Result<String, String> {
        let collected = self.collected()?;
        base_string(&self.method, &self.url, &collected.signed).ok_or_else(|| self.no_base_string())
    }

    fn collected(&self) -> Result<Collected, String> {
        self.refuse_other_scheme()?;
        self.refuse_other_body()?;
        self.read(true, true, true)
    }

    /// The parameters of some of the places.
    fn read(&self, header: bool, query: bool, form: bool) -> Result<Collected, String> {
        let header = self
            .authorization
            .as_deref()
            .filter(|_| header)
            .map(str::as_bytes);
        let form = self.body.as_deref().filter(|_| form).map(str::as_bytes);
        Collected::read(header, self.query().filter(|_| query), form).map_err(|error| hint(&error))
    }

    fn query(&self) -> Option<&str> {
        let before_fragment = self.url.split('#').next()?;
        before_fragment.split_once('?').map(|(_, query)| query)
    }

    fn refuse_other_scheme(&self) -> Result<(), String> {
        let Some(header) = self.authorization.as_deref() else {
            return Ok(());
        };
        let scheme = header.split([' ', '\t']).next().unwrap_or_default();
        if scheme.eq_ignore_ascii_case("OAuth") {
            return Ok(());
        }
        if scheme.to_ascii_lowercase().starts_with("authorization:") {
            return Err(
                "give the value of the Authorization header alone, without its name: OAuth oauth_...".into(),
            );
        }
        Err(format!(
            "the Authorization header begins with {:?}; that of a signed request begins with OAuth (RFC 5849 §3.5.1)",
            output::clean(scheme.get(..16).unwrap_or(scheme))
        ))
    }

    fn refuse_other_body(&self) -> Result<(), String> {
        let body = self.body.as_deref().unwrap_or_default().trim_start();
        if body.starts_with(['{', '[', '<']) {
            return Err(
                "this body is no form. Only an application/x-www-form-urlencoded body is signed (RFC 5849 §3.4.1.3.1); \
                 leave any other away"
                    .into(),
            );
        }
        Ok(())
    }

    /// Which part of the request it cannot be made of.
    fn no_base_string(&self) -> String {
        let url = &self.url;
        if base_uri(url).is_some() {
            return format!("{:?} is no HTTP method", self.method);
        }
        let why = if !url.contains("://") {
            "it must be the whole address, with https:// or http://"
        } else if !url.bytes().all(|byte| byte.is_ascii_graphic()) {
            "blanks and letters outside ASCII must be percent-encoded, as the client sends them"
        } else if !["http", "https"].iter().any(|scheme| {
            url.split("://")
                .next()
                .is_some_and(|found| found.eq_ignore_ascii_case(scheme))
        }) {
            "its scheme is neither https nor http"
        } else if url.split(['?', '#']).next().unwrap_or_default().contains('@') {
            "it must not name a user"
        } else {
            "its host or port is none"
        };
        format!("--url {url:?}: {why} (RFC 5849 §3.4.1.2)")
    }
}

/// What the reader says, with the way out.
fn hint(error: &Invalid) -> String {
    let way_out = match error {
        Invalid::Unreadable(_) => {
            "; names and values are percent-encoded, and those of the header stand in quotes (RFC 5849 §3.5.1, §3.6)"
        }
        Invalid::InTwoPlaces => {
            "; the header, the form body or the query carries all of them (RFC 5849 §3.5)"
        }
        Invalid::Repeated(_) => "; a protocol parameter stands once (RFC 5849 §3.1)",
        Invalid::TooMany => "",
    };
    format!("{error}{way_out}")
}

impl Request {
    fn explained(&self) -> Result<String, String> {
        let text = self.base_string()?;
        let mut out = output::table(&[
            cells(["method", &self.method.to_ascii_uppercase(), ""]),
            cells(["base string URI", &base_uri(&self.url).unwrap_or_default(), ""]),
        ]);
        out.push_str(
            "\nWhat is signed, encoded and in order; each pair is encoded once more in the base string\n",
        );
        let rows = self.rows()?;
        if rows.is_empty() {
            out.push_str("  nothing\n");
        }
        out.extend(output::table(&rows).lines().map(|line| format!("  {line}\n")));
        for note in self.notes()? {
            out.push_str(&format!("\n{note}\n"));
        }
        out.push_str(&format!("\nSignature base string\n{text}\n"));
        Ok(out)
    }

    /// A line for each parameter: the pair, and the place.
    fn rows(&self) -> Result<Vec<Vec<String>>, String> {
        let places = [
            (self.read(true, false, false)?, "header"),
            (self.read(false, true, false)?, "query"),
            (self.read(false, false, true)?, "body"),
        ];
        let mut found: Vec<(String, String, &str)> = Vec::new();
        for (collected, place) in &places {
            let pairs = collected.signed.iter();
            found.extend(pairs.map(|(name, value)| (encode(name), encode(value), *place)));
        }
        found.sort();
        Ok(found
            .into_iter()
            .map(|(name, value, place)| cells([&format!("{name}={value}"), place, ""]))
            .collect())
    }

    fn notes(&self) -> Result<Vec<String>, String> {
        let collected = self.collected()?;
        let protocol = &collected.protocol;
        let mut notes = Vec::new();
        if protocol.signature.is_some() {
            notes.push("Left out, as it must be: oauth_signature.".to_owned());
        }
        if collected.realm.is_some() {
            notes.push("Left out, as it must be: the header's realm.".to_owned());
        }
        let given = self.url.split(['?', '#']).next().unwrap_or_default();
        if base_uri(given).is_some_and(|uri| uri != given) {
            notes.push(format!(
                "The base string URI differs from {given}: scheme and host stand in lower case, the scheme's own port is left \
                 out, and no path is / (RFC 5849 §3.4.1.2)."
            ));
        }
        if self.url.contains('#') {
            notes.push("Left out: the fragment; it never leaves the client.".to_owned());
        }
        if protocol.pairs().is_empty() {
            notes.push("There is no oauth_ parameter in it: such a request is not signed at all.".to_owned());
        } else if protocol.consumer_key.is_none() {
            notes.push("oauth_consumer_key is missing: nobody can tell whose request it is.".to_owned());
        }
        if protocol.signature_method.as_deref() == Some("PLAINTEXT") {
            notes.push(
                "PLAINTEXT signs nothing: its signature is the two secrets, and the base string is not used."
                    .to_owned(),
            );
        }
        if !protocol.pairs().is_empty() && collected.place != Place::Header {
            notes.push("The oauth_ parameters stand outside the header; the header is the preferred place (RFC 5849 §3.5).".to_owned());
        }
        Ok(notes)
    }
}

fn cells<const N: usize>(texts: [&str; N]) -> Vec<String> {
    texts.map(str::to_owned).to_vec()
}
