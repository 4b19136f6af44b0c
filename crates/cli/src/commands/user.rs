//! `valetkey user`: the people who can sign in.

mod email;
mod invite;
mod second_factor;
mod show;

use self::invite::address;
use super::ask;
use crate::failure::{Failure, Outcome};
use crate::output;
use crate::place::{Opened, Place};
use clap::{Args, Subcommand};
use serde::Serialize;
use std::path::{Path, PathBuf};
use valetkey_model::UserId;
use valetkey_model::user::{User as Person, username_key};
use valetkey_protocol::claims::StandardClaims;
use valetkey_protocol::time::Timestamp;
use valetkey_server::clock::{Clock as _, SystemClock};
use valetkey_server::provision::hash_password;
use valetkey_server::random::{self, SystemRandom};

/// What can be done with people.
#[derive(Debug, Subcommand)]
pub(super) enum User {
    /// Add a person.
    Add(Add),
    /// Show everybody.
    List(List),
    /// Show one person: claims, ways to sign in, sessions.
    Show(show::Show),
    /// Invite somebody to open an account, by a link that is printed and sent.
    Invite(invite::Invite),
    /// Set somebody's e-mail address.
    SetEmail(email::SetEmail),
    /// Take one-time codes and recovery codes from somebody who lost them.
    ResetSecondFactor(second_factor::ResetSecondFactor),
    /// Set a new password; it ends the person's sessions, and the access that apps have only while they last.
    Passwd(Passwd),
    /// Remove a person with their sessions, consents and grants.
    Remove(Remove),
}

#[derive(Debug, Args)]
pub(super) struct Add {
    /// What the person types to sign in.
    username: String,
    /// The full name.
    #[arg(long)]
    name: Option<String>,
    /// The e-mail address.
    #[arg(long)]
    email: Option<String>,
    /// The e-mail address was verified.
    #[arg(long, requires = "email")]
    email_verified: bool,
    /// A JSON file with standard claims (OpenID Connect Core §5.1), as {"locale": "en"}.
    #[arg(long, value_name = "FILE")]
    claims: Option<PathBuf>,
    /// Read the password from standard input instead of asking for it.
    #[arg(long)]
    password_stdin: bool,
    #[command(flatten)]
    place: Place,
    /// Answer in JSON.
    #[arg(long)]
    json: bool,
}

#[derive(Debug, Args)]
pub(super) struct List {
    #[command(flatten)]
    place: Place,
    /// Answer in JSON.
    #[arg(long)]
    json: bool,
}

#[derive(Debug, Args)]
pub(super) struct Passwd {
    /// Whose.
    username: String,
    /// Read the password from standard input instead of asking for it.
    #[arg(long)]
    password_stdin: bool,
    #[command(flatten)]
    place: Place,
}

#[derive(Debug, Args)]
pub(super) struct Remove {
    /// Whom.
    username: String,
    #[command(flatten)]
    place: Place,
}

/// A person as scripts read one. The hash stays in the store.
#[derive(Debug, Serialize)]
struct View<'a> {
    sub: UserId,
    username: &'a str,
    has_password: bool,
    created_at: Timestamp,
    claims: &'a StandardClaims,
}

impl<'a> View<'a> {
    const fn of(user: &'a Person) -> Self {
        Self {
            sub: user.id,
            username: user.username.as_str(),
            has_password: user.password_hash.is_some(),
            created_at: user.created_at,
            claims: &user.claims,
        }
    }
}

impl User {
    pub(super) async fn run(self) -> Outcome {
        match self {
            Self::Add(add) => add.run().await,
            Self::List(list) => list.run().await,
            Self::Show(show) => show.run().await,
            Self::Invite(invite) => invite.run().await,
            Self::SetEmail(set) => set.run().await,
            Self::ResetSecondFactor(reset) => reset.run().await,
            Self::Passwd(passwd) => passwd.run().await,
            Self::Remove(remove) => remove.run().await,
        }
    }
}

impl Add {
    async fn run(self) -> Outcome {
        let opened = self.place.open().await?;
        let username = username(&self.username)?;
        if opened.store.find_user_by_username(&username).await?.is_some() {
            return Err(Failure::refused(format!(
                "{username} exists already; `user passwd` sets a new password"
            )));
        }
        let claims = self.claims(&username)?;
        let password = ask::new_password(self.password_stdin, &username)?;
        let person = Person {
            id: UserId(random::uuid(&SystemClock, &SystemRandom)),
            username,
            password_hash: Some(hash_password(&password, &opened.policy, &SystemRandom).await?),
            claims,
            created_at: SystemClock.now(),
        };
        opened.store.insert_user(person.clone()).await?;
        if self.json {
            return output::print_json(&View::of(&person));
        }
        output::print(&format!(
            "{} can sign in now (sub {})\n",
            output::clean(&person.username),
            person.id
        ))
    }

