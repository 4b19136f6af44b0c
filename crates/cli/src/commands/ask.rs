//! Passwords from people: a prompt that shows nothing, or standard input. Never an argument, which every process on the
//! machine could read, and which shells remember. Whether a password is good enough is not decided here.

use crate::failure::{Failure, Outcome};
use std::io::{BufRead as _, IsTerminal as _, Read as _};
use valetkey_protocol::secret::Password;
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

/// The first line.
fn from_standard_input() -> Outcome<Password> {
    let mut line = Zeroizing::new(String::new());
    let mut input = std::io::stdin().lock().take(MOST_BYTES);
    input
        .read_line(&mut line)
        .map_err(Failure::system("standard input"))?;
    let text = line.strip_suffix('\n').unwrap_or(&line);
    Ok(Password::new(text.strip_suffix('\r').unwrap_or(text)))
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
