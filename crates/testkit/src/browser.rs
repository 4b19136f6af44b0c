//! A person at a browser: cookies, redirects within the server, forms.

use crate::answer::Answer;
use crate::app::{Asked, Code};
use crate::cast::Person;
use crate::site::{Site, form_request};
use std::collections::BTreeMap;
use std::io::Error;
use std::sync::{Mutex, MutexGuard, PoisonError};

/// More redirects than any flow has.
const HOPS: usize = 12;

/// A browser with cookies of its own.
#[derive(Debug)]
pub struct Browser {
    /// Whose it is.
    pub person: Person,
    site: Site,
    cookies: Mutex<BTreeMap<String, String>>,
}

impl Browser {
    pub(crate) const fn new(site: Site, person: Person) -> Self {
        Self {
            person,
            site,
            cookies: Mutex::new(BTreeMap::new()),
        }
    }

    /// A browser at a server that listens.
    #[must_use]
    pub const fn at(site: Site, person: Person) -> Self {
        Self::new(site, person)
    }

    fn jar(&self) -> MutexGuard<'_, BTreeMap<String, String>> {
        self.cookies.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The value of a cookie whose name ends so; empty when there is none.
    #[must_use]
    pub fn cookie(&self, name: &str) -> String {
        let jar = self.jar();
        jar.iter()
            .find(|(key, _)| key.ends_with(name))
            .map(|(_, value)| value.clone())
            .unwrap_or_default()
    }

    /// Sets a cookie under the full name of one that ends so, as an attacker might.
    pub fn plant_cookie(&self, name: &str, value: &str) {
        self.jar().insert(name.to_owned(), value.to_owned());
    }

    /// Forgets every cookie.
    pub fn forget_cookies(&self) {
        self.jar().clear();
    }

    /// `GET`, without following redirects.
    pub async fn get(&self, path: &str, query: &[(&str, &str)]) -> Answer {
        self.try_get(path, query).await.expect("the server answers")
    }

    async fn try_get(&self, path: &str, query: &[(&str, &str)]) -> Result<Answer, Error> {
        let request = http::Request::get(self.site.url(path, query)).body(Vec::new());
        self.with_cookies(request.expect("it is a request")).await
    }

    /// `POST` of a form from a page of the server itself.
    pub async fn post(&self, path: &str, pairs: &[(&str, &str)]) -> Answer {
        self.try_post(path, pairs).await.expect("the server answers")
    }

    async fn try_post(&self, path: &str, pairs: &[(&str, &str)]) -> Result<Answer, Error> {
        let origin = self.site.origin();
        let headers = [("origin", origin.as_str()), ("sec-fetch-site", "same-origin")];
        self.with_cookies(form_request(&self.site.url(path, &[]), pairs, &headers))
            .await
    }

    /// `POST` of a form with headers of the test's choice; cookies go along even where a browser would keep them.
    pub async fn post_with(&self, path: &str, pairs: &[(&str, &str)], headers: &[(&str, &str)]) -> Answer {
        let request = form_request(&self.site.url(path, &[]), pairs, headers);
        self.with_cookies(request).await.expect("the server answers")
    }

    async fn with_cookies(&self, mut request: http::Request<Vec<u8>>) -> Result<Answer, Error> {
        let cookies: Vec<String> = self
            .jar()
            .iter()
            .map(|(name, value)| format!("{name}={value}"))
            .collect();
        if !cookies.is_empty() {
            let value = cookies.join("; ").parse().expect("cookies are a header");
            request.headers_mut().insert("cookie", value);
        }
        let answer = self.site.try_send(request).await?;
        for line in answer.headers.get_all("set-cookie") {
            let line = line.to_str().expect("a cookie is ASCII");
            let (pair, attributes) = line.split_once(';').unwrap_or((line, ""));
            let (name, value) = pair.split_once('=').expect("a cookie has a name");
            if attributes.contains("Max-Age=0") {
                self.jar().remove(name);
            } else {
                self.jar().insert(name.to_owned(), value.to_owned());
            }
        }
        Ok(answer)
    }

    /// Submits the form of a page.
    pub async fn submits(&self, page: &Answer, fields: &[(&str, &str)]) -> Answer {
        self.try_submit(page, fields).await.expect("the server answers")
    }

    /// Submits the form of a page that holds this text.
    pub async fn submits_the(&self, held: &str, page: &Answer, fields: &[(&str, &str)]) -> Answer {
        let form = page.form_with(held);
        let hidden = form.hidden.iter().map(|(n, v)| (n.as_str(), v.as_str()));
        let pairs: Vec<(&str, &str)> = hidden.chain(fields.iter().copied()).collect();
        self.post(&self.site.resolved(&form.action), &pairs).await
    }

