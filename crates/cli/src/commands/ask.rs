//! Passwords from people: a prompt that shows nothing, or standard input. Never an argument, which every process on the
//! machine could read, and which shells remember.

use crate::failure::{Failure, Outcome};
use std::io::{BufRead as _, IsTerminal as _, Read as _};
use valetkey_protocol::secret::Password;
use valetkey_rules::policy::Policy;
use zeroize::Zeroizing;

/// A new password that the policy takes.
pub(super) fn new_password(from_stdin: bool, username: &str, policy: &Policy) -> Outcome<Password> {
    let password = if from_stdin { from_standard_input(policy)? } else { from_prompt(username)? };
    check(&password, policy)?;
    Ok(password)
}

/// RFC 9700 leaves passwords alone; NIST SP 800-63B §3.1.1.2 asks for length, and for nothing else.
fn check(password: &Password, policy: &Policy) -> Outcome {
    let characters = password.expose().chars().count();
    if characters < policy.password_min_characters {
        let text = format!("the password has {characters} characters; it takes at least {}", policy.password_min_characters);
        return Err(Failure::refused(text));
    }
    if password.expose().len() > policy.password_max_bytes {
        let text = format!("the password is longer than {} bytes", policy.password_max_bytes);
        return Err(Failure::refused(text));
    }
    Ok(())
}

/// The first line. A little more than the longest password is read, so that one too long is seen to be.
fn from_standard_input(policy: &Policy) -> Outcome<Password> {
    let mut line = Zeroizing::new(String::new());
    let most = u64::try_from(policy.password_max_bytes).unwrap_or(u64::MAX).saturating_add(3);
    std::io::stdin().lock().take(most).read_line(&mut line).map_err(Failure::system("standard input"))?;
    let text = line.strip_suffix('\n').unwrap_or(&line);
    Ok(Password::new(text.strip_suffix('\r').unwrap_or(text)))
}

fn from_prompt(username: &str) -> Outcome<Password> {
    if !std::io::stdin().is_terminal() {
        return Err(Failure::refused("there is no terminal to ask at; give the password with --password-stdin"));
    }
    let asked = |prompt: String| {
        rpassword::prompt_password(prompt).map(Password::new).map_err(Failure::system("the terminal"))
    };
    let first = asked(format!("New password for {}: ", crate::output::clean(username)))?;
    if first != asked(String::from("The same again: "))? {
        return Err(Failure::refused("the two were not the same; nothing was changed"));
    }
    Ok(first)
}
