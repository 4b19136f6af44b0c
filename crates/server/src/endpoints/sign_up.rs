//! Sign-up: `GET` and `POST /sign-up`. Whether somebody may, and what has to be proved first, say `rules::account`.
//!
//! Where an address has to be proved, nothing is written before it is: the account travels sealed in the link of a letter,
//! and the sign-in that it is for waits in a cookie of this browser. Whoever signs up with an address that has an account
//! sees the same page after the same work; its owner gets another letter.

use super::login::client_view;
use super::{first_factor, flow, page};
use crate::accounts::{self, letters, query};
use crate::call::{Call, Failure};
use crate::context::{App, Context};
use crate::interaction::{Browser, Interaction, Pending};
use crate::mail::Address;
use crate::pages::{form as form_page, said};
use crate::session::{self, Proof as Shown};
use crate::{form, once, routes, upstream};
use axum::body::Body;
use axum::extract::{Request, State};
use axum::response::Response;
use http::request::Parts;
use valetkey_model::user::PasswordHash;
use valetkey_model::{User, UserId};
use valetkey_protocol::claims::StandardClaims;
use valetkey_protocol::params::Params;
use valetkey_protocol::rule::{Refusal, Rule};
use valetkey_protocol::secret::Password;
use valetkey_rules::account::link::{Invitation, SignUp, verify_email};
use valetkey_rules::account::{self, Proof};
use valetkey_store::StoreError;

/// A cookie of more bytes is not kept by every browser; then the sign-in does not go on by itself.
const MOST_COOKIE_BYTES: usize = 3800;

/// Shows the form.
pub(crate) async fn get(State(app): State<App>, request: Request) -> Response {
    let (parts, _) = request.into_parts();
    let mut call = Call::new(&app, &parts.extensions);
    let response = match show(&mut call, &parts).await {
        Ok(response) => response,
        Err(failure) => page::error(&mut call, &failure),
    };
    accounts::keeps_its_address(response)
}

async fn show(call: &mut Call<'_>, parts: &Parts) -> Result<Response, Failure> {
    let query = query(parts);
    let invited = admit(call, query.get("invitation"))?;
    if query.get("flow").is_some() {
        let interaction = Interaction::open(call.app, query.get("flow"), &parts.headers, &mut call.trail)?;
        flow::tie(call, &interaction).await?;
        return Ok(render(call, &interaction, &Typed::new(&query, invited), &[]));
    }
    let browser = Browser::of(call.app, &parts.headers);
    let interaction = Interaction::begin(call.app, Pending::account(), &browser);
    let response = render(call, &interaction, &Typed::new(&query, invited), &[]);
    Ok(page::with_cookies(response, browser.cookie(call.app)))
}

/// Whether anybody may come, with the invitation that they brought.
fn admit(call: &mut Call<'_>, invitation: Option<&str>) -> Result<Option<Invitation>, Failure> {
    let invited = match invitation.filter(|text| !text.is_empty()) {
        None => None,
        Some(text) => {
            let invitation = call.app.links.open_invitation(text, call.now, &mut call.trail)?;
            call.trail.passed(Rule::SignUpInvitationInvalid);
            Some(invitation)
        }
    };
    let accounts = &call.app.policy().accounts;
    account::may_sign_up(accounts, invited.as_ref(), &mut call.trail)?;
    if accounts.proof(invited.as_ref()) == Proof::ByLetter {
        accounts::require_mail(call)?;
    }
    Ok(invited)
}

/// Takes the form.
pub(crate) async fn post(State(app): State<App>, request: Request) -> Response {
    let (parts, body) = request.into_parts();
    let mut call = Call::new(&app, &parts.extensions);
    match take(&mut call, &parts, body).await {
        Ok(response) => response,
        Err(failure) => page::error(&mut call, &failure),
    }
}

