//! What every page shares: its frame (brand, links), and the routes of the pages that need nothing else.

use super::brand::Brand;
use super::{assets, error, home, paths, rules};
use axum::Router;
use axum::extract::{Path, State};
use axum::response::Response;
use axum::routing::get;
use std::sync::Arc;

/// What the routes of this module need to know.
#[derive(Debug, Clone, Default)]
pub struct Site {
    /// Name, logo, accent.
    pub brand: Brand,
    /// The issuer, as the start page shows it.
    pub issuer: String,
    /// What the development server adds.
    pub dev: Option<home::Dev>,
}

/// The start page, the rule catalogue and the assets.
pub fn routes<S: Clone + Send + Sync + 'static>(site: Arc<Site>) -> Router<S> {
    Router::new()
        .route(paths::HOME, get(home_page))
        .route(paths::RULES, get(rules_page))
        .route(paths::RULE, get(rule_page))
        .route(paths::ASSET, get(asset))
        .with_state(site)
}

async fn home_page(State(site): State<Arc<Site>>) -> Response {
    home::render(&site.brand, &site.issuer, site.dev.as_ref())
}

async fn rules_page(State(site): State<Arc<Site>>) -> Response {
    rules::list(&site.brand)
}

async fn rule_page(State(site): State<Arc<Site>>, Path(id): Path<String>) -> Response {
    rules::one(&site.brand, &id).unwrap_or_else(|| {
        not_found(
            &site.brand,
            "There is no such rule",
            "The catalogue holds no rule with this id. It may be of another version of the server.",
            error::Back {
                label: String::from("All rules"),
                href: Frame::new(&site.brand).url(paths::RULES),
            },
        )
    })
}

async fn asset(State(site): State<Arc<Site>>, Path(name): Path<String>) -> Response {
    assets::serve(&site.brand, &name)
}

/// The page for an address that leads nowhere.
pub(crate) fn not_found(brand: &Brand, title: &str, text: &str, back: error::Back) -> Response {
    let view = error::View {
        status: 404,
        title: title.to_owned(),
        text: text.to_owned(),
        back: Some(back),
        ..error::View::default()
    };
    error::render(brand, &view)
}

/// Brand and links, for the templates.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Frame<'a> {
    /// The installation's look.
    pub(crate) brand: &'a Brand,
}

impl<'a> Frame<'a> {
    pub(crate) const fn new(brand: &'a Brand) -> Self {
        Self { brand }
    }

    /// A path of this server, below the issuer's own path.
    pub(crate) fn url(&self, path: &str) -> String {
        format!("{}{path}", self.brand.base_path)
    }

    /// The page of one rule.
    pub(crate) fn rule(&self, id: &str) -> String {
        self.url(&paths::RULE.replace("{id}", id))
    }

    /// A compiled-in file.
    pub(crate) fn asset(&self, file: &str) -> String {
        self.asset_named(assets::name(file))
    }

    /// The operator's logo, or the key mark.
    pub(crate) fn logo(&self) -> String {
        assets::logo_name(self.brand).map_or_else(|| self.asset("key.svg"), |name| self.asset_named(&name))
    }

    /// The operator's style sheet.
    pub(crate) fn brand_style(&self) -> Option<String> {
        assets::brand_style_name(self.brand).map(|name| self.asset_named(&name))
    }

    /// The name of the service.
    pub(crate) fn name(&self) -> String {
        super::text::short(&self.brand.name)
    }

    fn asset_named(&self, name: &str) -> String {
        self.url(&paths::ASSET.replace("{name}", name))
    }
}
