//! A browser for what is done once: it signs people in and allows what an app asks for, on the pages of either server.

use crate::wire::{self, Owned, Request};
use std::collections::BTreeMap;
use std::io::Error;
use std::net::SocketAddr;

/// More redirects than any flow has.
const HOPS: usize = 16;

/// Somebody at a browser.
pub struct Browser {
    address: SocketAddr,
    origin: String,
    cookies: BTreeMap<String, String>,
}

/// Who signs in.
#[derive(Debug, Clone)]
pub struct Person {
    pub username: String,
    pub password: String,
}

impl Browser {
    pub fn new(address: SocketAddr) -> Self {
        Self {
            address,
            origin: format!("http://{address}"),
            cookies: BTreeMap::new(),
        }
    }

    /// The `Cookie` header that it sends.
    pub fn cookie_header(&self) -> String {
        let pairs: Vec<String> = self
            .cookies
            .iter()
            .map(|(name, value)| format!("{name}={value}"))
            .collect();
        pairs.join("; ")
    }

    fn send(&mut self, method: &str, target: &str, form: Option<&str>) -> Result<Owned, Error> {
        let cookie = self.cookie_header();
        let mut headers = vec![
            ("sec-fetch-site", "same-origin"),
            ("origin", self.origin.as_str()),
        ];
        if !cookie.is_empty() {
            headers.push(("cookie", &cookie));
        }
        let request = Request {
            method,
            target,
            headers: &headers,
            form,
        };
        let answer = wire::ask(self.address, &request.bytes(&self.address.to_string()))?;
        for line in answer.view().headers("set-cookie") {
            let (pair, attributes) = line.split_once(';').unwrap_or((line, ""));
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            let is_over = value.is_empty() || attributes.to_ascii_lowercase().contains("max-age=0");
            if is_over {
                self.cookies.remove(name);
            } else {
                self.cookies.insert(name.to_owned(), value.to_owned());
            }
        }
        Ok(answer)
    }

    pub fn get(&mut self, target: &str) -> Result<Owned, Error> {
        self.send("GET", target, None)
    }

    pub fn post(&mut self, target: &str, pairs: &[(&str, &str)]) -> Result<Owned, Error> {
        self.send("POST", target, Some(&wire::form(pairs)))
    }

    /// Opens an address and goes through the pages, until the way leads to the app: the address there.
    pub fn walk(&mut self, target: &str, person: &Person) -> Result<String, Error> {
        let mut here = self.get(target)?;
        for _ in 0..HOPS {
            if let Some(location) = here.view().header("location") {
                let location = location.to_owned();
                let Some(target) = location
                    .strip_prefix(&self.origin)
                    .or(location.strip_prefix('/').map(|_| location.as_str()))
                else {
                    return Ok(location);
                };
                here = self.get(target)?;
                continue;
            }
            let page = here.text();
            let flow = hidden(&page, "flow").unwrap_or_default();
            here = if page.contains("id=\"login\"") {
                let (name, password) = (person.username.as_str(), person.password.as_str());
                self.post(
                    "/login",
                    &[("flow", &flow), ("username", name), ("password", password)],
                )?
            } else if page.contains("id=\"allow\"") {
                self.post("/consent", &[("flow", &flow), ("answer", "allow")])?
            } else {
                return Err(Error::other(format!(
                    "the pages end with {}: {page}",
                    here.status
                )));
            };
        }
        Err(Error::other("the pages come back for ever"))
    }
}

/// The value of a hidden field.
pub fn hidden(page: &str, name: &str) -> Option<String> {
    let (_, rest) = page.split_once(&format!("name=\"{name}\" value=\""))?;
    Some(rest.split('"').next()?.to_owned())
}

/// A parameter of an address's query.
pub fn parameter(address: &str, name: &str) -> Option<String> {
    let query = address.split_once('?')?.1.split('#').next()?;
    form_urlencoded::parse(query.as_bytes())
        .find(|(key, _)| key == name)
        .map(|(_, value)| value.into_owned())
}
