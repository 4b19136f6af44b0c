//! Requests put together at random, from a fixed seed: whatever comes, the server answers and does not fail.

use http::Request;
use valetkey_server::random::Random as _;
use valetkey_testkit::{SeededRandom, TestServer, cast};

const REQUESTS: usize = 4000;

const PATHS: [&str; 28] = [
    "/device",
    "/device_authorization",
    "/oauth1/initiate",
    "/oauth1/authorize",
    "/oauth1/token",
    "/oauth1/verify",
    "/",
    "/authorize",
    "/login",
    "/consent",
    "/logout",
    "/account",
    "/account/apps/revoke",
    "/token",
    "/revoke",
    "/introspect",
    "/userinfo",
    "/jwks",
    "/.well-known/oauth-authorization-server",
    "/.well-known/openid-configuration",
    "/inspector",
    "/inspector/flows/1",
    "/inspector/flows/-1",
    "/rules",
    "/rules/VK-CODE-REPLAYED",
    "/assets/valetkey.css",
    "/assets/../Cargo.toml",
    "/healthz",
];

const NAMES: [&str; 45] = [
    "password",
    "user_code",
    "device_code",
    "client_assertion",
    "client_assertion_type",
    "subject_token",
    "subject_token_type",
    "actor_token",
    "actor_token_type",
    "requested_token_type",
    "audience",
    "oauth_consumer_key",
    "oauth_token",
    "oauth_signature_method",
    "oauth_signature",
    "oauth_timestamp",
    "oauth_nonce",
    "oauth_callback",
    "oauth_verifier",
    "base_string",
    "signature",
    "client_id",
    "client_secret",
    "redirect_uri",
    "response_type",
    "scope",
    "state",
    "nonce",
    "prompt",
    "max_age",
    "resource",
    "code_challenge",
    "code_challenge_method",
    "grant_type",
    "code",
    "code_verifier",
    "refresh_token",
    "token",
    "flow",
    "username",
    "csrf",
    "answer",
    "part",
    "request",
    "id_token_hint",
];

const VALUES: [&str; 40] = [
    "token",
    "password",
    "urn:ietf:params:oauth:grant-type:device_code",
    "urn:ietf:params:oauth:grant-type:token-exchange",
    "urn:ietf:params:oauth:token-type:access_token",
    "urn:valetkey:params:oauth:token-type:oauth1_token",
    "urn:ietf:params:oauth:client-assertion-type:jwt-bearer",
    "printer",
    "tv",
    "PLAINTEXT",
    "HMAC-SHA1",
    "1800000000",
    "BCDF-GHJK",
    "POST&https%3A%2F%2Fphotos.example%2F&a%3Db",
    "",
    "mysweetapp",
    "mysweetapp-secret",
    "https://app.example/callback",
    "code",
    "openid photos.read",
    "authorization_code",
    "refresh_token",
    "client_credentials",
    "S256",
    "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM",
    "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk",
    "none",
    "login consent",
    "-9223372036854775808",
    "99999999999999999999",
    "https://photos.example",
    "vkc_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA",
    "vkr_AAAA",
    "vka_AAAA",
    "eyJhbGciOiJub25lIn0.e30.",
    "\u{0}\r\n\u{202e}",
    "%00%ff%",
    "'\"<>&\\",
    "\u{1f511}\u{1f511}",
    "allow",
];

struct Dice(SeededRandom);

impl Dice {
    fn below(&self, end: usize) -> usize {
        let mut bytes = [0; 8];
        self.0.fill(&mut bytes);
        usize::try_from(u64::from_be_bytes(bytes) % u64::try_from(end).unwrap()).unwrap()
    }

    fn one<'a>(&self, of: &[&'a str]) -> &'a str {
        of[self.below(of.len())]
    }

    fn pairs(&self) -> String {
        let mut pairs = url::form_urlencoded::Serializer::new(String::new());
        for _ in 0..self.below(9) {
            pairs.append_pair(self.one(&NAMES), self.one(&VALUES));
        }
        let mut text = pairs.finish();
        if self.below(4) == 0 {
            // Bytes that no encoder writes.
            let junk = ["%zz", "%c3%28", "&&=&", ";", "+%2B%", "=%00"];
            text.push_str(self.one(&junk));
        }
        text
    }

    fn request(&self) -> Request<Vec<u8>> {
        let method = self.one(&[
            "GET", "GET", "POST", "POST", "POST", "PUT", "OPTIONS", "DELETE", "HEAD",
        ]);
        let url = format!(
            "{}{}?{}",
            cast::ISSUER,
            self.one(&PATHS),
            self.pairs().replace(' ', "+")
        );
        let mut request = Request::builder().method(method).uri(url);
        if method == "POST" && self.below(8) > 0 {
            request = request.header("content-type", "application/x-www-form-urlencoded");
        }
        for (name, values) in [
            (
                "authorization",
                &[
                    "Basic bXlzd2VldGFwcDpteXN3ZWV0YXBwLXNlY3JldA==",
                    "Basic x",
                    "Bearer x",
                    "Bearer vka_AAAA",
                    "x",
                ][..],
            ),
            (
                "cookie",
                &[
                    "__Host-vk_session=x.y",
                    "__Host-vk_browser=x",
                    "=;;=",
                    "__Host-vk_browser=AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA",
                ],
            ),
            ("origin", &["https://id.example", "null", "x"]),
            ("sec-fetch-site", &["same-origin", "cross-site", "x"]),
            ("x-forwarded-for", &["1.2.3.4", "x, ,", "::1"]),
            ("accept-encoding", &["gzip", "x"]),
        ] {
            if self.below(3) == 0 {
                request = request.header(name, self.one(values));
            }
        }
        let body = if method == "POST" {
            self.pairs().into_bytes()
        } else {
            Vec::new()
        };
        request.body(body).expect("it is a request")
    }
}

#[tokio::test]
async fn no_request_makes_the_server_fail() {
    let server = TestServer::start().await;
    let dice = Dice(SeededRandom::new(0x6a5b));
    for _ in 0..REQUESTS {
        let request = dice.request();
        let told = format!(
            "{} {} {:?}",
            request.method(),
            request.uri(),
            String::from_utf8_lossy(request.body())
        );
        let answer = server.site.send(request).await;
        assert!(answer.status.as_u16() < 500, "{} for {told}", answer.status);
        if let Some(location) = answer.location() {
            let own = location.starts_with('/') || location.starts_with("https://app.example/callback?");
            assert!(own, "{location} for {told}");
        }
    }
}
