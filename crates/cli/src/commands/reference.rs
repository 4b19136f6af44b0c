//! `docs/reference/cli.md`, written from the commands themselves.

use super::Cli;
use clap::{Command, CommandFactory as _};

/// The page.
pub(crate) fn page() -> String {
    let mut out = String::from(
        "# The command line\n\n\
         This is what `--help` says, command by command. A test keeps it fresh.\n\n\
         Admin commands work while the server runs; it notices within a second. Passwords are asked for at a prompt that \
         shows nothing, or read with `--password-stdin`; none is ever an argument. A client secret is shown once, by the \
         command that makes it.\n",
    );
    let mut root = Cli::command();
    root.build();
    describe(&mut out, &mut root, "valetkey");
    out
}

fn describe(out: &mut String, command: &mut Command, name: &str) {
    let help = command.clone().render_long_help().to_string();
    out.push_str(&format!("\n## {name}\n\n```text\n"));
    for line in help.trim_end().lines() {
        out.push_str(line.trim_end());
        out.push('\n');
    }
    out.push_str("```\n");
    for sub in command
        .get_subcommands_mut()
        .filter(|sub| sub.get_name() != "help")
    {
        let name = format!("{name} {}", sub.get_name());
        describe(out, sub, &name);
    }
}
