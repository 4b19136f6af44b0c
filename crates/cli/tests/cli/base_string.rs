//! `valetkey oauth1 base-string`: for whoever wonders why a signature does not verify.

use crate::support::{done, refused, run, run_with};

/// RFC 5849 §3.1 and §3.4.1.1.
const HEADER: &str = "OAuth realm=\"Example\", oauth_consumer_key=\"9djdj82h48djs9d2\", oauth_token=\"kkk9d7dh3k39sjv7\", \
                      oauth_signature_method=\"HMAC-SHA1\", oauth_timestamp=\"137131201\", oauth_nonce=\"7d8f3e4a\", \
                      oauth_signature=\"bYT5CMsGcbgUdFHObYMEfcx6bsw%3D\"";
const URL: &str = "http://example.com/request?b5=%3D%253D&a3=a&c%40=&a2=r%20b";
const BODY: &str = "c2&a3=2+q";
const EXPECTED: &str = "POST&http%3A%2F%2Fexample.com%2Frequest&a2%3Dr%2520b%26a3%3D2%2520q%26a3%3Da%26b5%3D%253D%25253D%26c%2540%3D%26c2%3D%26oauth_consumer_key%3D9djdj82h48djs9d2%26oauth_nonce%3D7d8f3e4a%26oauth_signature_method%3DHMAC-SHA1%26oauth_timestamp%3D137131201%26oauth_token%3Dkkk9d7dh3k39sjv7\n";

fn base_string(arguments: &[&str]) -> std::process::Output {
    run(&[&["oauth1", "base-string"], arguments].concat())
}

/// Arguments, set apart by `|`, and what the refusal says. `URL` is an address that works.
const BAD: [(&str, &str); 17] = [
    ("--method|GET", "--url"),
    ("--method|GET|--url|/photos", "the whole address"),
    ("--method|GET|--url|ftp://a.example/", "neither https nor http"),
    ("--method|GET|--url|https://a.example/é", "percent-encoded"),
    ("--method|GET|--url|https://a@b.example/", "must not name a user"),
    ("--method|GET|--url|https://a.example:99999/", "its host or port"),
    ("--method|G T|--url|https://a.example/", "no HTTP method"),
    ("--method|GET|--url|https://a.example/?a=%zz", "broken"),
    (
        "--method|GET|--url|URL|--authorization|Bearer abc",
        "begins with \"Bearer\"",
    ),
    (
        "--method|GET|--url|URL|--authorization|xxxxxxxxxxxxxxxxxxxx",
        "begins with",
    ),
    (
        "--method|GET|--url|URL|--authorization|éééééééééééééééééééé",
        "begins with",
    ),
    (
        "--method|GET|--url|URL|--authorization|Authorization: OAuth a=\"b\"",
        "without its name",
    ),
    (
        "--method|GET|--url|URL|--authorization|OAuth oauth_nonce=abc",
        "in quotes",
    ),
    (
        "--method|GET|--url|URL&oauth_nonce=1|--authorization|OAuth oauth_nonce=\"1\"",
        "more than one place",
    ),
    (
        "--method|GET|--url|URL&oauth_nonce=1&oauth_nonce=2",
        "more than once",
    ),
    ("--method|POST|--url|URL|--body|{\"a\":1}", "no form"),
    ("--stdin|--method|GET", "cannot be used with"),
];

#[test]
fn what_has_no_base_string_is_refused_with_the_reason() {
    for (arguments, word) in BAD {
        let arguments = arguments.replace("URL", URL);
        let said = refused(base_string(&arguments.split('|').collect::<Vec<_>>()));
        assert!(said.contains(word), "{arguments:?}: {said}");
    }
}

