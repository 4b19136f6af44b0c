//! Asking for a password: from the terminal without showing it, or from stdin. Never from an argument, where every
//! user of the machine could read it.

use crate::{Failure, Outcome, output};
use std::io::{BufRead, IsTerminal, Write};
use std::process::{Command, Stdio};
use valetkey_protocol::secret::Password;
use zeroize::Zeroizing;

/// The new password: one line of stdin, or typed twice.
pub(crate) fn ask(from_stdin: bool) -> Outcome<Password> {
    if from_stdin {
        return read_line();
    }
    if !std::io::stdin().is_terminal() {
        return Err(Failure::new("there is no terminal to ask on: pipe the password in with --password-stdin"));
    }
    let _hidden = Hidden::new()?;
    let first = prompt("New password: ")?;
    let again = prompt("Once more: ")?;
    if first != again {
        return Err(Failure::new("the two are not the same"));
    }
    Ok(first)
}

fn prompt(text: &str) -> Outcome<Password> {
    let mut terminal = std::io::stderr().lock();
    write!(terminal, "{text}")?;
    terminal.flush()?;
    let password = read_line();
    output::complain("");
    password
}

fn read_line() -> Outcome<Password> {
    let mut line = Zeroizing::new(String::new());
    std::io::stdin().lock().read_line(&mut line)?;
    let text = line.strip_suffix('\n').unwrap_or(&line);
    let text = text.strip_suffix('\r').unwrap_or(text);
    if text.is_empty() {
        return Err(Failure::new("the password is empty"));
    }
    Ok(Password::new(text))
}

/// The terminal shows nothing that is typed while this lives.
struct Hidden;

impl Hidden {
    fn new() -> Outcome<Self> {
        stty("-echo")?;
        Ok(Self)
    }
}

impl Drop for Hidden {
    fn drop(&mut self) {
        if stty("echo").is_err() {
            output::complain("valetkey: the terminal may not show what you type: run `stty echo`");
        }
    }
}

fn stty(mode: &str) -> Outcome {
    let status = Command::new("stty").arg(mode).stdin(Stdio::inherit()).status();
    match status {
        Ok(status) if status.success() => Ok(()),
        _ => Err(Failure::new(
            "the terminal cannot be told to hide what is typed: pipe the password in with --password-stdin",
        )),
    }
}
