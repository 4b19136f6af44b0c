//! What strangers send is fuzzed: every parser names its target, and every target is built, run and written down.
//!
//! A parser is known by its name; one under another name has to be added by hand. Whether a target asserts enough, no test
//! can tell.

use super::{files_below, nothing_found, root, shown, text};

/// The crates whose public parsers are looked for.
const CRATES: [&str; 5] = ["jose", "protocol", "rules", "client", "resource-server"];
/// The first word of a parser's name.
const BEGINNINGS: [&str; 7] = ["parse", "read", "open", "decode", "verify", "from", "finish"];

/// A file, its parsers, and the target that fuzzes them. A target whose name begins with `whole_` sends requests, and the
/// parsers are on their way; every other names what it calls.
const FUZZED: [(&str, &str, &str); 70] = [
    ("jose/src/hs256.rs", "verify", "jwt"),
    ("jose/src/jwe/compact.rs", "parse open", "jwe"),
    ("jose/src/jwe/encrypting.rs", "from_jwk", "jwe"),
    ("jose/src/jwk.rs", "from_json", "jwk"),
    ("jose/src/jwt.rs", "parse verify", "jwt"),
    ("jose/src/key_set.rs", "from_jwks", "jwk"),
    ("jose/src/seal.rs", "open open_from_text", "seal"),
    ("jose/src/verifying.rs", "from_jwk", "jwk"),
    ("protocol/src/acr.rs", "parse", "whole_authorize"),
    ("protocol/src/authorize.rs", "from_params", "authorize"),
    ("protocol/src/authorize.rs", "parse", "whole_authorize"),
    ("protocol/src/bearer.rs", "read_header", "bearer"),
    ("protocol/src/claims_request.rs", "parse", "claims"),
    ("protocol/src/client_auth.rs", "read", "client_auth"),
    ("protocol/src/device.rs", "from_params", "whole_token"),
    ("protocol/src/device.rs", "read_user_code", "user_code"),
    ("protocol/src/logout.rs", "from_params", "whole_authorize"),
    ("protocol/src/metadata.rs", "well_known_by_insertion", "metadata"),
    ("protocol/src/oauth1/base_string.rs", "parse", "oauth1"),
    ("protocol/src/oauth1/credentials.rs", "from_form", "oauth1"),
    ("protocol/src/oauth1/encoding.rs", "decode", "oauth1"),
    ("protocol/src/oauth1/params.rs", "read", "oauth1"),
    ("protocol/src/oauth1/signature.rs", "parse", "whole_token"),
    ("protocol/src/params.rs", "parse parse_raw", "params"),
    ("protocol/src/pkce.rs", "parse", "pkce"),
    ("protocol/src/redirect_uri.rs", "parse", "redirect_uri"),
    ("protocol/src/register.rs", "parse from_members", "registration"),
    ("protocol/src/resource.rs", "parse", "resource"),
    ("protocol/src/revoke.rs", "from_params", "token_forms"),
    ("protocol/src/scope.rs", "parse", "scope"),
    ("protocol/src/token.rs", "from_params", "token"),
    ("protocol/src/webfinger.rs", "of is_of", "webfinger"),
    ("rules/src/access_token.rs", "read", "whole_token"),
    (
        "rules/src/account/link.rs",
        "open open_confirmation open_invitation",
        "link",
    ),
    ("rules/src/authorize/request_object.rs", "needs", "request_object"),
    ("rules/src/client_auth.rs", "authenticate", "assertion"),
    (
        "rules/src/handle.rs",
        "read_code read_refresh open_access read_device_code open_temporary read_oauth1_token",
        "handle",
    ),
    ("rules/src/introspect.rs", "read", "token_forms"),
    ("rules/src/logout.rs", "read_hint", "whole_authorize"),
    ("rules/src/oauth1/message.rs", "read", "whole_token"),
    ("rules/src/oauth1/migration.rs", "read", "whole_token"),
    ("rules/src/oauth1/mod.rs", "verify", "whole_token"),
    ("rules/src/oauth1/parameters.rs", "read", "whole_token"),
    ("rules/src/oauth1/resource.rs", "read", "whole_token"),
    ("rules/src/oauth1/token.rs", "read", "whole_token"),
    ("rules/src/passkey/response.rs", "from_json", "passkey"),
    (
        "rules/src/register/token.rs",
        "open_initial may_register manages",
        "registration_token",
    ),
    ("rules/src/revoke.rs", "read", "token_forms"),
    ("rules/src/token/authorization_code.rs", "read", "whole_token"),
    ("rules/src/token/device_code.rs", "read", "whole_token"),
    ("rules/src/token/exchange.rs", "read", "whole_token"),
    ("rules/src/token/password.rs", "read", "whole_token"),
    ("rules/src/token/refresh_token.rs", "read", "whole_token"),
    ("rules/src/totp.rs", "from_shown verify", "codes"),
    (
        "rules/src/upstream/told.rs",
        "told primary_email suggested_username",
        "told",
    ),
    (
        "client/src/after.rs",
        "userinfo userinfo_json get_json",
        "whole_provider",
    ),
    ("client/src/device.rs", "begin_device", "token_answer"),
    ("client/src/grants.rs", "finish", "callback"),
    (
        "client/src/grants.rs",
        "refresh client_credentials",
        "token_answer",
    ),
    (
        "client/src/logout.rs",
        "back_channel_logout verify_logout_token front_channel_sid",
        "logout_token",
    ),
    ("client/src/oauth1/flow.rs", "finish", "callback"),
    ("client/src/third_party.rs", "read", "third_party"),
    (
        "resource-server/src/config.rs",
        "introspect",
        "introspection_answer",
    ),
    ("server/src/address.rs", "of_client", "address"),
    ("server/src/cookies.rs", "read", "cookies"),
    (
        "server/src/endpoints/login_provider/callback.rs",
        "get post",
        "whole_provider",
    ),
    ("server/src/endpoints/signed_in.rs", "take_form", "whole_account"),
    ("server/src/interaction.rs", "open", "whole_account"),
    ("server/src/mail/address.rs", "parse", "mail_address"),
    ("cli/src/config/mod.rs", "load", "config"),
];

