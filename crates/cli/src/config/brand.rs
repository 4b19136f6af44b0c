//! `[brand]`: name, accent colour and logo of the pages that people meet; and pages of the operator's own.

use super::document::Checks;
use super::section::{Key, Preset, Section};
use serde::Deserialize;
use std::path::Path;
use url::Url;
use valetkey_server::pages::brand::{Brand, Logo, accent_is_readable};
use valetkey_server::settings::Links;

const LOGO_BYTES: usize = 64 * 1024;

/// The keys of `[brand]`.
pub(super) const SECTION: Section = Section {
    name: "brand",
    repeated: false,
    about: "How the pages look that people meet.",
    keys: &[
        Key {
            name: "name",
            kind: "text",
            preset: Preset::Is("\"Valetkey\""),
            meaning: "The name people know the service by.",
        },
        Key {
            name: "accent",
            kind: "#rrggbb",
            preset: Preset::Unset("\"#0f766e\""),
            meaning: "The colour of buttons and links. It is made darker or lighter where it could not be read otherwise.",
        },
        Key {
            name: "logo_file",
            kind: "file",
            preset: Preset::Unset("\"/etc/valetkey/logo.svg\""),
            meaning: "A picture of at most 64 KiB: .svg, .png or .webp.",
        },
        Key {
            name: "documentation_uri",
            kind: "URL",
            preset: Preset::Unset("\"https://example.com/developers\""),
            meaning: "A page for developers of apps; the metadata names it.",
        },
        Key {
            name: "policy_uri",
            kind: "URL",
            preset: Preset::Unset("\"https://example.com/data-policy\""),
            meaning: "What apps may do with what they learn here; the metadata names it.",
        },
        Key {
            name: "tos_uri",
            kind: "URL",
            preset: Preset::Unset("\"https://example.com/terms\""),
            meaning: "The terms for apps; the metadata names it.",
        },
    ],
};

/// `[brand]` as it was written.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct Raw {
    name: Option<String>,
    accent: Option<String>,
    logo_file: Option<String>,
    documentation_uri: Option<String>,
    policy_uri: Option<String>,
    tos_uri: Option<String>,
}

/// Checks `[brand]`. The logo is read here, so that a missing file is known before anything starts.
pub(super) fn check(raw: &Raw, checks: &mut Checks) -> Brand {
    let mut brand = Brand::default();
    if let Some(name) = &raw.name {
        if name.trim().is_empty() || name.chars().count() > 60 || name.chars().any(char::is_control) {
            checks.refuse("brand", "name", "is a text of 1 to 60 characters on one line");
        }
        brand.name.clone_from(name);
    }
    if let Some(accent) = &raw.accent {
        if !accent_is_readable(accent) {
            checks.refuse(
                "brand",
                "accent",
                format!("{accent:?} is not a colour; write \"#0f766e\""),
            );
        }
        brand.accent = Some(accent.clone());
    }
    if let Some(written) = &raw.logo_file {
        let path = checks.path(written);
        match logo(&path) {
            Ok(logo) => brand.logo = Some(logo),
            Err(why) => checks.refuse("brand", "logo_file", format!("{}: {why}", path.display())),
        }
    }
    brand
}

/// Checks the addresses of the operator's pages.
pub(super) fn check_links(raw: &Raw, checks: &mut Checks) -> Links {
    let mut page = |key: &str, written: &Option<String>| {
        let text = written.as_ref()?;
        let is_page = Url::parse(text).is_ok_and(|url| matches!(url.scheme(), "https" | "http"));
        if !is_page {
            checks.refuse(
                "brand",
                key,
                format!("{text:?} is no address of a page; write \"https://...\""),
            );
        }
        Some(text.clone())
    };
    Links {
        documentation_uri: page("documentation_uri", &raw.documentation_uri),
        policy_uri: page("policy_uri", &raw.policy_uri),
        tos_uri: page("tos_uri", &raw.tos_uri),
    }
}

fn logo(path: &Path) -> Result<Logo, String> {
    let content_type = match path.extension().and_then(|extension| extension.to_str()) {
        Some("svg") => "image/svg+xml",
        Some("png") => "image/png",
        Some("webp") => "image/webp",
        _ => return Err("use a .svg, .png or .webp file".into()),
    };
    let bytes = std::fs::read(path).map_err(|error| error.to_string())?;
    if bytes.len() > LOGO_BYTES {
        return Err(format!("{} bytes; a logo has at most {LOGO_BYTES}", bytes.len()));
    }
    Ok(Logo {
        bytes,
        content_type: content_type.to_owned(),
    })
}