    fn claims(&self, username: &str) -> Outcome<StandardClaims> {
        let mut claims = self
            .claims
            .as_deref()
            .map_or_else(|| Ok(StandardClaims::default()), read_claims)?;
        if let Some(name) = &self.name {
            claims.name = Some(name.clone());
        }
        if let Some(email) = &self.email {
            if !email.contains('@') || email.chars().any(|c| c.is_control() || c == ' ') {
                return Err(Failure::refused(format!("{email:?} is not an e-mail address")));
            }
            claims.email = Some(email.clone());
            claims.email_verified = Some(self.email_verified);
        }
        claims
            .preferred_username
            .get_or_insert_with(|| username.to_owned());
        claims.updated_at.get_or_insert(SystemClock.now().0);
        Ok(claims)
    }
}

impl List {
    async fn run(self) -> Outcome {
        let people = self.place.open().await?.store.list_users().await?;
        if self.json {
            return output::print_json(&people.iter().map(View::of).collect::<Vec<_>>());
        }
        let mut rows = vec![
            ["USERNAME", "NAME", "E-MAIL", "SINCE", "SUB"]
                .map(String::from)
                .to_vec(),
        ];
        rows.extend(people.into_iter().map(|person| {
            let text = |claim: Option<String>| claim.unwrap_or_else(|| "-".into());
            vec![
                person.username,
                text(person.claims.name),
                text(person.claims.email),
                output::moment(person.created_at),
                person.id.to_string(),
            ]
        }));
        output::print(&output::table(&rows))
    }
}

impl Passwd {
    async fn run(self) -> Outcome {
        let opened = self.place.open().await?;
        let person = find(&opened, &self.username).await?;
        let password = ask::new_password(self.password_stdin, &person.username)?;
        let hash = hash_password(&password, &opened.policy, &SystemRandom).await?;
        if !opened
            .store
            .set_password(person.id, hash, None, SystemClock.now())
            .await?
        {
            return Err(nobody(&self.username));
        }
        output::print(&format!(
            "{} has a new password and was signed out everywhere\n",
            output::clean(&person.username)
        ))
    }
}

impl Remove {
    async fn run(self) -> Outcome {
        let opened = self.place.open().await?;
        let person = find(&opened, &self.username).await?;
        if !opened.store.remove_user(person.id, SystemClock.now()).await? {
            return Err(nobody(&self.username));
        }
        output::print(&format!(
            "{} is gone, with every session and grant\n",
            output::clean(&person.username)
        ))
    }
}

async fn find(opened: &Opened, username: &str) -> Outcome<Person> {
    let found = opened.store.find_user_by_username(username).await?;
    found.ok_or_else(|| nobody(username))
}

fn nobody(username: &str) -> Failure {
    Failure::refused(format!(
        "nobody is called {username:?}; `user list` shows everybody"
    ))
}

fn username(text: &str) -> Outcome<String> {
    let plain = !text.chars().any(char::is_control) && text.trim() == text;
    if !plain || username_key(text).is_empty() || username_key(text).len() > 255 {
        let text = format!(
            "{text:?} cannot be a username: 1 to 255 bytes, no control characters, no blanks at the ends"
        );
        return Err(Failure::refused(text));
    }
    Ok(text.to_owned())
}

/// A claim that is not a standard one would be dropped in silence; so it is refused.
fn read_claims(file: &Path) -> Outcome<StandardClaims> {
    let text = std::fs::read_to_string(file).map_err(Failure::file(file))?;
    let refused = |why: String| Failure::refused(format!("{}: {why}", file.display()));
    let written: serde_json::Map<String, serde_json::Value> =
        serde_json::from_str(&text).map_err(|error| refused(error.to_string()))?;
    let claims: StandardClaims = serde_json::from_str(&text).map_err(|error| refused(error.to_string()))?;
    let read = serde_json::to_value(&claims).unwrap_or_default();
    match written
        .iter()
        .find(|(name, value)| !value.is_null() && read.get(name.as_str()).is_none())
    {
        Some((name, _)) => Err(refused(format!(
            "{name:?} is no standard claim (OpenID Connect Core §5.1)"
        ))),
        None => Ok(claims),
    }
}
