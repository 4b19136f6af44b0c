//! What people say of themselves (OpenID Connect Core §5.1): every standard claim that nobody else has to vouch for. The
//! e-mail address is not among them: it is changed by a letter.

use valetkey_protocol::claims::{Address, StandardClaims};
use valetkey_protocol::rule::{Refusal, Rule, Trail};
use valetkey_protocol::time::Timestamp;

/// The longest text of one line.
const MOST_CHARACTERS: usize = 200;
/// The longest address of a page or a picture.
const MOST_URL_BYTES: usize = 500;

/// One field of the form.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Field {
    /// Its name: that of the claim, or of the member of `address`.
    pub name: &'static str,
    kind: Kind,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Line,
    Lines,
    Url,
    Day,
    Zone,
    Locale,
    Phone,
}

/// Every field, in the order in which people are asked.
pub const FIELDS: [Field; 19] = [
    field("name", Kind::Line),
    field("given_name", Kind::Line),
    field("middle_name", Kind::Line),
    field("family_name", Kind::Line),
    field("nickname", Kind::Line),
    field("preferred_username", Kind::Line),
    field("gender", Kind::Line),
    field("birthdate", Kind::Day),
    field("picture", Kind::Url),
    field("profile", Kind::Url),
    field("website", Kind::Url),
    field("locale", Kind::Locale),
    field("zoneinfo", Kind::Zone),
    field("phone_number", Kind::Phone),
    field("street_address", Kind::Lines),
    field("postal_code", Kind::Line),
    field("locality", Kind::Line),
    field("region", Kind::Line),
    field("country", Kind::Line),
];

const fn field(name: &'static str, kind: Kind) -> Field {
    Field { name, kind }
}

/// A field that was not filled in as its claim is written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// Its name.
    pub field: &'static str,
    /// What would do, for the person who fills it in.
    pub says: &'static str,
}

/// What the claims say in the field of that name; empty when nothing.
#[must_use]
pub fn value<'a>(claims: &'a StandardClaims, name: &str) -> &'a str {
    let address = claims.address.as_ref();
    let slot = match name {
        "street_address" => address.and_then(|address| address.street_address.as_ref()),
        "postal_code" => address.and_then(|address| address.postal_code.as_ref()),
        "locality" => address.and_then(|address| address.locality.as_ref()),
        "region" => address.and_then(|address| address.region.as_ref()),
        "country" => address.and_then(|address| address.country.as_ref()),
        _ => line(claims, name),
    };
    slot.map_or("", String::as_str)
}

/// The claims with what the person filled in: `typed` gives the text of a field. Nothing is changed when anything is wrong;
/// then every problem is told.
pub fn changed(
    claims: &StandardClaims,
    typed: impl Fn(&str) -> Option<String>,
    now: Timestamp,
    trail: &mut Trail,
) -> Result<StandardClaims, (Refusal, Vec<Problem>)> {
    let mut out = claims.clone();
    let mut problems = Vec::new();
    for field in FIELDS {
        let text = typed(field.name).unwrap_or_default().replace("\r\n", "\n");
        let text = text.trim();
        match problem(field.kind, text) {
            Some(says) => problems.push(Problem {
                field: field.name,
                says,
            }),
            None => set(&mut out, field.name, text),
        }
    }
    if let Some(first) = problems.first() {
        let refusal = Refusal::new(Rule::AccountProfileMalformed, first.says, first.field);
        return Err((trail.refuse(refusal), problems));
    }
    trail.passed(Rule::AccountProfileMalformed);
    settle(claims, &mut out);
    if out != *claims {
        out.updated_at = Some(now.0);
    }
    Ok(out)
}

/// What hangs together: a new number is not proved, and an address that was written out elsewhere fits no more.
fn settle(before: &StandardClaims, out: &mut StandardClaims) {
    if out.phone_number != before.phone_number {
        out.phone_number_verified = out.phone_number.as_ref().map(|_| false);
    }
    if out.address != before.address
        && let Some(address) = &mut out.address
    {
        address.formatted = None;
    }
    if out.address == Some(Address::default()) {
        out.address = None;
    }
}

fn line<'a>(claims: &'a StandardClaims, name: &str) -> Option<&'a String> {
    match name {
        "name" => claims.name.as_ref(),
        "given_name" => claims.given_name.as_ref(),
        "middle_name" => claims.middle_name.as_ref(),
        "family_name" => claims.family_name.as_ref(),
        "nickname" => claims.nickname.as_ref(),
        "preferred_username" => claims.preferred_username.as_ref(),
        "gender" => claims.gender.as_ref(),
        "birthdate" => claims.birthdate.as_ref(),
        "picture" => claims.picture.as_ref(),
        "profile" => claims.profile.as_ref(),
        "website" => claims.website.as_ref(),
        "locale" => claims.locale.as_ref(),
        "zoneinfo" => claims.zoneinfo.as_ref(),
        "phone_number" => claims.phone_number.as_ref(),
        _ => None,
    }
}

