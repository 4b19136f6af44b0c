//! Alice with a plain browser: cookies, redirects and forms. She knows the public contract of the pages: /login has
//! the fields username and password, /consent the button allow.

use crate::http_client;
use std::collections::BTreeMap;
use url::{Url, form_urlencoded};

/// Somebody at a browser.
pub struct Person {
    issuer: String,
    cookies: BTreeMap<String, String>,
}

impl Person {
    /// Alice, not signed in.
    pub fn alice(issuer: &str) -> Self {
        Self {
            issuer: issuer.to_owned(),
            cookies: BTreeMap::new(),
        }
    }

    /// Signs in and consents where asked; gives the address that the client gets.
    pub fn authorize(mut self, url: Url) -> Result<Url, Box<dyn std::error::Error>> {
        let mut here = url;
        let mut form = None;
        for _ in 0..12 {
            let answer = self.request(&here, form.take())?;
            if let Some(location) = answer.headers().get("location") {
                here = here.join(location.to_str()?)?;
                if !here.as_str().starts_with(&format!("{}/", self.issuer)) {
                    return Ok(here);
                }
                continue;
            }
            let page = String::from_utf8(answer.body().clone())?;
            let fields: &[(&str, &str)] = if page.contains("id=\"login\"") {
                &[("username", "alice"), ("password", "wonderland")]
            } else if page.contains("id=\"allow\"") {
                &[("answer", "allow")]
            } else {
                return Err(format!("{here} answered {}:\n{page}", answer.status()).into());
            };
            let (action, mut all) = form_of(&page).ok_or("no form")?;
            all.extend(
                fields
                    .iter()
                    .map(|(name, value)| ((*name).to_owned(), (*value).to_owned())),
            );
            here = here.join(&action)?;
            form = Some(all);
        }
        Err("the server redirects for ever".into())
    }

    fn request(
        &mut self,
        url: &Url,
        form: Option<Vec<(String, String)>>,
    ) -> Result<openidconnect::HttpResponse, Box<dyn std::error::Error>> {
        let cookies: Vec<String> = self
            .cookies
            .iter()
            .map(|(name, value)| format!("{name}={value}"))
            .collect();
        let mut request = http::Request::builder()
            .uri(url.as_str())
            .header("origin", &self.issuer);
        if !cookies.is_empty() {
            request = request.header("cookie", cookies.join("; "));
        }
        let request = match form {
            None => request.body(Vec::new())?,
            Some(pairs) => request
                .method("POST")
                .header("content-type", "application/x-www-form-urlencoded")
                .body(
                    form_urlencoded::Serializer::new(String::new())
                        .extend_pairs(pairs)
                        .finish()
                        .into_bytes(),
                )?,
        };
        let answer = http_client::send(request)?;
        for line in answer.headers().get_all("set-cookie") {
            if let Some((name, value)) = line
                .to_str()?
                .split(';')
                .next()
                .and_then(|pair| pair.split_once('='))
            {
                self.cookies.insert(name.to_owned(), value.to_owned());
            }
        }
        Ok(answer)
    }
}

/// Where the page's form posts to, and its hidden fields. Their values need no unescaping: base64url and paths.
fn form_of(page: &str) -> Option<(String, Vec<(String, String)>)> {
    let form = page.split("<form").nth(1)?;
    let action = attribute(form, "action")?;
    let hidden = form
        .split("<input")
        .skip(1)
        .filter(|tag| attribute(tag, "type").as_deref() == Some("hidden"));
    let fields = hidden
        .filter_map(|tag| Some((attribute(tag, "name")?, attribute(tag, "value")?)))
        .collect();
    Some((action, fields))
}

fn attribute(tag: &str, name: &str) -> Option<String> {
    let tag = tag.split('>').next()?;
    Some(
        tag.split(&format!("{name}=\""))
            .nth(1)?
            .split('"')
            .next()?
            .to_owned(),
    )
}
