//! The reference page and the example file, both written from the table of keys.

use super::SECTIONS;
use super::section::{Key, Preset, Section};
use crate::output::wrapped;

/// `docs/reference/config.md`.
#[cfg(test)]
pub(crate) fn page() -> String {
    let mut out = String::from(
        "# The configuration file\n\n\
         `valetkey serve --config valetkey.toml` reads it; `user`, `client` and `key` take the same `--config`.\n\
         Unknown sections and keys are refused with the nearest known name. Relative paths count from the file's folder.\n\
         A complete example is [valetkey.toml](../guide/valetkey.toml); [deploy.md](../guide/deploy.md) says how to run it.\n\n\
         This page is written from the table of keys in `crates/cli/src/config`; a test keeps it fresh.\n",
    );
    for section in SECTIONS {
        out.push_str(&format!("\n## {}\n\n{}\n\n", section.heading(), section.about));
        out.push_str("| key | value | default | meaning |\n|---|---|---|---|\n");
        for key in section.keys {
            let default = match key.preset {
                Preset::Required(_) => String::from("required"),
                Preset::Is(value) => format!("`{value}`"),
                Preset::Unset(_) => String::from("none"),
            };
            out.push_str(&format!(
                "| `{}` | {} | {default} | {} |\n",
                key.name, key.kind, key.meaning
            ));
        }
    }
    out.push_str(
        "\n## Environment\n\n\
         | variable | meaning |\n|---|---|\n\
         | `VALETKEY_MASTER_KEY` | the master key, 32 bytes in base64; goes before `[keys] master_key_file` |\n\
         | `VALETKEY_STORE_URL` | the URL of a PostgreSQL database; goes before `[store] url` and `url_file` |\n\
         | `VALETKEY_LOG` | a filter that goes before `[log] level`, as `warn,valetkey_server=debug` |\n",
    );
    out
}

/// `docs/guide/valetkey.toml`: required keys stand as examples, everything else as a comment.
pub(crate) fn example() -> String {
    let mut out = String::from(
        "## Valetkey's configuration: every key there is. What is commented out shows the default, or an example\n\
         ## where there is none. Reference: docs/reference/config.md\n",
    );
    for section in SECTIONS {
        let mark = if section.repeated { "# " } else { "" };
        out.push_str(&format!("\n## {}\n{mark}{}\n", section.about, section.heading()));
        for key in section.keys {
            example_key(&mut out, section, key);
        }
    }
    out
}

fn example_key(out: &mut String, section: &Section, key: &Key) {
    out.push('\n');
    for line in wrapped(&format!("{} ({})", key.meaning.replace('`', ""), key.kind), 100) {
        out.push_str(&format!("## {line}\n"));
    }
    let (value, set) = match key.preset {
        Preset::Required(value) => (value, !section.repeated),
        Preset::Is(value) | Preset::Unset(value) => (value, false),
    };
    let mark = if set { "" } else { "# " };
    out.push_str(&format!("{mark}{} = {value}\n", key.name));
}
