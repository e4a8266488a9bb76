//! Which MTA is asked, and whether it trusts the address from which doctor connects.

use std::net::{IpAddr, Ipv4Addr};

/// How far the MTA trusts the address from which doctor connects.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Trust {
    /// The MTA treats doctor as a stranger, as far as the configuration says.
    Stranger,
    /// `mynetworks` holds every address, so that strangers may relay.
    Everybody,
    /// The MTA lets doctor relay, for this reason.
    Trusted(String),
    /// It is not known.
    Unknown,
}

/// The MTA that is asked, and the address from which doctor connects.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct ProbeTarget {
    /// Name or address.
    pub host: String,
    /// Port.
    pub port: u16,
    /// The loopback address from which to connect, if the MTA treats one as a stranger.
    pub source: Option<Ipv4Addr>,
    /// How far the MTA trusts doctor.
    pub trust: Trust,
}

impl ProbeTarget {
    /// Works out whether the MTA at an address trusts doctor: by `mynetworks` of Postfix, or because Sendmail
    /// trusts only 127.0.0.1.
    pub fn new(host: &str, port: u16, networks: Option<&str>, sendmail: bool) -> Self {
        let (first, second) = (Ipv4Addr::LOCALHOST, Ipv4Addr::new(127, 0, 0, 2));
        let near = host == "localhost" || host.starts_with("127.");
        let stranger = |address: &Ipv4Addr| {
            networks.and_then(|networks| trusts(networks, IpAddr::V4(*address))) == Some(false)
        };
        // An address for documentation, which nobody has (RFC 5737).
        let nobody = IpAddr::V4(Ipv4Addr::new(203, 0, 113, 9));
        let everybody = networks.and_then(|networks| trusts(networks, nobody)) == Some(true);
        let known = host.parse().ok();
        let listed = known.and_then(|address| trusts(networks?, address)) == Some(true);
        let (source, trust) = match (near, networks) {
            _ if everybody => (None, Trust::Everybody),
            (true, Some(_)) => match [first, second].into_iter().find(stranger) {
                Some(source) => (Some(source), Trust::Stranger),
                None => (None, Trust::Trusted(format!("`mynetworks` holds {first}"))),
            },
            (true, None) if sendmail => (Some(second), Trust::Stranger),
            (false, _) if listed => (None, Trust::Trusted(format!("`mynetworks` holds {host}"))),
            _ => (None, Trust::Unknown),
        };
        Self {
            host: host.to_owned(),
            port,
            source,
            trust,
        }
    }
}

/// Returns whether a list of networks (`mynetworks`) holds an address; none if that depends on a table or
/// a file.
pub fn trusts(networks: &str, address: IpAddr) -> Option<bool> {
    let mut unknown = false;
    for word in crate::doctor::lists::words(networks) {
        let (word, holds) = match word.strip_prefix('!') {
            Some(word) => (word, false),
            None => (word, true),
        };
        match network(word) {
            Some((network, bits)) if within(address, network, bits) => return Some(holds),
            Some(_) => {}
            None => unknown = true,
        }
    }
    (!unknown).then_some(false)
}

/// Reads `127.0.0.0/8`, `[::1]/128` or `192.0.2.1`.
fn network(word: &str) -> Option<(IpAddr, u32)> {
    let (address, bits) = match word.rsplit_once('/') {
        Some((address, bits)) => (address, Some(bits.parse().ok()?)),
        None => (word, None),
    };
    let address: IpAddr = address.trim_matches(['[', ']']).parse().ok()?;
    let all = if address.is_ipv4() { 32 } else { 128 };
    Some((address, bits.unwrap_or(all)))
}

fn within(address: IpAddr, network: IpAddr, bits: u32) -> bool {
    let masked =
        |value: u128, width: u32| value.checked_shr(width.saturating_sub(bits)).unwrap_or(0);
    match (address, network) {
        (IpAddr::V4(one), IpAddr::V4(other)) => {
            masked(u32::from(one).into(), 32) == masked(u32::from(other).into(), 32)
        }
        (IpAddr::V6(one), IpAddr::V6(other)) => {
            masked(one.into(), 128) == masked(other.into(), 128)
        }
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn networks_hold_addresses() {
        let list = "127.0.0.0/8 [::1]/128, 192.0.2.7";
        for (address, wanted) in [
            ("127.0.0.2", Some(true)),
            ("::1", Some(true)),
            ("::2", Some(false)),
            ("192.0.2.7", Some(true)),
            ("192.0.2.8", Some(false)),
        ] {
            assert_eq!(trusts(list, address.parse().unwrap()), wanted, "{address}");
        }
        let local = "127.0.0.1".parse().unwrap();
        assert_eq!(trusts("!127.0.0.1, 127.0.0.0/8", local), Some(false));
        assert_eq!(trusts("hash:/etc/postfix/networks", local), None);
        assert_eq!(trusts("0.0.0.0/0", local), Some(true));
        assert_eq!(trusts("", local), Some(false));
    }
}