async fn take(call: &mut Call<'_>, parts: &Parts, body: Body) -> Result<Response, Failure> {
    let app = call.app;
    // The layer around this route lets nothing else through.
    call.trail.passed(Rule::FormCrossSite);
    let form = form::of_page(call, body).await?;
    let invited = admit(call, form.get("invitation"))?;
    let interaction = Interaction::open(app, form.get("flow"), &parts.headers, &mut call.trail)?;
    flow::tie(call, &interaction).await?;
    accounts::admit(call, parts).await?;
    let typed = Typed::new(&form, invited);
    let wanted = match check(call, &typed).await {
        Ok(wanted) => wanted,
        Err(Stopped::Wrong(problems)) => return Ok(wrong(call, &interaction, &typed, problems)),
        Err(Stopped::Failed(failure)) => return Err(failure),
    };
    accounts::tell(call, "Sign-up", "POST /sign-up");
    let applied = match typed.proof(app) {
        Proof::ByLetter => return by_letter(call, &interaction, wanted).await,
        Proof::ByInvitation => open_invited(call, &typed, &wanted).await,
        Proof::Later => open_at_once(call, &wanted).await,
    };
    let user = match applied {
        Ok(user) => user,
        Err(Failure::Refused(refusal)) if refusal.rule == Rule::SignUpUsernameTaken => {
            return Ok(wrong(call, &interaction, &typed, vec![("username", refusal)]));
        }
        Err(failure) => return Err(failure),
    };
    let proof = Shown::password(session::signed_in_from(app, parts));
    first_factor::shown(call, parts, interaction, &user, proof).await
}

/// What somebody filled in.
struct Typed {
    username: String,
    email: String,
    password: Password,
    /// The invitation, opened and as it came.
    invited: Option<(Invitation, String)>,
}

impl Typed {
    fn new(form: &Params, invited: Option<Invitation>) -> Self {
        let text = |name| form.get(name).unwrap_or_default().to_owned();
        Self {
            username: text("username"),
            email: match &invited {
                Some(invited) => invited.email.clone(),
                None => text("email"),
            },
            password: Password::new(text("password")),
            invited: invited.map(|invited| (invited, text("invitation"))),
        }
    }

    fn invitation(&self) -> Option<&Invitation> {
        self.invited.as_ref().map(|(invitation, _)| invitation)
    }

    fn proof(&self, app: &Context) -> Proof {
        app.policy().accounts.proof(self.invitation())
    }
}

/// An account that may be opened.
struct Wanted {
    username: String,
    email: Address,
    password_hash: PasswordHash,
    /// Whether the address, or the name that is one, has an account already.
    is_known: bool,
}

impl Wanted {
    fn user(&self, call: &Call<'_>, is_proved: bool) -> User {
        new_user(
            call,
            (&self.username, &self.email.to_string()),
            self.password_hash.clone(),
            is_proved,
        )
    }
}

/// A person who was not there before.
pub(super) fn new_user(
    call: &Call<'_>,
    (username, email): (&str, &str),
    password_hash: PasswordHash,
    is_proved: bool,
) -> User {
    User {
        id: UserId(call.app.uuid()),
        username: username.to_owned(),
        password_hash: Some(password_hash),
        claims: StandardClaims {
            preferred_username: Some(username.to_owned()),
            email: Some(email.to_owned()),
            email_verified: Some(is_proved),
            updated_at: Some(call.now.0),
            ..StandardClaims::default()
        },
        created_at: call.now,
    }
}