/// What is named like a parser, is not fuzzed by itself, and why.
const OTHERS: [(&str, &str, &str); 12] = [
    (
        "jose/src/b64.rs",
        "decode_url",
        "behind everything that is sealed or signed",
    ),
    ("jose/src/jwe/decrypting.rs", "from_pkcs8", "a key of ours"),
    ("jose/src/mac.rs", "verify", "compares"),
    (
        "jose/src/oauth1.rs",
        "from_pem from_der verify",
        "a key that the operator gives, and what it signed",
    ),
    ("jose/src/signing.rs", "from_pkcs8", "a key of ours"),
    (
        "jose/src/verifying.rs",
        "verify verify_es256_asn1",
        "the crypto library's; jwt and passkey go through it",
    ),
    (
        "protocol/src/rule/catalogue.rs",
        "from_id",
        "finds a rule by its name",
    ),
    ("rules/src/account/link.rs", "verify_email", "makes a link"),
    ("rules/src/sealed.rs", "open", "what our store holds"),
    ("rules/src/totp.rs", "open", "what our store holds"),
    ("rules/src/upstream.rs", "open_account", "decides; reads nothing"),
    (
        "client/src/oauth1/flow.rs",
        "finish_with_verifier",
        "what a person types, which is sent on; finish goes through it",
    ),
];

/// The functions of a file, public or not.
fn functions(source: &str) -> Vec<(&str, bool)> {
    source
        .lines()
        .filter_map(|line| {
            let (before, after) = line.trim_start().split_once("fn ")?;
            let words = ["pub ", "pub(crate) ", "pub(super) ", "async ", "const "];
            let is_head = words
                .iter()
                .fold(before.to_owned(), |rest, word| rest.replace(word, ""))
                .is_empty();
            let name = after.split(['(', '<']).next()?;
            is_head.then_some((name, before.starts_with("pub ")))
        })
        .collect()
}

fn is_named_like_a_parser(name: &str) -> bool {
    BEGINNINGS.contains(&name.split('_').next().unwrap_or_default())
}

/// The names of the targets.
fn targets() -> Vec<String> {
    let sources = files_below("fuzz/targets");
    let stems = sources.iter().filter_map(|path| path.file_stem());
    stems.map(|stem| stem.to_string_lossy().into_owned()).collect()
}

#[test]
fn every_parser_is_fuzzed_or_says_why_not() {
    let mut found = Vec::new();
    for path in CRATES
        .iter()
        .flat_map(|name| files_below(&format!("crates/{name}/src")))
    {
        let file = shown(&path);
        if file.ends_with("tests.rs") || file.contains("/tests/") {
            continue;
        }
        let source = text(&path);
        for (name, is_public) in functions(&source) {
            let is_listed = FUZZED.iter().chain(&OTHERS).any(|(of, names, _)| {
                file == format!("crates/{of}") && names.split(' ').any(|listed| listed == name)
            });
            if is_public && is_named_like_a_parser(name) && !is_listed {
                found.push(format!("{file}: {name}"));
            }
        }
    }
    found.dedup();
    nothing_found(
        "no target fuzzes these parsers (fuzz/README.md); add one, or a reason",
        &found,
    );
}

#[test]
fn every_parser_that_is_listed_is_there_and_its_target_names_it() {
    let mut found = Vec::new();
    for (file, names, target) in FUZZED {
        let fuzzing = format!("fuzz/targets/{target}.rs");
        if !root().join(&fuzzing).is_file() {
            found.push(format!("{fuzzing} is not there"));
            continue;
        }
        let fuzzing = text(&fuzzing);
        for name in names.split(' ') {
            let is_called = target.starts_with("whole_") || fuzzing.contains(name);
            if !is_called {
                found.push(format!("{target} does not name {name} of {file}"));
            }
        }
    }
    for (file, names, _) in FUZZED.iter().chain(&OTHERS) {
        let path = format!("crates/{file}");
        if !root().join(&path).is_file() {
            found.push(format!("{path} is not there"));
            continue;
        }
        let source = text(&path);
        let there = functions(&source);
        for name in names
            .split(' ')
            .filter(|name| there.iter().all(|(known, _)| known != name))
        {
            found.push(format!("{path} has no {name}"));
        }
    }
    nothing_found("the list of parsers is not as things are", &found);
}

#[test]
fn every_target_is_built_fuzzes_a_parser_and_stands_in_the_readme() {
    let (manifest, readme) = (text("fuzz/Cargo.toml"), text("fuzz/README.md"));
    let mut found = Vec::new();
    for target in targets() {
        let is_built = manifest.contains(&format!("path = \"targets/{target}.rs\""));
        let is_listed = FUZZED.iter().any(|(.., of)| *of == target);
        let is_told = readme.contains(&format!("`{target}`"));
        let has_seeds = root().join("fuzz/seeds").join(&target).is_dir();
        for (holds, what) in [
            (is_built, "is no [[bin]] of fuzz/Cargo.toml"),
            (is_listed, "fuzzes no parser that is listed"),
            (is_told, "is not in fuzz/README.md"),
            (has_seeds, "has no seeds"),
        ] {
            if !holds {
                found.push(format!("{target} {what}"));
            }
        }
    }
    nothing_found("targets that are not whole", &found);
}
