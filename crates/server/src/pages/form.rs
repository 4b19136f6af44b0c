//! Forms about accounts, all of one shape: a headline, a sentence, fields with what is wrong beside each, one button. As a
//! card for whoever is not signed in, and as one of the account pages.
//!
//! A page says what is wrong by a text beside the field, which the field names (`aria-describedby`), and by its status.

use super::brand::Brand;
use super::login::ProviderButton;
use super::response::Kind;
use super::site::Frame;
use super::{AppView, text};
use askama::Template;
use axum::response::Response;

/// What the page shows.
#[derive(Debug, Clone, Default)]
pub struct View {
    /// The headline.
    pub title: String,
    /// A sentence or two below it.
    pub lead: String,
    /// The app on whose behalf the person is here.
    pub client: Option<AppView>,
    /// What is so now, as a name and a value.
    pub facts: Vec<(&'static str, String)>,
    /// What was just done, in plain words.
    pub notice: Option<String>,
    /// The path that the form is posted to.
    pub action: String,
    /// Fields that nobody sees.
    pub hidden: Vec<(&'static str, String)>,
    /// The fields.
    pub fields: Vec<Field>,
    /// The button: its id, and what it says. An account page without one has no form.
    pub button: (&'static str, &'static str),
    /// Whether what the button does cannot be undone.
    pub is_danger: bool,
    /// Other providers to come with.
    pub providers: Vec<ProviderButton>,
    /// Another way on.
    pub other: Option<Other>,
    /// Whether the form may lead to another site: part of an authorization request.
    pub leads_away: bool,
}

/// One field.
#[derive(Debug, Clone, Default)]
pub struct Field {
    /// Its name, and its id.
    pub name: &'static str,
    /// What stands before it.
    pub label: &'static str,
    /// The `type` of the input.
    pub kind: &'static str,
    /// What it holds at first.
    pub value: String,
    /// What a browser may fill in.
    pub autocomplete: &'static str,
    /// A short example or reason.
    pub hint: Option<&'static str>,
    /// What is wrong with what was typed.
    pub problem: Option<String>,
    /// Whether it may not stay empty.
    pub is_required: bool,
    /// Whether it can only be read.
    pub is_fixed: bool,
    /// Whether typing begins here.
    pub is_first: bool,
    /// Whether it has more than one line.
    pub is_long: bool,
}

/// Another way on: a question, and a link.
#[derive(Debug, Clone, Default)]
pub struct Other {
    /// Its id.
    pub id: &'static str,
    /// What stands before it.
    pub before: &'static str,
    /// A path on this server.
    pub href: String,
    /// What it says.
    pub label: &'static str,
}

impl Field {
    /// A field of one line that must be filled in.
    #[must_use]
    pub fn required(name: &'static str, label: &'static str, kind: &'static str) -> Self {
        Self {
            name,
            label,
            kind,
            is_required: true,
            ..Self::default()
        }
    }

    fn is_name(&self) -> bool {
        matches!(self.name, "username" | "email")
    }

    fn described_by(&self) -> Option<String> {
        let hint = self.hint.map(|_| format!("{}-hint", self.name));
        let problem = self.problem.as_ref().map(|_| format!("{}-problem", self.name));
        let ids: Vec<String> = hint.into_iter().chain(problem).collect();
        (!ids.is_empty()).then(|| ids.join(" "))
    }
}

impl View {
    fn cleaned(&self) -> Self {
        let mut view = self.clone();
        view.title = text::long(&self.title);
        view.lead = text::long(&self.lead);
        for (_, value) in &mut view.facts {
            *value = text::short(value);
        }
        for field in &mut view.fields {
            if !field.is_long {
                field.value = text::long(&field.value);
            }
            field.problem = field.problem.as_deref().map(text::long);
        }
        // Whoever comes back to a form stands where something is wrong, and hears it: the field names its problem.
        let first_wrong = |field: &Field| field.problem.is_some() && !field.is_fixed;
        if let Some(wrong) = view.fields.iter().position(first_wrong) {
            for (place, field) in view.fields.iter_mut().enumerate() {
                field.is_first = place == wrong;
            }
        }
        view
    }

    fn status(&self) -> u16 {
        let is_wrong = self.fields.iter().any(|field| field.problem.is_some());
        if is_wrong { 400 } else { 200 }
    }
}

#[derive(Template)]
#[template(path = "form_card.html")]
struct Card<'a> {
    frame: Frame<'a>,
    view: &'a View,
}

#[derive(Template)]
#[template(path = "form_account.html")]
struct Account<'a> {
    frame: Frame<'a>,
    view: &'a View,
}

/// Renders the form for somebody who is not signed in.
#[must_use]
pub fn card(brand: &Brand, view: &View) -> Response {
    let page = Card {
        frame: Frame::new(brand),
        view: &view.cleaned(),
    };
    let kind = if view.leads_away {
        Kind::Authorization
    } else {
        Kind::Page
    };
    super::send(&page, view.status(), kind)
}

/// Renders the form as a page of the account.
#[must_use]
pub fn account(brand: &Brand, view: &View) -> Response {
    let page = Account {
        frame: Frame::new(brand),
        view: &view.cleaned(),
    };
    super::send(&page, view.status(), Kind::Page)
}
