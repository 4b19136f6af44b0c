//! Style sheets, scripts and pictures, compiled in (`/assets/{name}`).
//!
//! A name carries a hash of the content, so browsers may keep the file for good. A name with an older
//! hash (a page from before an upgrade) gets the file of today, not to be kept.

use super::brand::{self, Brand};
use axum::body::Body;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::Response;
use std::sync::LazyLock;

/// One file as it is served.
#[derive(Debug)]
struct Asset {
    stem: &'static str,
    extension: &'static str,
    content_type: &'static str,
    bytes: &'static [u8],
}

static ASSETS: [Asset; 8] = [
    Asset {
        stem: "valetkey",
        extension: "css",
        content_type: "text/css; charset=utf-8",
        bytes: include_bytes!("../../assets/valetkey.css"),
    },
    Asset {
        stem: "inspector",
        extension: "css",
        content_type: "text/css; charset=utf-8",
        bytes: include_bytes!("../../assets/inspector.css"),
    },
    Asset {
        stem: "inspector",
        extension: "js",
        content_type: "text/javascript; charset=utf-8",
        bytes: include_bytes!("../../assets/inspector.js"),
    },
    Asset {
        stem: "form_post",
        extension: "js",
        content_type: "text/javascript; charset=utf-8",
        bytes: include_bytes!("../../assets/form_post.js"),
    },
    Asset {
        stem: "check-session",
        extension: "js",
        content_type: "text/javascript; charset=utf-8",
        bytes: include_bytes!("../../assets/check-session.js"),
    },
    Asset {
        stem: "signed-out",
        extension: "js",
        content_type: "text/javascript; charset=utf-8",
        bytes: include_bytes!("../../assets/signed-out.js"),
    },
    Asset {
        stem: "passkey",
        extension: "js",
        content_type: "text/javascript; charset=utf-8",
        bytes: include_bytes!("../../assets/passkey.js"),
    },
    Asset {
        stem: "key",
        extension: "svg",
        content_type: "image/svg+xml",
        bytes: include_bytes!("../../assets/key.svg"),
    },
];

static NAMES: LazyLock<Vec<String>> = LazyLock::new(|| {
    ASSETS
        .iter()
        .map(|asset| named(asset.stem, asset.bytes, asset.extension))
        .collect()
});

fn named(stem: &str, bytes: &[u8], extension: &str) -> String {
    let hash = valetkey_jose::hash::sha256(bytes);
    let short: String = hash.iter().take(5).map(|byte| format!("{byte:02x}")).collect();
    format!("{stem}-{short}.{extension}")
}

/// The name a compiled-in file has in links.
#[must_use]
pub fn name(file: &str) -> &'static str {
    ASSETS
        .iter()
        .zip(NAMES.iter())
        .find(|(asset, _)| {
            file.strip_prefix(asset.stem).and_then(|r| r.strip_prefix('.')) == Some(asset.extension)
        })
        .map_or("", |(_, name)| name)
}

/// The name of the operator's style sheet; `None` when there is nothing in it.
#[must_use]
pub fn brand_style_name(brand: &Brand) -> Option<String> {
    let style = brand::style_sheet(brand);
    (!style.is_empty()).then(|| named("brand", style.as_bytes(), "css"))
}

/// The name of the operator's logo.
#[must_use]
pub fn logo_name(brand: &Brand) -> Option<String> {
    brand.logo.as_ref().map(|logo| named("logo", &logo.bytes, "img"))
}

/// Answers `GET /assets/{name}`.
#[must_use]
pub fn serve(brand: &Brand, name: &str) -> Response {
    if brand_style_name(brand).is_some_and(|known| same_file(&known, name)) {
        return sent(
            "text/css; charset=utf-8",
            brand::style_sheet(brand).into_bytes(),
            true,
        );
    }
    if let Some(logo) = &brand.logo
        && logo_name(brand).is_some_and(|known| same_file(&known, name))
    {
        return sent(&logo.content_type, logo.bytes.clone(), true);
    }
    ASSETS
        .iter()
        .zip(NAMES.iter())
        .find(|(_, known)| same_file(known, name))
        .map_or_else(
            || status(StatusCode::NOT_FOUND),
            |(asset, known)| sent(asset.content_type, asset.bytes, known == name),
        )
}

/// Whether two names differ in their hash only.
fn same_file(known: &str, asked: &str) -> bool {
    let parts = |name: &str| {
        let (stem, rest) = name.rsplit_once('-')?;
        let (_, extension) = rest.rsplit_once('.')?;
        Some((stem.to_owned(), extension.to_owned()))
    };
    known == asked || parts(known).is_some_and(|known| parts(asked) == Some(known))
}

fn status(code: StatusCode) -> Response {
    let mut response = Response::new(Body::empty());
    *response.status_mut() = code;
    response
}

fn sent(content_type: &str, bytes: impl Into<Body>, for_good: bool) -> Response {
    let mut response = Response::new(bytes.into());
    let headers = response.headers_mut();
    if let Ok(value) = HeaderValue::from_str(content_type) {
        headers.insert(header::CONTENT_TYPE, value);
    }
    let kept = if for_good {
        "public, max-age=31536000, immutable"
    } else {
        "no-cache"
    };
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static(kept));
    headers.insert(
        header::X_CONTENT_TYPE_OPTIONS,
        HeaderValue::from_static("nosniff"),
    );
    // A logo is a picture even when somebody opens it by itself.
    headers.insert(
        header::CONTENT_SECURITY_POLICY,
        HeaderValue::from_static("default-src 'none'; style-src 'unsafe-inline'; sandbox"),
    );
    response
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::pages::Logo;

    #[test]
    fn a_name_carries_the_hash_of_the_content() {
        let css = name("valetkey.css");
        assert!(css.starts_with("valetkey-") && css.ends_with(".css"), "{css}");
        let kept = serve(&Brand::default(), css).headers()[header::CACHE_CONTROL].clone();
        assert_eq!(kept, "public, max-age=31536000, immutable");
    }

    #[test]
    fn the_name_of_an_older_version_gets_the_file_of_today_without_being_kept() {
        let old = serve(&Brand::default(), "valetkey-0000000000.css");
        assert_eq!(old.status(), 200);
        assert_eq!(old.headers()[header::CACHE_CONTROL], "no-cache");
    }

    #[test]
    fn an_unknown_name_is_not_found() {
        for name in [
            "",
            "valetkey",
            "../Cargo.toml",
            "brand-0000000000.css",
            "logo-0000000000.img",
        ] {
            assert_eq!(serve(&Brand::default(), name).status(), 404, "{name}");
        }
    }

    #[test]
    fn an_operator_sets_logo_and_accent_without_touching_a_file() {
        let logo = Logo {
            bytes: b"<svg/>".to_vec(),
            content_type: "image/svg+xml".into(),
        };
        let brand = Brand {
            accent: Some("#aa3300".into()),
            logo: Some(logo),
            ..Brand::default()
        };
        for name in [logo_name(&brand).unwrap(), brand_style_name(&brand).unwrap()] {
            assert_eq!(serve(&brand, &name).status(), 200, "{name}");
        }
    }
}
