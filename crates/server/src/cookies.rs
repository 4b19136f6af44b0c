//! The cookies: the session and the browser binding (RFC 6265). `HttpOnly`, `SameSite=Lax`, and with
//! https `Secure` and a name prefix that keeps other hosts from setting them.
//!
//! A third one is there for scripts alone, and no credential: the browser state of OpenID Connect Session Management §3.2,
//! which our page in a frame of another site reads.

use http::{HeaderMap, HeaderValue, header};

/// The names and attributes that an issuer's cookies have.
#[derive(Debug, Clone)]
pub(crate) struct Cookies {
    /// The session's name.
    pub(crate) session: String,
    /// The browser binding's name.
    pub(crate) browser: String,
    /// The name of the sign-in that goes on once an address is proved.
    pub(crate) sign_up: String,
    /// The browser state's name.
    pub(crate) state: String,
    attributes: String,
    state_attributes: String,
}

impl Cookies {
    /// For an issuer with that scheme and path.
    pub(crate) fn new(is_https: bool, issuer_path: &str) -> Self {
        let prefix = match (is_https, issuer_path.is_empty()) {
            (false, _) => "",
            // `__Host-` demands the path `/`.
            (true, true) => "__Host-",
            (true, false) => "__Secure-",
        };
        let path = if issuer_path.is_empty() { "/" } else { issuer_path };
        let secure = if is_https { "; Secure" } else { "" };
        // Browsers take `None` only with `Secure`; over http only pages of the same site see the state.
        let same_site = if is_https { "None" } else { "Lax" };
        Self {
            session: format!("{prefix}vk_session"),
            browser: format!("{prefix}vk_browser"),
            sign_up: format!("{prefix}vk_sign_up"),
            state: format!("{prefix}vk_state"),
            state_attributes: format!("; Path={path}; SameSite={same_site}{secure}"),
            attributes: format!("; Path={path}; HttpOnly; SameSite=Lax{secure}"),
        }
    }

    /// A `Set-Cookie` value that lives as long as the browser runs.
    pub(crate) fn set(&self, name: &str, value: &str) -> Option<HeaderValue> {
        HeaderValue::from_str(&format!("{name}={value}{}", self.attributes)).ok()
    }

    /// A `Set-Cookie` value that lives for `seconds`.
    pub(crate) fn set_for(&self, name: &str, value: &str, seconds: i64) -> Option<HeaderValue> {
        HeaderValue::from_str(&format!("{name}={value}{}; Max-Age={seconds}", self.attributes)).ok()
    }

    /// A `Set-Cookie` value that removes the cookie.
    pub(crate) fn remove(&self, name: &str) -> Option<HeaderValue> {
        HeaderValue::from_str(&format!("{name}={}; Max-Age=0", self.attributes)).ok()
    }

    /// A `Set-Cookie` value of the browser state that lives for `seconds`; with none it removes it.
    pub(crate) fn state_for(&self, value: &str, seconds: i64) -> Option<HeaderValue> {
        let (name, attributes) = (&self.state, &self.state_attributes);
        HeaderValue::from_str(&format!("{name}={value}{attributes}; Max-Age={seconds}")).ok()
    }
}

/// The value of a cookie. When it stands twice, none counts: one of them was planted.
pub(crate) fn read<'h>(headers: &'h HeaderMap, name: &str) -> Option<&'h str> {
    let mut found = headers
        .get_all(header::COOKIE)
        .iter()
        .filter_map(|line| line.to_str().ok())
        .flat_map(|line| line.split(';'))
        .filter_map(|pair| pair.trim().split_once('='))
        .filter(|(n, _)| *n == name)
        .map(|(_, value)| value);
    let first = found.next();
    if found.next().is_some() { None } else { first }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cookie_that_stands_twice_does_not_count() {
        let mut headers = HeaderMap::new();
        headers.insert(header::COOKIE, HeaderValue::from_static("a=1; vk_session=x; b=2"));
        assert_eq!(read(&headers, "vk_session"), Some("x"));
        assert_eq!(read(&headers, "session"), None);
        headers.append(header::COOKIE, HeaderValue::from_static("vk_session=planted"));
        assert_eq!(read(&headers, "vk_session"), None);
    }

    #[test]
    fn cookies_of_an_https_issuer_cannot_be_set_by_another_host() {
        let cookies = Cookies::new(true, "");
        assert_eq!(cookies.session, "__Host-vk_session");
        assert_eq!(
            cookies.set(&cookies.session, "x").unwrap(),
            "__Host-vk_session=x; Path=/; HttpOnly; SameSite=Lax; Secure"
        );
        let below_a_path = Cookies::new(true, "/auth");
        assert_eq!(
            below_a_path.set(&below_a_path.browser, "x").unwrap(),
            "__Secure-vk_browser=x; Path=/auth; HttpOnly; SameSite=Lax; Secure"
        );
    }

    #[test]
    fn the_browser_state_is_for_scripts_and_with_https_for_frames_of_other_sites_too() {
        assert_eq!(
            Cookies::new(true, "").state_for("x", 60).unwrap(),
            "__Host-vk_state=x; Path=/; SameSite=None; Secure; Max-Age=60"
        );
        assert_eq!(
            Cookies::new(false, "").state_for("", 0).unwrap(),
            "vk_state=; Path=/; SameSite=Lax; Max-Age=0"
        );
    }
}