fn set(claims: &mut StandardClaims, name: &str, text: &str) {
    let said = (!text.is_empty()).then(|| text.to_owned());
    let slot = match name {
        "name" => &mut claims.name,
        "given_name" => &mut claims.given_name,
        "middle_name" => &mut claims.middle_name,
        "family_name" => &mut claims.family_name,
        "nickname" => &mut claims.nickname,
        "preferred_username" => &mut claims.preferred_username,
        "gender" => &mut claims.gender,
        "birthdate" => &mut claims.birthdate,
        "picture" => &mut claims.picture,
        "profile" => &mut claims.profile,
        "website" => &mut claims.website,
        "locale" => &mut claims.locale,
        "zoneinfo" => &mut claims.zoneinfo,
        "phone_number" => &mut claims.phone_number,
        _ => return set_in_address(claims.address.get_or_insert_default(), name, said),
    };
    *slot = said;
}

fn set_in_address(address: &mut Address, name: &str, said: Option<String>) {
    let slot = match name {
        "street_address" => &mut address.street_address,
        "postal_code" => &mut address.postal_code,
        "locality" => &mut address.locality,
        "region" => &mut address.region,
        "country" => &mut address.country,
        _ => return,
    };
    *slot = said;
}

fn problem(kind: Kind, text: &str) -> Option<&'static str> {
    if text.is_empty() {
        return None;
    }
    if text
        .chars()
        .any(|c| c.is_control() && !(kind == Kind::Lines && c == '\n'))
    {
        return Some("Write it without control characters.");
    }
    let (fits, says) = match kind {
        Kind::Line | Kind::Lines => (
            text.chars().count() <= MOST_CHARACTERS,
            "Write at most 200 characters.",
        ),
        Kind::Url => (is_url(text), "Write a web address, as https://example.com/me."),
        Kind::Day => (is_day(text), "Write the day as 1990-12-31, or the year alone."),
        Kind::Zone => (is_zone(text), "Write the time zone as Europe/Paris."),
        Kind::Locale => (is_locale(text), "Write the language as en or pt-BR."),
        Kind::Phone => (
            is_phone(text),
            "Write the number with its country, as +44 1865 000000.",
        ),
    };
    (!fits).then_some(says)
}

fn is_url(text: &str) -> bool {
    text.len() <= MOST_URL_BYTES
        && url::Url::parse(text).is_ok_and(|url| {
            matches!(url.scheme(), "http" | "https") && url.username().is_empty() && url.password().is_none()
        })
}

/// `YYYY`, `YYYY-MM-DD`, and `0000-MM-DD` of somebody who keeps the year (OpenID Connect Core §5.1).
fn is_day(text: &str) -> bool {
    let number = |part: &str, digits: usize| {
        let is_number = part.len() == digits && part.bytes().all(|b| b.is_ascii_digit());
        is_number.then(|| part.parse::<u32>().ok()).flatten()
    };
    let mut parts = text.split('-');
    let year = parts.next().and_then(|part| number(part, 4));
    let (month, day, rest) = (parts.next(), parts.next(), parts.next());
    match (year, month, day, rest) {
        (Some(year), None, None, None) => year > 0,
        (Some(year), Some(month), Some(day), None) => {
            let (Some(month), Some(day)) = (number(month, 2), number(day, 2)) else {
                return false;
            };
            (1..=days_of(year, month)).contains(&day)
        }
        _ => false,
    }
}

/// A year that is kept may have been one with a 29 February.
const fn days_of(year: u32, month: u32) -> u32 {
    match month {
        4 | 6 | 9 | 11 => 30,
        2 if year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400)) => 29,
        2 => 28,
        1..=12 => 31,
        _ => 0,
    }
}

/// The form of a name in the time zone database; whether there is one of that name is not known here.
fn is_zone(text: &str) -> bool {
    let is_part = |part: &str| {
        part.starts_with(|c: char| c.is_ascii_alphabetic())
            && part
                .bytes()
                .all(|b| b.is_ascii_alphanumeric() || b"_+-".contains(&b))
    };
    text.len() <= 64 && text.split('/').count() <= 3 && text.split('/').all(is_part)
}

/// The form of a language tag (BCP 47).
fn is_locale(text: &str) -> bool {
    // Some write an underscore (OpenID Connect Core §5.1).
    let mut parts = text.split(['-', '_']);
    let is_language = parts
        .next()
        .is_some_and(|part| (2..=8).contains(&part.len()) && part.bytes().all(|b| b.is_ascii_alphabetic()));
    let is_part =
        |part: &str| (1..=8).contains(&part.len()) && part.bytes().all(|b| b.is_ascii_alphanumeric());
    text.len() <= 35 && is_language && parts.all(is_part)
}

fn is_phone(text: &str) -> bool {
    let digits = text.bytes().filter(u8::is_ascii_digit).count();
    let is_sign = |b: u8| b.is_ascii_digit() || b" ()-.;=ext".contains(&b);
    (4..=20).contains(&digits)
        && text.len() <= 40
        && text
            .strip_prefix('+')
            .is_some_and(|rest| rest.bytes().all(is_sign))
}
