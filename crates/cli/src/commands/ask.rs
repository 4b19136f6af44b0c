//! Passwords and secrets from people: a prompt that shows nothing, or standard input. Never an argument, which every
//! process on the machine could read, and which shells remember. Whether one is good enough is not decided here.

use crate::failure::{Failure, Outcome};
use std::io::{BufRead as _, IsTerminal as _, Read as _};
use valetkey_protocol::secret::{ClientSecret, Password};
use zeroize::Zeroizing;

/// More than any policy takes.
const MOST_BYTES: u64 = 64 * 1024;

/// A new password.
pub(super) fn new_password(from_stdin: bool, username: &str) -> Outcome<Password> {
    if from_stdin {
        from_standard_input()
    } else {
        from_prompt(username)
    }
}

/// A consumer secret that somebody has already.
pub(super) fn secret_from_standard_input() -> Outcome<ClientSecret> {
    first_line().map(|line| ClientSecret::new(line.as_str()))
}

fn from_standard_input() -> Outcome<Password> {
    first_line().map(|line| Password::new(line.as_str()))
}

fn first_line() -> Outcome<Zeroizing<String>> {
    let mut line = Zeroizing::new(String::new());
    let mut input = std::io::stdin().lock().take(MOST_BYTES);
    input
        .read_line(&mut line)
        .map_err(Failure::system("standard input"))?;
    for end in ['\n', '\r'] {
        if line.ends_with(end) {
            line.pop();
        }
    }
    Ok(line)
}

fn from_prompt(username: &str) -> Outcome<Password> {
    if !std::io::stdin().is_terminal() {
        return Err(Failure::refused(
            "there is no terminal to ask at; give the password with --password-stdin",
        ));
    }
    let asked = |prompt: String| {
        rpassword::prompt_password(prompt)
            .map(Password::new)
            .map_err(Failure::system("the terminal"))
    };
    let first = asked(format!("New password for {}: ", crate::output::clean(username)))?;
    if first != asked(String::from("The same again: "))? {
        return Err(Failure::refused("the two were not the same; nothing was changed"));
    }
    Ok(first)
}