#[test]
fn a_line_that_is_no_request_is_named() {
    let said = run_with(
        &["oauth1", "base-string", "--stdin"],
        "{\"method\":\"GET\",\"url\":\"http://a.example/\"}\n{\"method\":\"GET\",\"uri\":\"http://a.example/\"}\n",
    );
    assert!(!said.status.success());
    assert_eq!(
        String::from_utf8(said.stdout).unwrap(),
        "GET&http%3A%2F%2Fa.example%2F&\n"
    );
    let said = String::from_utf8(said.stderr).unwrap();
    assert!(said.contains("line 2: unknown field `uri`"), "{said}");
}

#[test]
fn the_example_of_the_rfc_comes_out_to_the_letter() {
    let arguments = [
        "--method",
        "post",
        "--url",
        URL,
        "--authorization",
        HEADER,
        "--body",
        BODY,
    ];
    assert_eq!(done(base_string(&arguments)), EXPECTED);
}

#[test]
fn many_requests_are_read_line_by_line() {
    let request = |url: &str| {
        serde_json::json!({ "method": "POST", "url": url, "authorization": HEADER, "body": BODY }).to_string()
    };
    let lines: String = (0..500).map(|_| format!("{}\n", request(URL))).collect();
    let said = done(run_with(&["oauth1", "base-string", "--stdin"], &lines));
    assert_eq!(said.lines().count(), 500);
    assert!(said.lines().all(|line| line == EXPECTED.trim_end()));
    let nothing = serde_json::json!({ "method": "GET", "url": "http://a.example", "authorization": null, "body": null });
    let said = done(run_with(
        &["oauth1", "base-string", "--stdin"],
        &nothing.to_string(),
    ));
    assert_eq!(
        said, "GET&http%3A%2F%2Fa.example%2F&\n",
        "the last line needs no end"
    );
}

#[test]
fn the_explanation_shows_each_parameter_and_where_it_was_found() {
    let said = done(base_string(&[
        "--method",
        "POST",
        "--url",
        URL,
        "--authorization",
        HEADER,
        "--body",
        BODY,
        "--explain",
    ]));
    let lines: Vec<Vec<&str>> = said
        .lines()
        .map(|line| line.split_whitespace().collect())
        .collect();
    let order = [
        ["a2=r%20b", "query"],
        ["a3=2%20q", "body"],
        ["a3=a", "query"],
        ["b5=%3D%253D", "query"],
        ["c%40=", "query"],
        ["c2=", "body"],
        ["oauth_consumer_key=9djdj82h48djs9d2", "header"],
    ];
    let first = lines.iter().position(|line| *line == order[0]).expect(&said);
    for (index, row) in order.iter().enumerate() {
        assert_eq!(lines[first + index], row, "{said}");
    }
    assert!(said.contains("http://example.com/request\n"), "{said}");
    assert!(
        said.contains("oauth_signature.") && said.contains("realm."),
        "what was left out is told: {said}"
    );
    assert!(said.ends_with(EXPECTED), "{said}");
    assert!(!said.contains("bYT5CMsGcbgUdFHObYMEfcx6bsw"), "{said}");
}

#[test]
fn what_makes_no_sense_is_noted_in_the_explanation() {
    for (url, header, word) in [
        ("HTTP://A.example:80", "OAuth", "differs from HTTP://A.example:80"),
        ("http://a.example/#top", "OAuth", "no oauth_ parameter"),
        ("http://a.example/#top", "OAuth", "fragment"),
        (
            "http://a.example/",
            "OAuth oauth_nonce=\"1\"",
            "oauth_consumer_key is missing",
        ),
        (
            "http://a.example/",
            "OAuth oauth_signature_method=\"PLAINTEXT\"",
            "PLAINTEXT signs nothing",
        ),
        (
            "http://a.example/?oauth_consumer_key=a",
            "OAuth",
            "outside the header",
        ),
    ] {
        let said = done(base_string(&[
            "--method",
            "GET",
            "--url",
            url,
            "--authorization",
            header,
            "--explain",
        ]));
        assert!(said.contains(word), "{url} {header}: {said}");
    }
}
