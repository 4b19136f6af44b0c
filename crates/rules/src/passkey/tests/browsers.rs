//! What a real browser said: Chromium 156 with its virtual authenticator, once adding a passkey and twice signing in. For
//! ES256 the page's script wrote the JSON (as for browsers without `toJSON()`), for the others the browser did.

use super::*;

const RECORDED: [(&str, &str); 3] = [
    ("Ed25519", include_str!("chromium/ed25519.json")),
    ("ES256", include_str!("chromium/es256.json")),
    ("RS256", include_str!("chromium/rs256.json")),
];
/// The account's id, as the page had it.
const ALICE: u128 = 0x0190_a11c_e000_7000_8000_0000_0000_0001;

#[test]
fn what_chromium_says_of_a_passkey_is_read_and_verified() {
    let rp = RelyingParty::of_issuer("http://localhost:8089").unwrap();
    let off = &mut Trail::off();
    for (alg, recorded) in RECORDED {
        let answers: Vec<Value> = serde_json::from_str(recorded).unwrap();
        let [created, first, second] = [0, 1, 2].map(|at| answers[at].to_string());
        let created = RegistrationResponse::from_json(&created, off).unwrap();
        let added = register(&created, CHALLENGE, &rp, off).unwrap();
        let user = UserId(uuid::Uuid::from_u128(ALICE));
        let mut kept = added.into_passkey(user, "Chromium".into(), crate::samples::NOW);
        assert_eq!(
            (kept.sign_count, kept.backed_up, kept.transports.len()),
            (1, false, 1),
            "{alg}"
        );
        for (answer, count) in [(&first, 2), (&second, 3)] {
            let answer = AuthenticationResponse::from_json(answer, off).unwrap();
            let done = authenticate(&answer, &Credential::from(&kept), CHALLENGE, &rp, off).unwrap();
            assert_eq!((done.sign_count, done.user_verified), (count, true), "{alg}");
            kept.sign_count = done.sign_count;
        }
        let replayed = AuthenticationResponse::from_json(&first, off).unwrap();
        let refusal = authenticate(&replayed, &Credential::from(&kept), CHALLENGE, &rp, off).unwrap_err();
        assert_eq!(refusal.rule, Rule::PasskeyCloned, "{alg}");
    }
}
