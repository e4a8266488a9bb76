//! What must stand in a target's gaps, so that a certain local-part comes out.

use crate::engine::rule::Piece;

/// Most ways to fill one target.
const MAX_WAYS: usize = 32;

/// What stands in the gaps of a target.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub(super) struct Filling {
    /// The detail.
    pub detail: Option<String>,
    /// The groups, by their number.
    pub groups: Vec<Option<String>>,
}

/// Returns the fillings with which the pieces of a target give a local-part in internal form. Letter case
/// does not count in its fixed parts.
pub(super) fn fillings(pieces: &[Piece], local: &str) -> Vec<Filling> {
    let mut found = Vec::new();
    fill(pieces, local, &Filling::default(), &mut found);
    found
}

fn fill(pieces: &[Piece], local: &str, so_far: &Filling, found: &mut Vec<Filling>) {
    if found.len() >= MAX_WAYS {
        return;
    }
    let Some((first, rest)) = pieces.split_first() else {
        if local.is_empty() {
            found.push(so_far.clone());
        }
        return;
    };
    if let Piece::Text(text) = first {
        let behind = local
            .get(..text.len())
            .filter(|head| head.eq_ignore_ascii_case(text))
            .and_then(|_| local.get(text.len()..));
        if let Some(behind) = behind {
            fill(rest, behind, so_far, found);
        }
        return;
    }
    // The last gap takes everything; each other one as much as leaves something for the others.
    let ends = local.char_indices().map(|(at, c)| at + c.len_utf8());
    let ends: Vec<_> = match rest.is_empty() {
        true => vec![local.len()],
        false => ends.collect(),
    };
    for end in ends {
        let (Some(value), Some(behind)) = (local.get(..end), local.get(end..)) else {
            continue;
        };
        let mut filling = so_far.clone();
        let place = match first {
            Piece::Capture(number) => {
                if filling.groups.len() <= *number {
                    filling.groups.resize(number + 1, None);
                }
                filling.groups.get_mut(*number)
            }
            _ => Some(&mut filling.detail),
        };
        match place {
            Some(Some(known)) if known != value => continue,
            Some(place) => *place = Some(value.to_owned()),
            None => continue,
        }
        fill(rest, behind, &filling, found);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn groups(pieces: &[Piece], local: &str) -> Vec<Vec<Option<String>>> {
        let all = fillings(pieces, local).into_iter();
        all.map(|filling| filling.groups).collect()
    }

    #[test]
    fn what_a_group_must_be() {
        let some = |text: &str| Some(text.to_owned());
        let (one, two) = (Piece::Capture(1), Piece::Capture(2));
        let dot = Piece::Text(".".into());
        let turned = [two.clone(), dot, one.clone()];
        assert_eq!(
            groups(&turned, "jane.doe"),
            [[None, some("doe"), some("jane")]]
        );
        assert_eq!(groups(&turned, "a.b.c").len(), 2);
        assert_eq!(groups(&turned, "jane"), Vec::<Vec<_>>::new());
        assert_eq!(
            groups(&[one.clone(), one.clone()], "xyxy"),
            [[None, some("xy")]]
        );
        assert!(groups(&[one, two], &"x".repeat(100)).len() <= MAX_WAYS);
    }

    #[test]
    fn what_a_detail_must_be() {
        let pieces = [Piece::Text("Box+".into()), Piece::Detail];
        let found = fillings(&pieces, "box+eu");
        assert_eq!(found.len(), 1);
        assert_eq!(found[0].detail.as_deref(), Some("eu"));
        assert!(fillings(&pieces, "bob+eu").is_empty());
    }
}
