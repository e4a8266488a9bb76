//! The sockets in packaging/systemd are those of the daemon's own list.

use std::{env, fmt::Write as _, fs};

use readdress::daemon::listeners::ListenerKind;

/// The file from which packaging/units writes the socket units.
const FILE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/packaging/systemd/sockets");

/// The columns, as the head of the file explains them.
const HEAD: &str = "\
# Written from src/daemon/listeners.rs: UPDATE_GOLDEN=1 cargo test --test life units
# unit | FileDescriptorName= | socket | MTA whose group connects | description
";

#[test]
fn the_socket_units_are_those_of_the_list_of_listeners() {
    let mut wanted = HEAD.to_owned();
    for kind in ListenerKind::ALL {
        for unit in kind.traits().units {
            let columns = [
                unit.name,
                kind.name(),
                unit.path,
                unit.mta.unwrap_or("-"),
                unit.description,
            ];
            writeln!(wanted, "{}", columns.join(" | ")).unwrap();
        }
    }
    if env::var_os("UPDATE_GOLDEN").is_some() {
        fs::write(FILE, &wanted).unwrap();
    }
    assert_eq!(fs::read_to_string(FILE).unwrap(), wanted);
}
