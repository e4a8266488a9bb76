//! Which fields a DKIM signature covers (RFC 6376 section 3.5, tag `h=`).
//!
//! The signature is not verified: a change does no harm to a signature that is not valid.

/// Returns true if a `DKIM-Signature` covers the fields of this name.
pub(super) fn covers(signature: &[u8], name: &str) -> bool {
    let tags = signature.split(|b| *b == b';');
    let names = tags.filter_map(|tag| {
        let mut parts = tag.splitn(2, |b| *b == b'=');
        let is_h = parts.next()?.trim_ascii() == b"h";
        is_h.then(|| parts.next())?
    });
    names
        .flat_map(|list| list.split(|b| *b == b':'))
        .any(|one| unfolded(one).eq_ignore_ascii_case(name.as_bytes()))
}

/// Returns a name without white space around it or inside of it, where a line may be folded.
fn unfolded(name: &[u8]) -> Vec<u8> {
    let kept = name.iter().filter(|b| !b.is_ascii_whitespace());
    kept.copied().collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_list_of_names_is_found_however_it_is_folded() {
        let signature = b" v=1; a=rsa-sha256; d=a.example; s=h;\r\n\th = From : Date:\r\n\t TO:cc ;\r\n bh=to; b=h=bcc";
        for (name, covered) in [
            ("to", true),
            ("Cc", true),
            ("From", true),
            ("Bcc", false),
            ("Subject", false),
            ("X-Original-To", false),
        ] {
            assert_eq!(covers(signature, name), covered, "{name}");
        }
        assert!(!covers(b"", "to"));
        assert!(!covers(b"h", "to"));
        assert!(!covers(b"\xff=;h\xff=to", "to"));
    }
}