    async fn try_submit(&self, page: &Answer, fields: &[(&str, &str)]) -> Result<Answer, Error> {
        let form = page.form();
        let mut pairs: Vec<(&str, &str)> = form
            .hidden
            .iter()
            .map(|(n, v)| (n.as_str(), v.as_str()))
            .collect();
        pairs.extend_from_slice(fields);
        self.try_post(&self.site.resolved(&form.action), &pairs).await
    }

    /// Follows redirects as long as they stay on the server.
    pub async fn follows(&self, answer: Answer) -> Answer {
        self.try_follow(answer).await.expect("the server answers")
    }

    async fn try_follow(&self, mut answer: Answer) -> Result<Answer, Error> {
        for _ in 0..HOPS {
            let Some(location) = answer.location() else {
                return Ok(answer);
            };
            let target = self.site.resolved(&location);
            if !target.starts_with(&format!("{}/", self.site.issuer)) {
                return Ok(answer);
            }
            answer = self.try_get(&target, &[]).await?;
        }
        panic!("the server redirects for ever")
    }

    /// Opens an authorization request: ends at the login page, the consent page, an error page, or a redirect to the app.
    pub async fn opens(&self, asked: &Asked) -> Answer {
        let answer = self.get("/authorize", &asked.pairs()).await;
        self.follows(answer).await
    }

    /// Fills in the login page.
    pub async fn signs_in(&self, login: &Answer) -> Answer {
        let answer = self.submits(login, &self.credentials()).await;
        self.follows(answer).await
    }

    fn credentials(&self) -> [(&'static str, &'static str); 2] {
        [
            ("username", self.person.username),
            ("password", self.person.password),
        ]
    }

    /// Goes through an authorization request, pressing the button on the consent page; ends at a redirect to the app or
    /// at an error page.
    pub async fn answers(&self, asked: &Asked, button: &str) -> Answer {
        self.try_answer(asked, button).await.expect("the server answers")
    }

    /// The same, where the server may go away in between.
    ///
    /// # Errors
    /// When the connection breaks.
    pub async fn try_answer(&self, asked: &Asked, button: &str) -> Result<Answer, Error> {
        let first = self.try_get("/authorize", &asked.pairs()).await?;
        self.try_go_on(first, button).await
    }

    /// Goes on from any page or redirect of a flow: signs in where that is asked, and presses the button on the consent
    /// page; ends where neither is.
    pub async fn goes_on(&self, here: Answer, button: &str) -> Answer {
        self.try_go_on(here, button).await.expect("the server answers")
    }

    async fn try_go_on(&self, from: Answer, button: &str) -> Result<Answer, Error> {
        let mut here = self.try_follow(from).await?;
        for _ in 0..HOPS {
            let text = here.text();
            let next = if text.contains("id=\"login\"") {
                self.try_submit(&here, &self.credentials()).await?
            } else if text.contains("id=\"allow\"") {
                self.try_submit(&here, &[("answer", button)]).await?
            } else {
                return Ok(here);
            };
            here = self.try_follow(next).await?;
        }
        panic!("the pages come back for ever")
    }

    /// Signs in and allows what the app asks for.
    ///
    /// # Panics
    /// When no code comes of it.
    pub async fn allows(&self, asked: &Asked) -> Code {
        asked.code_from(&self.answers(asked, "allow").await)
    }

    /// Types a code at `/device`: ends at the login page, the consent page, or the form once more.
    pub async fn types_the_code(&self, user_code: &str) -> Answer {
        let page = self.get("/device", &[]).await;
        let answer = self.submits(&page, &[("user_code", user_code)]).await;
        self.follows(answer).await
    }

    /// Types a code, signs in, and presses the button on the consent page.
    pub async fn answers_the_device(&self, user_code: &str, button: &str) -> Answer {
        self.goes_on(self.types_the_code(user_code).await, button).await
    }

    /// Comes with temporary credentials of OAuth 1.0a: ends at the login page, the consent page, or an error page.
    pub async fn opens_oauth1(&self, token: &str) -> Answer {
        let answer = self.get("/oauth1/authorize", &[("oauth_token", token)]).await;
        self.follows(answer).await
    }

    /// The same, signs in, and presses the button on the consent page.
    pub async fn answers_oauth1(&self, token: &str, button: &str) -> Answer {
        self.goes_on(self.opens_oauth1(token).await, button).await
    }

    /// Signs in for the account page.
    pub async fn signs_in_for_the_account(&self) -> Answer {
        let page = self.get("/account", &[]).await;
        let login = self.follows(page).await;
        self.signs_in(&login).await
    }
}