enum Stopped {
    /// These fields do not do.
    Wrong(Vec<(&'static str, Refusal)>),
    Failed(Failure),
}

impl<E: Into<Failure>> From<E> for Stopped {
    fn from(error: E) -> Self {
        Self::Failed(error.into())
    }
}

/// Checks every field, so that all that is wrong is told at once; then does the work that takes long.
async fn check(call: &mut Call<'_>, typed: &Typed) -> Result<Wanted, Stopped> {
    let app = call.app;
    let mut problems = Vec::new();
    let email = address(call, typed).map_err(|refusal| problems.push(("email", refusal)));
    let text = email.as_ref().map(Address::to_string).unwrap_or_default();
    let proved = (typed.proof(app) != Proof::Later).then_some(text.as_str());
    let mut is_known = false;
    match account::username(&typed.username, proved, &mut call.trail) {
        Err(refusal) => problems.push(("username", refusal)),
        Ok(()) => {
            let is_taken = app.store.find_user_by_username(&typed.username).await?.is_some();
            // That an address has an account is told to nobody but its owner.
            is_known = is_taken && typed.username.contains('@');
            if let Err(refusal) = free(call, !is_taken || is_known) {
                problems.push(("username", refusal));
            }
        }
    }
    if let Err(refusal) = accounts::password(call, &typed.password, &[&typed.username, &typed.email]) {
        problems.push(("password", refusal));
    }
    let Ok(email) = email.and_then(|email| if problems.is_empty() { Ok(email) } else { Err(()) }) else {
        return Err(Stopped::Wrong(problems));
    };
    let password_hash = app.passwords.hash(&typed.password, app.random.as_ref()).await?;
    is_known |= accounts::owner_of(app, &text, None).await?.is_some();
    Ok(Wanted {
        username: typed.username.clone(),
        email,
        password_hash,
        is_known,
    })
}

fn address(call: &mut Call<'_>, typed: &Typed) -> Result<Address, Refusal> {
    let email = accounts::email(call, &typed.email)?;
    let policy = &call.app.policy().accounts;
    let text = email.to_string();
    account::may_use_address(
        policy,
        typed.invitation(),
        (&text, email.domain()),
        &mut call.trail,
    )?;
    Ok(email)
}

fn free(call: &mut Call<'_>, is_free: bool) -> Result<(), Refusal> {
    call.trail.require(Rule::SignUpUsernameTaken, is_free, || {
        (String::from("a free name"), String::from("one that is taken"))
    })
}

/// Adds the person; between the look and the deed somebody may have taken the name.
pub(super) async fn add(call: &mut Call<'_>, user: &User) -> Result<(), Failure> {
    match call.app.store.insert_user(user.clone()).await {
        Ok(()) => {
            tracing::info!(user = %user.id, "account opened");
            Ok(())
        }
        Err(StoreError::Exists { .. }) => Ok(free(call, false)?),
        Err(other) => Err(other.into()),
    }
}

/// The account exists once its address is proved.
async fn by_letter(
    call: &mut Call<'_>,
    interaction: &Interaction,
    wanted: Wanted,
) -> Result<Response, Failure> {
    let app = call.app;
    let to = wanted.email.to_string();
    let ttl = app.policy().accounts.verification_ttl_seconds;
    let link = SignUp {
        username: wanted.username,
        email: to.clone(),
        password_hash: wanted.password_hash,
        interaction: interaction.id.clone(),
        expires_at: call.now.plus_seconds(ttl),
    };
    if wanted.is_known {
        letters::account_exists(app, &to).await?;
    } else {
        letters::prove(app, (&to, &link.username), &link).await?;
    }
    let view = said::View {
        id: "sent",
        title: String::from("Look into your mailbox"),
        lines: vec![
            format!(
                "We have sent a letter to {to}. Open its link in this browser: then your account is there, and you go on where you were."
            ),
            String::from(
                "Nothing came? Look among the letters marked as junk, or sign up once more with the right address.",
            ),
        ],
        next: None,
    };
    let response = said::render(&app.settings.brand, &view);
    Ok(page::with_cookies(response, waiting(app, interaction)))
}

/// Keeps the sign-in in this browser until the letter is read.
fn waiting(app: &Context, interaction: &Interaction) -> Option<http::HeaderValue> {
    let sealed = interaction.seal(app);
    let seconds = app.policy().interaction_ttl_seconds;
    (sealed.len() <= MOST_COOKIE_BYTES)
        .then(|| app.cookies.set_for(&app.cookies.sign_up, &sealed, seconds))
        .flatten()
}

/// The invitation came by a letter to the address, so that is proved; it makes one account.
async fn open_invited(call: &mut Call<'_>, typed: &Typed, wanted: &Wanted) -> Result<User, Failure> {
    free(call, !(wanted.is_known && wanted.username.contains('@')))?;
    call.trail
        .require(Rule::AccountEmailTaken, !wanted.is_known, || {
            (
                String::from("an address that no account has"),
                String::from("that of an account"),
            )
        })?;
    if let Some(invitation) = typed.invitation() {
        once::first_time(call, &invitation.once()).await?;
    }
    let user = wanted.user(call, true);
    add(call, &user).await?;
    Ok(user)
}

/// The address is proved when its owner likes to.
async fn open_at_once(call: &mut Call<'_>, wanted: &Wanted) -> Result<User, Failure> {
    let user = wanted.user(call, false);
    add(call, &user).await?;
    let app = call.app;
    if app.mailer.is_some() {
        let to = wanted.email.to_string();
        let ttl = app.policy().accounts.verification_ttl_seconds;
        if wanted.is_known {
            letters::account_exists(app, &to).await?;
        } else {
            let link = verify_email(&user, &to, call.now.plus_seconds(ttl));
            letters::prove(app, (&to, &user.username), &link).await?;
        }
    }
    Ok(user)
}

/// The form once more, with what is wrong.
fn wrong(
    call: &mut Call<'_>,
    interaction: &Interaction,
    typed: &Typed,
    problems: Vec<(&'static str, Refusal)>,
) -> Response {
    let response = render(call, interaction, typed, &problems);
    accounts::tell(call, "Sign-up", "POST /sign-up");
    for (_, refusal) in problems {
        call.log(&refusal.into());
    }
    response
}

fn render(
    call: &Call<'_>,
    interaction: &Interaction,
    typed: &Typed,
    problems: &[(&'static str, Refusal)],
) -> Response {
    let app = call.app;
    let mut interaction = interaction.clone();
    interaction.invitation = typed.invitation().cloned();
    let flow = interaction.seal(app);
    let mut hidden = vec![("flow", flow.clone())];
    hidden.extend(typed.invited.iter().map(|(_, text)| ("invitation", text.clone())));
    let view = form_page::View {
        title: String::from("Create your account"),
        client: client_view(call, &interaction),
        action: app.path(routes::SIGN_UP),
        hidden,
        fields: fields(typed, problems),
        button: ("create", "Create my account"),
        providers: upstream::buttons(app, &flow),
        other: Some(form_page::Other {
            id: "sign-in",
            before: "You have an account already?",
            href: accounts::with_flow(app, routes::LOGIN, &flow),
            label: "Sign in",
        }),
        leads_away: true,
        ..form_page::View::default()
    };
    form_page::card(&app.settings.brand, &view)
}

fn fields(typed: &Typed, problems: &[(&'static str, Refusal)]) -> Vec<form_page::Field> {
    let problem = |name: &str| {
        let found = problems.iter().find(|(field, _)| *field == name);
        found.map(|(_, refusal)| accounts::says(refusal))
    };
    vec![
        form_page::Field {
            value: typed.username.clone(),
            autocomplete: "username",
            problem: problem("username"),
            is_first: true,
            ..form_page::Field::required("username", "Username", "text")
        },
        form_page::Field {
            value: typed.email.clone(),
            autocomplete: "email",
            problem: problem("email"),
            is_fixed: typed.invited.is_some(),
            ..form_page::Field::required("email", "E-mail address", "email")
        },
        form_page::Field {
            autocomplete: "new-password",
            hint: Some("Four words that have nothing to do with each other are a good one."),
            problem: problem("password"),
            ..form_page::Field::required("password", "Password", "password")
        },
    ]
}
