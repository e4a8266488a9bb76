//! The sample file: every key with its meaning, values, default and an example, commented out.

use super::keys::{SECTIONS, keys};

const HEAD: &str = "\
# readdress.toml: the configuration of readdress, see readdress.toml(5).
#
# Every key is optional. A line such as `#mode = \"rewrite\"` shows the default: to change the key,
# delete the `#` and write another value. Relative paths are relative to this file. The daemon reads
# this file when it is saved. `readdress config` shows the settings in force.
";

/// Returns the sample file.
pub fn sample() -> String {
    let mut text = HEAD.to_owned();
    for (section, about) in SECTIONS {
        if !section.is_empty() {
            text += &format!("\n# {about}\n[{section}]\n");
        }
        for key in keys().filter(|key| key.section == *section) {
            text.push('\n');
            for line in key.meaning() {
                text += format!("# {line}").trim_end();
                text.push('\n');
            }
            let default = key.default();
            text += &format!("#\n# Values: {}.\n", key.values());
            if key.example != default {
                text += &format!("# Example: {} = {}\n", key.name, key.example);
            }
            text += &format!("# {}\n#{} = {default}\n", key.effect.sentence(), key.name);
        }
    }
    text
}
